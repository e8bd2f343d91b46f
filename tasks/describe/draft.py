"""Draft: what has been decided about a lender's tables so far; a contract and a query are written from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from blocks.errors import UsageError
from tasks.describe.readings import Reading
from tasks.describe.samples import SampledColumn, SampledTable

IGNORED = "ignored"
# A column that flows.load numbers the rows of a file in, where their order stands for time.
ROW_NUMBER = "loanwatch_row"


class NeedAnswerError(UsageError):
    """Something that only a person knows: the option that says it is in the message.

    Parameters
    ----------
    option
        The answer that lacks, such as `target`.
    choices
        What may be meant.
    """

    def __init__(self, option: str, message: str, choices: tuple[str, ...] = ()) -> None:
        super().__init__(option, message, choices)
        self.option, self.message, self.choices = option, message, choices

    def __str__(self) -> str:
        """The sentence alone."""
        return self.message


@dataclass(frozen=True)
class Answers:
    """What a person has said of the tables; an empty answer is left to the values. Columns are named as in the table.

    Parameters
    ----------
    name
        Of the contract.
    target
        The column with the outcome.
    positive, negative, undecided
        Its values that count as 1, as 0, and as not decided yet.
    time, id, customer
        The columns with these roles.
    timezone
        In which times without a zone are, and by which days are counted.
    is_by_rows
        Whether the order of the rows stands for time.
    is_partial
        Whether a table without an outcome or a time is described all the same.
    """

    name: str = ""
    target: str = ""
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    time: str = ""
    id: str = ""
    customer: str = ""
    timezone: str = "UTC"
    is_by_rows: bool = False
    is_partial: bool = False


@dataclass
class ColumnDraft:
    """One column: where it stands, what it is, what it is for, and why.

    `is_date` says that it is left out itself, but the days since then may be a feature.
    """

    table: str
    sampled: SampledColumn
    reading: Reading
    name: str
    role: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    is_date: bool = False

    @property
    def source(self) -> str:
        """Its name in the table."""
        return self.sampled.name

    @property
    def is_feature(self) -> bool:
        """Whether a model may use it."""
        return self.role == "feature"

    def take_role(self, role: str, note: str = "") -> None:
        """Say what the column is for, and why."""
        self.role = role
        if note:
            self.notes.append(note)

    def ignore(self, why: str, *, is_doubtful: bool = False) -> None:
        """Leave the column out of the contract."""
        self.role, self.notes, self.doubts, self.is_date = IGNORED, [], [], False
        (self.doubts if is_doubtful else self.notes).append(why)


@dataclass(frozen=True)
class Join:
    """How another table's records belong to the applications: by which columns, and for what share of them."""

    table: str
    key: str
    other_key: str
    coverage: float
    is_unique: bool


@dataclass(frozen=True)
class Ratio:
    """A feature computed from two others: numerator × factor ÷ denominator."""

    name: str
    numerator: str
    denominator: str
    factor: float = 1.0


@dataclass
class Draft:
    """All that is decided: the tables, the one with the applications first, their columns, and what joins them.

    Parameters
    ----------
    records
        Features that say whether an application has a record of another table, by name, and that table's features.
    durations
        Features in days before the application, by name, and the columns of dates that they are made of.
    first, last
    """

    name: str
    tables: tuple[SampledTable, ...]
    columns: list[ColumnDraft]
    answers: Answers
    joins: tuple[Join, ...] = ()
    durations: dict[str, ColumnDraft] = field(default_factory=dict)
    ratios: tuple[Ratio, ...] = ()
    records: dict[str, list[str]] = field(default_factory=dict)

    @property
    def base(self) -> SampledTable:
        """The table with the applications."""
        return self.tables[0]

    def with_role(self, role: str) -> ColumnDraft | None:
        """The column with a role that only one has."""
        return next((column for column in self.columns if column.role == role), None)

    @property
    def features(self) -> list[ColumnDraft]:
        """The columns that a model may use."""
        return [column for column in self.columns if column.is_feature]

    @property
    def kept(self) -> list[ColumnDraft]:
        """The columns of the contract, in the tables' order."""
        return [column for column in self.columns if column.role != IGNORED]
