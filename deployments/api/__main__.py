"""`python -m deployments.api`: serve the model in production."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from cyclopts import App

from blocks.errors import LoanwatchError
from blocks.postgres.connect import adopt_database_option, resolve_database
from deployments.api.app import create_app
from flows.cli.errors import report_error
from tasks.contract.load import load_contract
from tasks.core.policy import load_policy

app = App(name="deployments.api", help="Serve the model in production over HTTP.")


@app.default
def command(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    contract: str = "loan_applications",
    database: str | None = None,
    policy: Path | None = None,
) -> int:
    """Serve the model in production over HTTP. With LOANWATCH_API_KEY, or a file named by LOANWATCH_API_KEY_FILE,
    requests need that key in X-API-Key.

    Parameters
    ----------
    host
        The address to listen on.
    port
        The port to listen on.
    contract
        The lender's contract: the name of a built-in contract, or a TOML file.
    database
        The name of a prefect-sqlalchemy block, or a postgresql:// URL. Default: LOANWATCH_DATABASE_URL, the block
        loans-postgres, or an embedded PostgreSQL under .loanwatch/.
    policy
        A TOML file with the cut-off, where it is not the contract's, such as `[cut_off]` with `approval_rate = 0.4`.
        Default: LOANWATCH_POLICY.
    """
    try:
        place = resolve_database(adopt_database_option(database))
        served = create_app(place, load_contract(contract), policy=load_policy(policy).cut_off if policy else None)
    except LoanwatchError as error:
        return report_error(error)
    uvicorn.run(served, host=host, port=port, log_level="info")
    return 0


if __name__ == "__main__":
    sys.exit(app())
