"""Quality of rows: enough of them, no duplicates, known customers, both decisions, and no contradictions?"""

from __future__ import annotations

from tasks.contract.contract import Contract
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import QualityPolicy
from tasks.quality.counts import QualityCounts
from tasks.quality.shares import judge_share, pass_check


def check_rows(counts: QualityCounts, policy: QualityPolicy) -> Finding:
    """Whether there are enough applications."""
    rows = counts.rows
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


def check_undated(counts: QualityCounts) -> Finding:
    """Rows of the whole table without a readable time."""
    undated = counts.reading.undated
    if not undated:
        return pass_check("undated", "Every row of the table has a valid time.")
    return Finding(
        Question.QUALITY,
        "undated",
        Verdict.WARN,
        f"{undated:,} rows of the whole table have no valid time and belong to no window. Correct their times "
        "in the source.",
        effect=float(undated),
        unit="rows",
    )


def check_ids(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> Finding:
    """Whether every application has an id of its own."""
    doubles = counts.shown.doubles
    if not doubles.rows:
        return pass_check("unique", f"Every {contract.id.name} occurs once.", (contract.id.name,))
    return judge_share(
        Finding(
            Question.QUALITY,
            "unique",
            Verdict.WARN,
            f"{doubles.rows:,} applications have no {contract.id.name}, or the same one as another application. "
            f"Correct the source, or keep one row for each {contract.id.name} in the query {contract.query}.",
            subject=contract.id.name,
            unit="share of applications",
            columns=(contract.id.name,),
            rows=doubles.ids,
        ),
        counts.share(doubles.rows),
        policy.maximum_duplicate_share,
    )


def check_repeats(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> Finding:
    """Exact duplicates, which the query has removed, and copies of an application under another id."""
    repeats, copies = counts.reading.repeats, counts.copies.merge(counts.shown.copies)
    repeated = repeats + copies.rows
    if not repeated:
        return pass_check("duplicates", "No application is duplicated.")
    parts = [
        f"{repeats:,} rows are exact duplicates and count once" if repeats else "",
        f"{copies.rows:,} applications differ from another only in {contract.id.name}" if copies.rows else "",
    ]
    return judge_share(
        Finding(
            Question.QUALITY,
            "duplicates",
            Verdict.WARN,
            f"{'; '.join(filter(None, parts))}. Check whether the table was loaded twice.",
            unit="share of rows",
            rows=copies.ids,
        ),
        repeated / (counts.rows + repeats),
        policy.maximum_duplicate_share,
    )


def check_versions(counts: QualityCounts) -> Finding:
    """Older versions are normal for some lenders: reported for information."""
    older = counts.reading.older_versions
    return Finding(
        Question.QUALITY,
        "versions",
        Verdict.PASS,
        f"{older:,} older versions of the window's applications were excluded; the latest one counts.",
        effect=float(older),
        unit="rows",
    )


def check_ambiguous(counts: QualityCounts, policy: QualityPolicy) -> Finding:
    """Applications of customers with conflicting records."""
    ambiguous = counts.reading.ambiguous
    if not ambiguous.rows:
        return pass_check("ambiguous", "No customer has conflicting records.")
    return judge_share(
        Finding(
            Question.QUALITY,
            "ambiguous",
            Verdict.WARN,
            f"{ambiguous.rows:,} applications belong to customers with conflicting records, which "
            "count as missing. Keep one record for each customer in the source.",
            unit="share of applications",
            rows=ambiguous.ids,
        ),
        counts.share(ambiguous.rows),
        policy.maximum_ambiguous_share,
    )


def check_labels(contract: Contract, counts: QualityCounts) -> Finding:
    """A window of one decision is told: nothing is learnt from it. Whether its rate is unusual, label drift says."""
    target, given, refused = contract.target, counts.given, counts.refused
    known = given + refused
    is_one = known > 0 and not (given and refused)
    sentence = f"{known:,} of {counts.rows:,} applications have a decision, {given:,} of them {target.positive!r}."
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


def check_conflicts(contract: Contract, counts: QualityCounts, policy: QualityPolicy) -> Finding:
    """Applications with equal features and different decisions.

    Applications with most features missing are excluded: many of them are equal by chance.
    """
    conflicts = counts.shown.conflicts
    share = counts.share(conflicts.rows)
    is_many = share > policy.maximum_conflict_share
    return Finding(
        Question.QUALITY,
        "conflicting_labels",
        Verdict.WARN if is_many else Verdict.PASS,
        f"{conflicts.rows:,} applications have the same features as one with a different decision."
        + (" Find out which information the decisions use that the contract does not name." if is_many else ""),
        effect=share,
        unit="share of applications",
        limit=policy.maximum_conflict_share,
        columns=(contract.target.name,),
        rows=conflicts.ids,
    )
