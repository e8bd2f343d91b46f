"""Versions of the lender's own model: which of them gave the scores of a window, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.wording import join_list
from tasks.foreign.score_column import make_score_column


@dataclass(frozen=True)
class VersionRows:
    """One version in a window: how many applications it scored, and on which days first and last."""

    version: str
    rows: int
    first: date
    last: date


def count_versions(contract: Contract, applications: pd.DataFrame) -> list[VersionRows]:
    """The versions that gave scores, the one with the most first; none where no column says which model it was."""
    column = contract.model_version
    if column is None or contract.score is None:
        return []
    is_scored = ~np.isnan(make_score_column(contract).read(applications))
    named = applications[column.name].astype(object)
    days = applications[contract.time.name].to_numpy("datetime64[D]")
    is_known = is_scored & named.notna().to_numpy(bool)
    frame = pd.DataFrame({"version": named[is_known].astype(str).to_numpy(), "day": days[is_known]})
    counted = [
        VersionRows(str(version), len(part), part["day"].min().date(), part["day"].max().date())
        for version, part in frame.groupby("version", sort=True)
    ]
    return sorted(counted, key=lambda held: -held.rows)


def choose_version(counts: Sequence[VersionRows], asked: str | None) -> str | None:
    """The version that is watched: the one asked for, else the one that gave most scores."""
    return asked or (counts[0].version if counts else None)


def report_versions(contract: Contract, counts: Sequence[VersionRows], watched: str | None) -> list[Finding]:
    """Whether several versions gave scores. That is no drift of the applicants, and a note."""
    column, model = contract.model_version, contract.lender_model
    if column is None or model is None or watched is None:
        return []
    own = next((held for held in counts if held.version == watched), None)
    others = [held for held in counts if held.version != watched]
    in_all = sum(held.rows for held in counts)
    if own is None:
        sentence = f"Version {watched} of {model.name} gave no score in the window."
    else:
        sentence = f"Version {watched} of {model.name} gave {own.rows:,} of {in_all:,} scores."
    if others:
        told = [f"version {held.version} gave {held.rows:,} ({_say_days(held)})" for held in others]
        mine = "" if own is None else f" ({_say_days(own)})"
        sentence = (
            f"{sentence[:-1]}{mine}, and {join_list(told)}. Only scores of version {watched} are judged; all "
            "applications count as applicants, so that a change of version is no drift of theirs."
        )
    return [
        Finding(
            Question.QUALITY,
            "model_version",
            Verdict.WARN if others or own is None else Verdict.PASS,
            sentence,
            subject=column.name,
            effect=float(sum(held.rows for held in others)),
            unit="rows",
            columns=(column.name,),
        )
    ]


def _say_days(held: VersionRows) -> str:
    return f"from {held.first} to {held.last}"
