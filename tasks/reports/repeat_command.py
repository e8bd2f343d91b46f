"""The command that repeats a run, and the file of its limits where they are not the default ones."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from tasks.contract.contract import SHIPPED
from tasks.core.files import write_text
from tasks.core.policy import MonitorPolicy
from tasks.core.windows import Window
from tasks.job.job import Job

POLICY_FILE = "policy.toml"


def format_command(job: Job, reference: Window | None) -> str:
    """The command line that repeats a run, with every option that is not the default.

    `reference` is given where the run trained the first champion on it. A database's URL is a secret: one that came
    from the environment is expected there again.
    """
    words = ["python", "-m", "flows.monitor", "--start", str(job.window.start), "--end", str(job.window.end)]
    if reference is not None:
        words += ["--reference-start", str(reference.start), "--reference-end", str(reference.end)]
    if job.champion is not None:
        words += ["--champion", str(job.champion)]
    if not job.may_promote:
        words.append("--no-promote")
    if job.contract.file.parent != SHIPPED:
        words += ["--contract", str(job.contract.file)]
    if job.database.kind == "block":
        words += ["--database", job.database.name]
    if job.results.parent != Path("results").absolute():
        words += ["--results", str(job.results.parent)]
    if job.store != "models":
        words += ["--models", job.store]
    if job.policy != MonitorPolicy():
        words += ["--policy", str(job.results / POLICY_FILE)]
    return shlex.join(words)


def write_policy(job: Job) -> None:
    """Write the limits that are not the default ones to the run's folder, as --policy reads them. Raises WriteError."""
    if job.policy != MonitorPolicy():
        write_text(job.results / POLICY_FILE, format_policy(job.policy))


def format_policy(policy: MonitorPolicy) -> str:
    """The limits that differ from the default, as TOML."""
    changed = policy.model_dump(mode="json", exclude_defaults=True)
    parts = [
        "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in part.items())])
        for name, part in changed.items()
    ]
    return "\n\n".join(parts) + "\n"
