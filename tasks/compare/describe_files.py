"""What two files are: by a contract, if one is named, else by what the first one holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.compare.tables import Description
from tasks.contract.columns import Column, Role
from tasks.contract.load import load_contract
from tasks.describe.describe import describe_tables
from tasks.describe.draft import IGNORED, Answers, ColumnDraft, Draft
from tasks.describe.read_files import FileReader
from tasks.describe.write_contract import make_contract


@dataclass(frozen=True)
class Given:
    """What a person has said of the tables; whatever is empty is found in them.

    Parameters
    ----------
    target
        The column with the decision; without it only data quality and data drift are tested.
    positive
        Its values that count as 1.
    time, id, customer
        The columns with the time of the application, and that identify it and its customer.
    contract
        A contract that describes the columns, in place of all of these.
    """

    target: str = ""
    positive: tuple[str, ...] = ()
    time: str = ""
    id: str = ""
    customer: str = ""
    contract: str = ""


def describe_files(files: Sequence[Path], given: Given) -> Description:
    """The description of both tables, made of a sample of the first.

    Raises NeedAnswerError for what only a person knows, or ContractError for a contract with mistakes.
    """
    if given.contract:
        return Description(load_contract(given.contract))
    reader = FileReader(files[:1], Path.cwd())
    answers = Answers(
        target=given.target,
        positive=given.positive,
        time=given.time,
        id=given.id,
        customer=given.customer,
        is_partial=True,
    )
    draft = describe_tables([reader.sample(source.table) for source in reader.sources], answers, reader.read_keys)
    for column in draft.columns:
        # What only one table has told: of another one it would make an unfit table, and no drift.
        for narrow in ("allowed", "min", "max"):
            column.options.pop(narrow, None)
    lacks = frozenset(role for role in (Role.ID, Role.TIME, Role.TARGET) if draft.with_role(role) is None)
    durations = {name: _describe_dates(column) for name, column in draft.durations.items()}
    return Description(make_contract(draft), lacks, durations, tuple(_list_notes(draft)))


def _describe_dates(column: ColumnDraft) -> Column:
    return Column(
        name=column.name, role=Role.TIME, type="time", source=column.source, formats=column.options.get("formats", ())
    )


def _list_notes(draft: Draft) -> Iterator[str]:
    """The guesses, which a person should look at."""
    for column in draft.columns:
        for doubt in column.doubts:
            left_out = "left out: " if column.role == IGNORED else ""
            yield f"{column.source}: {left_out}{doubt}."
