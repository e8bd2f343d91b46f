"""Quality of rows: are there enough, once each, of known customers, decided both ways and without contradiction?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Integers, Keys, Mask
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import QualityPolicy
from tasks.core.windows import Window
from tasks.extract.extract import EXAMPLES, Extract
from tasks.quality.shares import judge_share, name_rows, pass_check

_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd: the hash of a column counts by its place


def check_rows(extract: Extract, policy: QualityPolicy) -> Finding:
    """Whether there are applications enough."""
    rows = len(extract.applications)
    is_enough = rows >= policy.minimum_rows
    sentence = f"{rows:,} applications in the window; at least {policy.minimum_rows} are needed."
    if not is_enough:
        sentence += " Choose a longer window, or find out why the table holds so few of these days."
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
        return pass_check("undated", "Every row of the table has a time that can be read.")
    return Finding(
        Question.QUALITY,
        "undated",
        Verdict.WARN,
        f"{extract.undated:,} rows of the whole table have no time that can be read, and are in no window. Mend their "
        "times in the source.",
        effect=float(extract.undated),
        unit="rows",
    )


def check_times(contract: Contract, applications: pd.DataFrame, window: Window | None) -> Finding:
    """The query is trusted with the window; a row that it should have left out would be judged with the wrong days."""
    times = applications[contract.time.name]
    is_wrong = times.isna()
    if window is not None:
        after = np.datetime64(window.end, "D") + np.timedelta64(1, "D")
        is_wrong |= ~((times >= np.datetime64(window.start, "D")) & (times < after))
    if not is_wrong.any():
        return pass_check("time", "Every application lies in the window.")
    return Finding(
        Question.QUALITY,
        "time",
        Verdict.FAIL,
        f"{is_wrong.sum():,} applications have no readable time, or one outside the window. Mend the query "
        f"{contract.query}: it has to leave such rows out, and count those without a time in `undated_query`.",
        subject=contract.time.name,
        effect=float(is_wrong.mean()),
        unit="share of applications",
        columns=(contract.time.name,),
        rows=name_rows(contract, applications, is_wrong.to_numpy()),
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
            f"{is_double.sum():,} applications have no {contract.id.name}, or that of another one. Each may occur "
            f"once: mend the source, or let the query {contract.query} keep one row of each.",
            subject=contract.id.name,
            unit="share of applications",
            columns=(contract.id.name,),
            rows=name_rows(contract, applications, is_double),
        ),
        float(is_double.mean()),
        policy.maximum_duplicate_share,
    )


def check_repeats(contract: Contract, extract: Extract, policy: QualityPolicy) -> Finding:
    """Exact repeats, which the query has collapsed, and copies of an application under another id."""
    others = [column.name for column in contract.columns if column is not contract.id]
    is_copy = find_copies(extract.applications, others)
    repeated = extract.repeats + int(is_copy.sum())
    if not repeated:
        return pass_check("duplicates", "No application is repeated.")
    seen = [
        f"{extract.repeats:,} rows repeat another one exactly and count once" if extract.repeats else "",
        f"{is_copy.sum():,} applications differ from another one in {contract.id.name} only" if is_copy.any() else "",
    ]
    return judge_share(
        Finding(
            Question.QUALITY,
            "duplicates",
            Verdict.WARN,
            f"{'; '.join(filter(None, seen))}. Find out whether the table was loaded twice.",
            unit="share of rows",
            rows=name_rows(contract, extract.applications, is_copy),
        ),
        repeated / (len(extract.applications) + extract.repeats),
        policy.maximum_duplicate_share,
    )


def check_versions(extract: Extract) -> Finding:
    """Old versions are how some lenders keep their books: told, never a fault."""
    return Finding(
        Question.QUALITY,
        "versions",
        Verdict.PASS,
        f"{extract.older_versions:,} older versions of the window's applications were left out; the latest counts.",
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
            f"{len(extract.ambiguous):,} applications are of customers with conflicting records, which count as "
            "missing. Keep one record of each customer in the source.",
            unit="share of applications",
            rows=extract.ambiguous[:EXAMPLES],
        ),
        len(extract.ambiguous) / len(extract.applications),
        policy.maximum_ambiguous_share,
    )


def check_labels(contract: Contract, labels: Floats, policy: QualityPolicy) -> Finding:
    """One decision only is no window to judge by; no decision yet is one, whose label questions stay open."""
    target = contract.target
    given, refused = int((labels == 1).sum()), int((labels == 0).sum())
    known = given + refused
    is_one = known > 0 and not (given and refused)
    sentence = f"{known:,} of {len(labels):,} applications have a decision, {given:,} of them {target.positive!r}."
    if is_one:
        sentence += f" One decision only can teach nothing: look at {target.name} and its words in the contract."
    verdict = Verdict.PASS if not is_one else Verdict.FAIL if known >= policy.minimum_rows else Verdict.WARN
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
    """Applications that agree in every feature and yet were decided differently.

    One of which most features are missing is like many others by chance, and is not asked.
    """
    features = [column.name for column in contract.features]
    present = np.zeros(len(labels))
    for name in features:
        present += applications[name].notna().to_numpy()
    judged = np.flatnonzero(~np.isnan(labels) & (present > 0.5 * len(features)))
    group, _ = pd.factorize(hash_frame_rows(applications, features, judged))
    rows, given = np.bincount(group), np.bincount(group, weights=labels[judged])
    is_conflict = np.zeros(len(labels), dtype=bool)
    is_conflict[judged] = ((given > 0) & (given < rows))[group]
    share = float(is_conflict.mean())
    is_many = share > policy.maximum_conflict_share
    return Finding(
        Question.QUALITY,
        "conflicting_labels",
        Verdict.WARN if is_many else Verdict.PASS,
        f"{is_conflict.sum():,} applications agree in every feature with one that was decided differently."
        + (" Find out what the decisions rest on that the contract does not name." if is_many else ""),
        effect=share,
        unit="share of applications",
        limit=policy.maximum_conflict_share,
        columns=(contract.target.name,),
        rows=name_rows(contract, applications, is_conflict),
    )


def find_copies(rows: pd.DataFrame, names: list[str]) -> Mask:
    """Which rows equal an earlier one in the columns of that name.

    Only rows that share a hash are compared whole, and texts are hashed only where all else agrees: copies are few.
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
    """A hash of the columns of that name in the rows at those places; no value is a value.

    Column by column, so that the frame is not copied.
    """
    hashes = np.zeros(len(places), dtype=np.uint64)
    for name in names:
        column = rows[name].iloc[places]
        # A negative zero is a zero.
        values = column + 0.0 if column.dtype == np.float64 else column
        hashes = hashes * _FACTOR + pd.util.hash_pandas_object(values, index=False, categorize=False).to_numpy()
    return hashes
