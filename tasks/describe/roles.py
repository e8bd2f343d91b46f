"""Roles: which column is the application, the customer, the time."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.describe.draft import Answers, ColumnDraft, NeedAnswerError
from tasks.describe.vocabulary import has_part, list_words

# Of the values of an application's identifier so many differ; a loan may stand in a table in several versions.
_LEAST_DIFFERENT = 0.5
_MOSTLY_FILLED = 0.9
_LEAST_TIMES = 0.8


def find_column(columns: Sequence[ColumnDraft], name: str, option: str) -> ColumnDraft:
    """The column that an option names. Raises NeedAnswerError with the names that there are."""
    exact = [column for column in columns if column.source == name]
    alike = exact or [column for column in columns if column.name == name or column.source.lower() == name.lower()]
    if not alike:
        names = ", ".join(column.source for column in columns[:40])
        raise NeedAnswerError(option, f"There is no column {name!r} for --{option}. The columns are: {names}.")
    return alike[0]


def choose_time(columns: Sequence[ColumnDraft], answers: Answers) -> ColumnDraft | None:
    """The time of the application; None where rows stand for time, or where a partial description has none."""
    if answers.is_by_rows:
        return None
    if answers.time:
        column = find_column(columns, answers.time, "time")
        if column.reading.type != "time":
            example = next(iter(column.sampled.counts), "")
            raise NeedAnswerError(
                "time",
                f"The column {answers.time!r} does not look like a time: {example[:40]!r}. Name another "
                "one with --time, or write the query by hand.",
            )
        column.take_role("time", "named by --time")
        return column
    times = [c for c in columns if not c.role and c.reading.type == "time" and c.sampled.blank <= 1 - _LEAST_TIMES]
    ranked = sorted(times, key=_rank_time, reverse=True)
    if not ranked or _rank_time(ranked[0])[0] < 0:
        if answers.is_partial:
            return None
        raise NeedAnswerError(
            "time",
            "No column looks like the time of the application. Name it with --time COLUMN, or let the order of the "
            "rows stand for time with --rows-as-time.",
            tuple(column.source for column in times),
        )
    best = ranked[0]
    best.take_role("time", "the time of the application")
    if len(ranked) > 1 and _rank_time(ranked[1])[0] >= _rank_time(best)[0]:
        best.doubts.append(f"{ranked[1].source} may be the time of the application as well; --time chooses")
    elif _rank_time(best)[0] == 0:
        best.doubts.append("taken for the time of the application, as no other column is one")
    return best


def _rank_time(column: ColumnDraft) -> tuple[int, float, int]:
    """First what its name says, then how many rows have one, then how finely it is written."""
    is_other = has_part(column.name, list_words("names", "not_time"))
    says = -1 if is_other else int(has_part(column.name, list_words("names", "time")))
    if has_part(column.name, ("application", "applied", "application_time", "app_date", "submitted", "requested")):
        says = 2
    return says, -column.sampled.blank, len(column.sampled.counts)


def choose_id(columns: Sequence[ColumnDraft], answers: Answers) -> ColumnDraft | None:
    """The application's identifier; None where no column is one."""
    if answers.id:
        column = find_column(columns, answers.id, "id")
        column.take_role("id", "named by --id")
        return column
    fitting = [column for column in columns if not column.role and _is_identifier(column)]
    ranked = sorted(fitting, key=_rank_id, reverse=True)
    if not ranked or _rank_id(ranked[0])[0] <= 0:
        return None
    best = ranked[0]
    best.take_role("id", "no two rows have the same" if best.sampled.is_unique else "nearly all values differ")
    return best


def _is_identifier(column: ColumnDraft) -> bool:
    return (
        column.reading.type in ("category", "integer")
        and column.sampled.blank <= 1 - _MOSTLY_FILLED
        and len(column.sampled.counts) >= _LEAST_DIFFERENT * column.sampled.known
    )


def _rank_id(column: ColumnDraft) -> tuple[float, bool]:
    """What the name says, and whether all values differ. A customer's identifier comes last."""
    is_customer = has_part(column.name, list_words("names", "customer"))
    is_named = has_part(column.name, list_words("names", "id"))
    says = 2.0 * is_named + has_part(column.name, list_words("names", "loan")) - 1.5 * is_customer
    if column.sampled.is_unique and column.reading.is_text:
        says += 0.5
    if column.name.startswith("unnamed") and column.sampled.is_unique:
        says += 1.0
    return says, column.sampled.is_unique


def choose_customer(columns: Sequence[ColumnDraft], answers: Answers) -> ColumnDraft | None:
    """The applicant's identifier, if the table has one."""
    if answers.customer:
        column = find_column(columns, answers.customer, "customer")
        column.take_role("customer", "named by --customer")
        return column
    named = [
        column
        for column in columns
        if not column.role
        and has_part(column.name, list_words("names", "customer"))
        and (
            has_part(column.name, ("id", "no", "number", "nr", "key", "ssn", "code", "uuid"))
            or column.name in list_words("names", "customer")
        )
        and _is_many(column)
    ]
    if not named:
        return None
    named[0].take_role("customer", "the applicant")
    return named[0]


def _is_many(column: ColumnDraft) -> bool:
    is_kind = column.reading.type in ("category", "integer")
    return is_kind and len(column.sampled.counts) >= 0.1 * column.sampled.known > 0
