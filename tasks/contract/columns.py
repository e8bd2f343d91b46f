"""The entries of a contract: its columns, derived features, source tables and query parts."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from tasks.contract.fields import (
    Affixes,
    Aliases,
    AnyName,
    Decimal,
    Encoding,
    Formats,
    MissingTexts,
    Name,
    OneOrMoreWords,
    Specials,
    Words,
)
from tasks.contract.rules import find_missing_mistake, is_boolean, list_mistakes, settle


class Role(StrEnum):
    """The purpose of a column. Protected columns are reported on, but never used by a model.

    `score` is that of the lender's own model, `model_version` says which of several models gave it, and `decision` is
    what was decided, where the target holds what became of the loan.
    """

    ID = "id"
    CUSTOMER = "customer"
    TIME = "time"
    TARGET = "target"
    FEATURE = "feature"
    PROTECTED = "protected"
    SCORE = "score"
    DECISION = "decision"
    MODEL_VERSION = "model_version"


class Entry(BaseModel):
    """One entry of the contract: read-only, and an unknown option is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Entry):
    """One column: its role, its valid values, and its encoding for a model.

    Once validated, a column has one of four types: an `integer` is a number with `whole`, a `boolean` is a category
    with the values false and true, and a target is a category with the two values of `allowed`: the negative one, then
    the positive one. Other words for the same values are `aliases`.
    """

    name: Name = Field(description="The column's name in the query's answer and in every report.")
    role: Role = Field(
        Role.FEATURE,
        description="What it is for: id, customer, time, target, feature, protected, or of the lender's own model: "
        "score, decision, model_version.",
    )
    type: Literal["text", "number", "integer", "category", "boolean", "time"] = Field(
        description="What it holds: text, number, integer, category, boolean or time. May be left out where the role "
        "says it: id and customer are texts, time is a time."
    )
    source: AnyName | None = Field(
        None, description="Its name in the source table or file, where that differs: any text, such as Applied At."
    )
    description: str = Field("", description="What it means, for the reader of a report.")
    unit: str = Field("", description="The unit of a number, such as EUR a year.")
    min: float | None = Field(None, description="The smallest valid number.")
    max: float | None = Field(None, description="The largest valid number.")
    special: Specials = Field({}, description="Numbers that are none, such as 99999999, each with its meaning.")
    whole: bool = Field(False, description="Whether every number must be whole; the type integer sets it.")
    decimal: Decimal | None = Field(None, description="The decimal sign of this column: the contract's, if not stated.")
    affixes: Affixes = Field(
        (),
        description="Texts before or after a number, such as % or months, in any case; they are removed. A currency "
        "sign always is.",
    )
    formats: Formats = Field(
        (),
        description="How a time is written, tried in order: %d.%m.%Y, %b-%Y, unix, unix_ms, days since 1960-01-01. "
        "Without it: DD-MM-YYYY or YYYY-MM-DD, with or without a time of day and a zone.",
    )
    allowed: Words | None = Field(None, description="The valid values of a category.")
    ordered: Words | None = Field(None, description="The same for a category whose values have an order, lowest first.")
    aliases: Aliases = Field({}, description="Other spellings of a category's values, each with the value that it is.")
    encoding: Literal["one_hot", "frequency"] | None = Field(
        None, description="How a category enters the model: one_hot, or frequency where it has many values."
    )
    positive: OneOrMoreWords | None = Field(
        None,
        description="The target's value that counts as 1, or a list of them. Of a decision: the value that means that "
        "the loan was given.",
    )
    negative: OneOrMoreWords | None = Field(
        None, description="The target's values that count as 0: by default those of `allowed` that are left."
    )
    positive_is: Literal["good", "bad"] | None = Field(
        None,
        description="Whether the target's positive value is what the lender wants (good, the default) or not, such as "
        "a default (bad).",
    )
    higher_is: Literal["better", "worse"] | None = Field(
        None,
        description="Of a score in points: whether a higher one stands for a better or a worse applicant. Without it "
        "the score is the probability of the target's positive value.",
    )
    undecided: Words = Field(
        (), description="Values of the target that mean that nothing is decided yet, such as pending: read as missing."
    )
    missing: MissingTexts | None = Field(
        None,
        description="Texts that mean that the value is missing, such as n/a, in any case. Replaces the contract's own "
        "`missing` for this column. A blank text is always missing; in number and time columns so are nan, null, none, "
        "n/a and na.",
    )
    _timezone: str = PrivateAttr("UTC")

    @property
    def categories(self) -> tuple[str, ...] | None:
        """The allowed values of a category column, or None if any value is allowed."""
        return self.ordered or self.allowed

    @property
    def is_boolean(self) -> bool:
        """Whether its values are false and true."""
        return is_boolean(self)

    @property
    def timezone(self) -> str:
        """The zone of times without a zone: the contract's."""
        return self._timezone

    def inherit(self, decimal: Decimal | None, timezone: str) -> Column:
        """The column with what the contract says of every column."""
        column = self
        if decimal and self.decimal is None and self.type == "number":
            column = column.model_copy(update={"decimal": decimal})
        if timezone != self._timezone:
            column = column.model_copy()
            column._timezone = timezone
        return column

    @property
    def source_name(self) -> str:
        """The column's name in the source table or file."""
        return self.source or self.name

    @model_validator(mode="before")
    @classmethod
    def _fill_type(cls, stated: Any) -> Any:
        types = {Role.ID: "text", Role.CUSTOMER: "text", Role.TIME: "time"}
        if isinstance(stated, dict) and "type" not in stated and stated.get("role") in tuple(types):
            return stated | {"type": types[stated["role"]]}
        return stated

    @model_validator(mode="after")
    def _settle(self) -> Column:
        mistakes = list(list_mistakes(self))
        if mistakes:
            raise ValueError("; ".join(mistakes))
        self.__dict__.update(settle(self))  # frozen is meant for everybody else
        return self

    def refuse_missing(self, text: str) -> None:
        """Raises ValueError where the text has another meaning in this column."""
        if mistake := find_missing_mistake(self, text):
            raise ValueError(mistake)


class Derived(Entry):
    """A feature computed from others: numerator × factor ÷ denominator, or whether a record has any value."""

    name: Name = Field(description="The feature's name.")
    numerator: str | None = Field(None, description="The feature above the line.")
    denominator: str | None = Field(None, description="The feature below the line.")
    factor: float = Field(1.0, description="What the ratio is multiplied by, such as 12 for a year of months.")
    record: tuple[str, ...] | None = Field(
        None, description="Features of one record, in place of a ratio: 1 where any of them has a value."
    )

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns from which this feature is computed."""
        return self.record or tuple(name for name in (self.numerator, self.denominator) if name)

    @model_validator(mode="after")
    def _is_ratio_or_record(self) -> Derived:
        is_ratio = self.numerator is not None and self.denominator is not None
        if is_ratio == (self.record is not None):
            raise ValueError("specify either `numerator` and `denominator`, or `record`")
        return self


class Source(Entry):
    """One source table and its columns, in the order of its CSV file."""

    table: Name = Field(description="The table that `flows.load` fills.")
    columns: tuple[AnyName, ...] = Field(description="Its columns, in the order of the file.")
    file: AnyName | None = Field(None, description="The file in the folder, by default TABLE.csv.")
    separator: str | None = Field(None, min_length=1, max_length=1, description="What parts the fields of the file.")
    encoding: Encoding | None = Field(None, description="The encoding of the file, such as cp1252.")
    typed: bool = Field(
        False,
        description="Whether the table gets typed columns: numbers, integers, booleans and times as such, the rest as "
        "text.",
    )
    dates: dict[AnyName, Formats] = Field(
        {},
        description="Columns of times that are no column of the contract, such as an account's first day, each with "
        "its formats; a typed table gets times of them.",
    )
    row_number: Name | None = Field(
        None, description="A column that `flows.load` adds and numbers the file's rows in, where their order matters."
    )

    @property
    def file_name(self) -> str:
        """The name of its file."""
        return self.file or f"{self.table}.csv"


class Parts(Entry):
    """The result of the contract's query in parts, which are faster to read: the names of their .sql files.

    `applications` returns every version in the window and every row without a readable time; `days` only the former,
    for some days of a large window (`undated_query` counts the latter); `records` each return those of the window's
    customers, or more. See CONTRIBUTING.md.
    """

    applications: str = Field(description="The query of the applications.")
    days: str | None = Field(None, description="The same without rows that have no readable time, for a few days.")
    records: tuple[str, ...] = Field((), description="The queries of the customers' records.")
