"""The entries of a contract: its columns, derived features, source tables and query parts."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]


class Role(StrEnum):
    """The purpose of a column. Protected columns are reported on, but never used by a model."""

    ID = "id"
    CUSTOMER = "customer"
    TIME = "time"
    TARGET = "target"
    FEATURE = "feature"
    PROTECTED = "protected"


def _as_numbers(special: Any) -> Any:
    """Special values as numbers: a TOML key is a text."""
    return {float(key): meaning for key, meaning in special.items()} if isinstance(special, dict) else special


def fold(text: str) -> str:
    """A text as it is compared: without white space around it, in lower case."""
    return text.strip().lower()


def _fold_all(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(fold, texts))


MissingTexts = Annotated[tuple[str, ...], AfterValidator(_fold_all)]
_LIKE_A_NUMBER = re.compile(r"[+-]?\$?\s*(?=.*\d)[\d,.]+(e[+-]?\d+)?")  # every text that reads as a number, and more


class Entry(BaseModel):
    """One entry of the contract: read-only, and an unknown option is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Entry):
    """One column: its role, its valid values, and its encoding for a model."""

    name: Name
    role: Role
    type: Literal["text", "number", "category", "time"]
    description: str = ""
    unit: str = ""
    min: float | None = None
    max: float | None = None
    allowed: tuple[str, ...] | None = None
    aliases: dict[str, str] = {}
    special: Annotated[dict[float, str], BeforeValidator(_as_numbers)] = {}
    ordered: tuple[str, ...] | None = None
    encoding: Literal["one_hot", "frequency"] | None = None
    positive: str | None = None
    missing: MissingTexts | None = Field(
        None,
        description="Texts that mean that the value is missing, such as n/a, in any case. Replaces the contract's own "
        "`missing` for this column. A blank text is always missing; in number and time columns so are nan, null, none, "
        "n/a and na.",
    )

    @property
    def categories(self) -> tuple[str, ...] | None:
        """The allowed values of a category column, or None if any value is allowed."""
        return self.ordered or self.allowed

    @model_validator(mode="after")
    def _is_consistent(self) -> Column:
        for option in ("min", "max"):
            if getattr(self, option) is not None and self.type != "number":
                raise ValueError(f"`{option}` belongs to a number column")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("`min` is above `max`")
        if self.special and self.type != "number":
            raise ValueError("`special` belongs to a number column")
        if (self.categories or self.encoding or self.aliases) and self.type != "category":
            raise ValueError("`allowed`, `ordered`, `encoding` and `aliases` belong to a category column")
        if self.ordered and (self.allowed or self.encoding):
            raise ValueError("`ordered` already defines the allowed values and their encoding")
        if self.role is Role.FEATURE and self.type not in ("number", "category"):
            raise ValueError("a feature must be a number or a category")
        if (self.role is Role.TIME) != (self.type == "time"):
            raise ValueError("the time column must have the type time, and no other column may")
        if self.role is Role.TARGET:
            if self.type != "category" or self.allowed is None or len(self.allowed) != 2:
                raise ValueError("the target must be a category with exactly two `allowed` values")
            if self.positive not in self.allowed:
                raise ValueError("`positive` must be one of the target's `allowed` values")
        elif self.positive is not None:
            raise ValueError("`positive` belongs to the target")
        return self

    @model_validator(mode="after")
    def _has_clear_missing_texts(self) -> Column:
        if self.missing and self.type == "text":
            raise ValueError("`missing` belongs to a number, category or time column")
        for text in self.missing or ():
            self.refuse_missing(text)
        return self

    def refuse_missing(self, text: str) -> None:
        """Raises ValueError where the text has another meaning in this column."""
        if self.type == "number" and _LIKE_A_NUMBER.fullmatch(text):
            raise ValueError(f"`missing` lists {text!r}, which is a number; list it in `special`")
        if text in (*(self.categories or ()), *self.aliases):
            raise ValueError(f"`missing` lists {text!r}, which is also an allowed value or an alias")


class Derived(Entry):
    """A feature computed from others: numerator × factor ÷ denominator, or whether a record has any value."""

    name: Name
    numerator: str | None = None
    denominator: str | None = None
    factor: float = 1.0
    record: tuple[str, ...] | None = None

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

    table: Name
    columns: tuple[Name, ...]


class Parts(Entry):
    """The result of the contract's query in parts, which are faster to read: the names of their .sql files.

    `applications` returns every version in the window and every row without a readable time; `records` each return the
    records of the window's customers, or more. See CONTRIBUTING.md.
    """

    applications: str
    records: tuple[str, ...] = ()
