"""The command that repeats a run, and its policy file where limits differ from the default."""

from __future__ import annotations

import shlex
from pathlib import Path

import tomli_w

from tasks.contract.contract import SHIPPED
from tasks.core.files import write_text
from tasks.core.policy import MonitorPolicy
from tasks.core.windows import Window
from tasks.job.job import Job

POLICY_FILE = "policy.toml"


def format_command(job: Job, reference: Window | None) -> str:
    """The command line that repeats a run, with every option that is not the default.

    `reference` is given where the run trained the first champion on it. A database URL is a secret: if it came from the
    environment, it is expected there again.
    """
    parts = ["python", "-m", "flows.monitor", "--start", str(job.window.start), "--end", str(job.window.end)]
    if reference is not None:
        parts += ["--reference-start", str(reference.start), "--reference-end", str(reference.end)]
    if job.champion is not None:
        parts += ["--champion", str(job.champion)]
    if job.model_version is not None:
        parts += ["--model-version", job.model_version]
    if not job.may_promote:
        parts.append("--no-promote")
    parts += _list_places(job)
    if job.store != "models":
        parts += ["--models", job.store]
    if job.policy != MonitorPolicy():
        parts += ["--policy", str(job.results / POLICY_FILE)]
    return shlex.join(parts)


def format_pages_command(job: Job) -> str:
    """The command line that draws the deepchecks pages of a run."""
    return shlex.join(["python", "-m", "flows.pages", job.job_id, *_list_places(job)])


def _list_places(job: Job) -> list[str]:
    """The options that say where a run's table and its results are, as far as they are not the default."""
    parts: list[str] = []
    if job.contract.file.parent != SHIPPED:
        parts += ["--contract", str(job.contract.file)]
    if job.database.kind == "block":
        parts += ["--database", job.database.name]
    if job.results.parent != Path("results").absolute():
        parts += ["--results", str(job.results.parent)]
    return parts


def write_policy(job: Job) -> None:
    """Write the limits that differ from the default to the run's folder, for --policy. Raises WriteError."""
    if job.policy != MonitorPolicy():
        write_text(job.results / POLICY_FILE, format_policy(job.policy))


def format_policy(policy: MonitorPolicy) -> str:
    """The limits that differ from the default, as TOML."""
    return tomli_w.dumps(policy.model_dump(mode="json", exclude_defaults=True))
