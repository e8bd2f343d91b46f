"""Set a Prefect server up for loanwatch: blocks, work pool, deployments, automations. May be repeated.

    PREFECT_API_URL=http://127.0.0.1:4200/api python -m deployments.setup

Blocks come from the LOANWATCH_… variables of `blocks.register`; those that are registered already stay.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from cyclopts import App, Parameter
from cyclopts.validators import Number
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from blocks import register
from blocks.environment import read_environment
from blocks.errors import LoanwatchError
from blocks.prefect_server import require_server
from blocks.slack import BLOCK as SLACK_BLOCK
from blocks.slack import WEBHOOK_TYPE
from deployments.automations import (
    crash_hung_runs,
    notify_of_crashed_runs,
    notify_of_late_runs,
    save_automations,
    score_after_promotion,
)

POOL = "loanwatch"
ROOT = Path(__file__).resolve().parent.parent
NOTIFIERS = (WEBHOOK_TYPE, "custom-webhook")

app = App(name="deployments.setup", help="Set a Prefect server up for loanwatch.")


class DeployError(LoanwatchError):
    """`prefect deploy --all` did not succeed."""


@app.default
def command(
    *,
    pool_type: str | None = None,
    silence: Annotated[int, Parameter(validator=Number(gte=60, lte=86_400))] = 180,
    late: Annotated[int, Parameter(validator=Number(gte=60, lte=86_400))] = 600,
) -> int:
    """Register blocks, make the work pool, deploy all, and make the automations.

    Parameters
    ----------
    pool_type
        The work pool's type: process (default, or LOANWATCH_POOL_TYPE), docker or kubernetes. The last two
        need prefect-docker or prefect-kubernetes.
    silence
        Seconds without a heartbeat after which a run counts as crashed. Runs send one every 30 seconds.
    late
        Seconds for which a late run may wait for a worker before an alert is sent.
    """
    missing = require_server()
    if missing:
        return missing
    try:
        code = register_blocks()
        if code:
            return code
        with get_client(sync_client=True) as client:
            print(save_pool(client, pool_type or read_environment().pool_type))
            deploy_all()
            wanted = list_automations(client, timedelta(seconds=silence), timedelta(seconds=late))
            print("\n".join(save_automations(client, [*wanted])))
    except LoanwatchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def register_blocks() -> int:
    """Register the blocks that the environment names; the exit code. Nothing to register is fine here."""
    if not register.has_settings():
        print("blocks: the environment names none; those that are registered stay")
        return 0
    result: Any = register.app([], result_action="return_value")
    return int(result)


def save_pool(client: SyncPrefectClient, pool_type: str) -> str:
    """Create the work pool, or leave the one that is there; says which."""
    try:
        client.create_work_pool(WorkPoolCreate(name=POOL, type=pool_type, description="Runs of loanwatch"))
    except ObjectAlreadyExists:
        client.update_work_pool(POOL, WorkPoolUpdate(description="Runs of loanwatch"))
        found = client.read_work_pool(POOL).type
        if found != pool_type:
            raise DeployError(
                f"The work pool {POOL} is of type {found}. Delete it with `prefect work-pool delete {POOL}`, or set up "
                f"with --pool-type {found}."
            ) from None
        return f"work pool {POOL}: there already ({found})"
    return f"work pool {POOL}: created ({pool_type})"


def deploy_all() -> None:
    """Deploy what prefect.yaml describes, with Prefect's own command. Raises DeployError."""
    done = subprocess.run([sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"], cwd=ROOT, check=False)
    if done.returncode:
        raise DeployError("`prefect --no-prompt deploy --all` failed; what it said stands above.")


def list_automations(client: SyncPrefectClient, silence: timedelta, late: timedelta) -> Any:
    """The automations that this server can have: without a Slack block no alert can be sent."""
    yield crash_hung_runs(silence)
    notifier = find_notifier(client)
    if notifier is None:
        print(f"automation: crashed and late runs are reported once the Slack block {SLACK_BLOCK} is registered")
    else:
        yield notify_of_crashed_runs(notifier)
        yield notify_of_late_runs(notifier, late)
    yield score_after_promotion(client.read_deployment_by_name("score/score").id)


def find_notifier(client: SyncPrefectClient) -> UUID | None:
    """The block that an automation can send with."""
    for block_type in NOTIFIERS:
        try:
            return client.read_block_document_by_name(SLACK_BLOCK, block_type, include_secrets=False).id
        except ObjectNotFound:
            continue
    return None


if __name__ == "__main__":
    sys.exit(app())
