"""Summary: one run as one JSON record, `summary.json` (schema loanwatch.summary/3, in docs/summary.schema.json)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from tasks.bank.numbers import BankNumbers, measure_bank_numbers
from tasks.bank.score_bands import find_own_lines
from tasks.core.causes import group_causes
from tasks.core.changed_limits import list_changed_limits
from tasks.core.findings import Finding, Outcome, Question, summarise
from tasks.core.self_check import SelfCheck
from tasks.core.versions import read_versions
from tasks.drift.comparison import Comparison
from tasks.extract.extract import Extract
from tasks.extract.labels import read_labels
from tasks.job.job import Job, measure_start_up
from tasks.job.journal import describe_error, log
from tasks.job.run_result import RunResult
from tasks.job.stages import order_stages
from tasks.models.cut_off import CutOff, find_cut_off
from tasks.promotion.challenge import Contest
from tasks.promotion.deploy_report import DEPLOY_REPORT
from tasks.quality.counts import QualityCounts
from tasks.registry.versions import Champion
from tasks.reports.repeat_command import format_command

SCHEMA = "loanwatch.summary/3"


@dataclass
class Run:
    """What a run has found so far; the flow fills it in as it goes down the diagram.

    `champion` is the one that the window is monitored against, `successor` the one that this run has put in its place.
    `counts` are those of a window that was read in parts.
    """

    job: Job
    extract: Extract
    findings: list[Finding] = field(default_factory=list)
    champion: Champion | None = None
    trained_here: bool = False
    comparison: Comparison | None = None
    contest: Contest | None = None
    successor: Champion | None = None
    left_out: str = ""
    counts: QualityCounts | None = None
    outcome: Outcome = Outcome.UNDECIDED
    reason: str = ""

    @property
    def is_replay(self) -> bool:
        """Whether nothing may be promoted by this run, so that it answers no change."""
        return self.champion is not None and self.champion.is_replay

    @property
    def in_production(self) -> Champion | None:
        """The champion at the run's end, as far as this run knows it."""
        return self.successor or self.champion

    @property
    def champion_after(self) -> int | None:
        """Its version."""
        return self.in_production.model.version if self.in_production else None

    @property
    def self_checks(self) -> list[SelfCheck]:
        """The self-check of the champion and of its successor, as far as they have been made."""
        checks = [champion.self_check for champion in (self.champion, self.successor) if champion is not None]
        return [check for check in checks if check is not None]

    @cached_property
    def cut_off(self) -> CutOff | None:
        """That of the monitored model."""
        if self.champion is None:
            return None
        return find_cut_off(self.job.contract, self.job.policy.cut_off, self.champion.bundle)

    @cached_property
    def bank(self) -> BankNumbers | None:
        """The window in the bank's terms, for information; None where it was not compared.

        They are None, too, where they cannot be computed: no verdict depends on them, and none must be lost by them.
        """
        if self.comparison is None or self.champion is None or self.cut_off is None:
            return None
        try:
            lines = find_own_lines(self.job.contract, self.champion.bundle.scorer)
            return measure_bank_numbers(self.job.contract, self.comparison, self.cut_off.threshold, lines)
        except Exception as error:
            log.warning("The numbers in the bank's terms are not in the report: %s", describe_error(error))
            return None

    def as_result(self) -> RunResult:
        """The run's end in plain values."""
        model = self.champion.model if self.champion else None
        comparison = self.contest.comparison if self.contest else None
        return RunResult(
            job_id=self.job.job_id,
            contract=self.job.contract.name,
            window=self.job.window,
            results=self.job.results,
            outcome=self.outcome,
            reason=self.reason,
            findings=tuple(self.findings),
            positive=self.job.contract.positive_words,
            champion=model.version if model else None,
            champion_kind=model.title if model else "",
            is_first_champion=self.trained_here,
            champion_after=self.champion_after,
            champion_auc=comparison.champion.auc if comparison else None,
            challenger_auc=comparison.challenger.auc if comparison else None,
            changed_limits=tuple(list_changed_limits(self.job.policy.model_dump(mode="json"))),
        )


def summarise_run(run: Run, timings: list[dict[str, Any]], finished_at: datetime) -> dict[str, Any]:
    """The record of a run. `timings` are the journal's stages; stages of the diagram that did not run are added."""
    job = run.job
    return {
        "schema": SCHEMA,
        "job_id": job.job_id,
        "job_type": job.job_type,
        "contract": _describe_contract(job),
        "outcome": str(run.outcome),
        "reason": run.reason,
        "window": _describe_window(run),
        "reference": _describe_reference(run.champion),
        "verdicts": {str(question): str(summarise(run.findings, question)) for question in Question},
        "findings": [finding.as_record() for finding in run.findings],
        "causes": [cause.as_record() for cause in group_causes(run.findings)],
        "champion": _describe_champion(run),
        "cut_off": run.cut_off.as_record() if run.cut_off else None,
        "champion_after": run.champion_after,
        "comparison": run.contest.record if run.contest else None,
        "bank": run.bank.as_record() if run.bank else None,
        "self_checks": [check.model_dump(mode="json") for check in run.self_checks],
        "stages": order_stages(timings),
        "start_up_seconds": measure_start_up(),
        "seconds": (finished_at - job.started_at).total_seconds(),
        "started_at": job.started_at.isoformat(),
        "finished_at": finished_at.isoformat(),
        "results": str(job.results),
        "command": format_command(job, run.champion.model.reference if run.champion and run.trained_here else None),
        "policy": job.policy.model_dump(mode="json"),
        "versions": read_versions(),
        "hashes": _hash_inputs(run),
        "pages": {},
    }


def _describe_contract(job: Job) -> dict[str, Any]:
    contract = job.contract
    return {
        "name": contract.name,
        "description": contract.description,
        "target": contract.target.name,
        "positive": contract.target.positive,
    }


def _describe_window(run: Run) -> dict[str, Any]:
    observed = run.comparison.observed if run.comparison else None
    return {
        "start": run.job.window.start.isoformat(),
        "end": run.job.window.end.isoformat(),
        "applications": len(run.extract),
        "labelled": int(np.isfinite(read_labels(run.job.contract, run.extract.every_row)).sum()),
        "scored": None if observed is None else int(np.isfinite(observed.scores).sum()),
        "given": None if observed is None or observed.refused is None else int((~observed.refused).sum()),
    }


def _describe_reference(champion: Champion | None) -> dict[str, Any] | None:
    if champion is None:
        return None
    model = champion.model
    return {
        "start": model.compared_with[0].start.isoformat(),
        "end": model.compared_with[-1].end.isoformat(),
        "windows": [[days.start.isoformat(), days.end.isoformat()] for days in model.compared_with],
        "applications": model.reference_applications,
        "labelled": model.reference_rows,
    }


def _describe_champion(run: Run) -> dict[str, Any] | None:
    if run.champion is None:
        return None
    model = run.champion.model
    return {
        "version": model.version,
        "kind": model.kind,
        "trained_by_this_run": run.trained_here,
        "is_replay": run.champion.is_replay,
        "artifact": model.artifact,
        "sha256": model.sha256,
        "external": model.external,
        "metrics": model.metrics,
    }


def _hash_inputs(run: Run) -> dict[str, str | None]:
    report = run.job.results / DEPLOY_REPORT
    return {
        "contract": hashlib.sha256(run.job.contract.file.read_bytes()).hexdigest(),
        "deploy_report": hashlib.sha256(report.read_bytes()).hexdigest() if report.exists() else None,
    }
