"""Quality of rows: enough of them, no duplicates, known customers, both decisions, and no contradictions?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Integers, Keys, Mask
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import QualityPolicy
from tasks.extract.extract import EXAMPLES, Extract
from tasks.quality.shares import judge_share, name_rows, pass_check

_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd: the hash of a column counts by its place


def check_rows(extract: Extract, policy: QualityPolicy) -> Finding:
    """Whether there are enough applications."""
    rows = len(extract.applications)
    is_enough = rows >= policy.minimum_rows
    sentence = f"{rows:,} applications in the window; at least {policy.minimum_rows} are required."
    if not is_enough:
        sentence += " Choose a longer window, or find out why the table has so few rows for these days."
    return Finding(
        Question.QUALITY,
        "rows",
        Verdict.PASS if is_enough else Verdict.FAIL,
        sentence,
        effect=float(rows),
        unit="rows",
        limit=float(policy.minimum_rows),
    )


def check_undated(extract: Extract) -> Finding:
    """Rows of the whole table without a readable time."""
    if not extract.undated:
        return pass_check("undated", "Every row of the table has a valid time.")
    return Finding(
        Question.QUALITY,
        "undated",
        Verdict.WARN,
        f"{extract.undated:,} rows of the whole table have no valid time and belong to no window. Correct their times "
        "in the source.",
        effect=float(extract.undated),
        unit="rows",
    )


def check_ids(contract: Contract, applications: pd.DataFrame, policy: QualityPolicy) -> Finding:
    """Whether every application has an id of its own."""
    ids = applications[contract.id.name]
    is_double = (ids.duplicated(keep="first") | ids.isna()).to_numpy()
    if not is_double.any():
        return pass_check("unique", f"Every {contract.id.name} occurs once.", (contract.id.name,))
    return judge_share(
        Finding(
            Question.QUALITY,
            "unique",
            Verdict.WARN,
            f"{is_double.sum():,} applications have no {contract.id.name}, or the same one as another application. "
            f"Correct the source, or keep one row for each {contract.id.name} in the query {contract.query}.",
            subject=contract.id.name,
            unit="share of applications",
            columns=(contract.id.name,),
            rows=name_rows(contract, applications, is_double),
        ),
        float(is_double.mean()),
        policy.maximum_duplicate_share,
    )


def check_repeats(contract: Contract, extract: Extract, policy: QualityPolicy) -> Finding:
    """Exact duplicates, which the query has removed, and copies of an application under another id."""
    others = [column.name for column in contract.columns if column is not contract.id]
    is_copy = find_copies(extract.applications, others)
    repeated = extract.repeats + int(is_copy.sum())
    if not repeated:
        return pass_check("duplicates", "No application is duplicated.")
    parts = [
        f"{extract.repeats:,} rows are exact duplicates and count once" if extract.repeats else "",
        f"{is_copy.sum():,} applications differ from another only in {contract.id.name}" if is_copy.any() else "",
    ]
    return judge_share(
        Finding(
            Question.QUALITY,
            "duplicates",
            Verdict.WARN,
            f"{'; '.join(filter(None, parts))}. Check whether the table was loaded twice.",
            unit="share of rows",
            rows=name_rows(contract, extract.applications, is_copy),
        ),
        repeated / (len(extract.applications) + extract.repeats),
        policy.maximum_duplicate_share,
    )


def check_versions(extract: Extract) -> Finding:
    """Older versions are normal for some lenders: reported for information."""
    return Finding(
        Question.QUALITY,
        "versions",
        Verdict.PASS,
        f"{extract.older_versions:,} older versions of the window's applications were excluded; the latest one counts.",
        effect=float(extract.older_versions),
        unit="rows",
    )


def check_ambiguous(extract: Extract, policy: QualityPolicy) -> Finding:
    """Applications of customers with conflicting records."""
    if not extract.ambiguous:
        return pass_check("ambiguous", "No customer has conflicting records.")
    return judge_share(
        Finding(
            Question.QUALITY,
            "ambiguous",
            Verdict.WARN,
            f"{len(extract.ambiguous):,} applications belong to customers with conflicting records, which "
            "count as missing. Keep one record for each customer in the source.",
            unit="share of applications",
            rows=extract.ambiguous[:EXAMPLES],
        ),
        len(extract.ambiguous) / len(extract.applications),
        policy.maximum_ambiguous_share,
    )


def check_labels(contract: Contract, labels: Floats, policy: QualityPolicy) -> Finding:
    """A window of one decision is told: nothing is learnt from it. Whether its rate is unusual, label drift says."""
    target = contract.target
    given, refused = int((labels == 1).sum()), int((labels == 0).sum())
    known = given + refused
    is_one = known > 0 and not (given and refused)
    sentence = f"{known:,} of {len(labels):,} applications have a decision, {given:,} of them {target.positive!r}."
    if is_one:
        sentence += f" A model cannot be trained on one decision only: check {target.name} and its `allowed` values."
    verdict = Verdict.WARN if is_one else Verdict.PASS
    return Finding(
        Question.QUALITY,
        "decisions",
        verdict,
        sentence,
        subject=target.name,
        effect=float(known),
        unit="rows",
        columns=(target.name,),
    )


def check_conflicts(contract: Contract, applications: pd.DataFrame, labels: Floats, policy: QualityPolicy) -> Finding:
    """Applications with equal features and different decisions.

    Applications with most features missing are excluded: many of them are equal by chance.
    """
    features = [column.name for column in contract.features]
    present = np.zeros(len(labels))
    for name in features:
        present += applications[name].notna().to_numpy()
    compared = np.flatnonzero(~np.isnan(labels) & (present > 0.5 * len(features)))
    group, _ = pd.factorize(hash_frame_rows(applications, features, compared))
    rows, given = np.bincount(group), np.bincount(group, weights=labels[compared])
    is_conflict = np.zeros(len(labels), dtype=bool)
    is_conflict[compared] = ((given > 0) & (given < rows))[group]
    share = float(is_conflict.mean())
    is_many = share > policy.maximum_conflict_share
    return Finding(
        Question.QUALITY,
        "conflicting_labels",
        Verdict.WARN if is_many else Verdict.PASS,
        f"{is_conflict.sum():,} applications have the same features as one with a different decision."
        + (" Find out which information the decisions use that the contract does not name." if is_many else ""),
        effect=share,
        unit="share of applications",
        limit=policy.maximum_conflict_share,
        columns=(contract.target.name,),
        rows=name_rows(contract, applications, is_conflict),
    )


def find_copies(rows: pd.DataFrame, names: list[str]) -> Mask:
    """Which rows equal an earlier one in the named columns.

    Only rows with equal hashes are compared in full, and texts are hashed only where everything else agrees.
    """
    texts = [name for name in names if rows[name].dtype == object]
    alike = np.arange(len(rows))
    for group in ([name for name in names if name not in texts], texts):
        hashes = pd.Series(hash_frame_rows(rows, group, alike))
        alike = alike[hashes.duplicated(keep=False)]
    is_copy = np.zeros(len(rows), dtype=bool)
    is_copy[alike] = rows.iloc[alike].duplicated(names)
    return is_copy


def hash_frame_rows(rows: pd.DataFrame, names: list[str], places: Integers) -> Keys:
    """A hash of the named columns in the rows at the given positions; a missing value counts as a value.

    It works column by column, so that the frame is not copied.
    """
    hashes: Keys = np.zeros(len(places), dtype=np.uint64)
    for name in names:
        column = rows[name].iloc[places]
        # A negative zero is a zero.
        values = column + 0.0 if column.dtype == np.float64 else column
        hashes *= _FACTOR
        hashes += pd.util.hash_pandas_object(values, index=False, categorize=False).to_numpy()
    return hashes
