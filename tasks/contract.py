"""The contract: what a lender's table is, as data. Nothing else in Python knows a column's name."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from blocks.errors import UsageError
from tasks.core.validation_messages import describe_mistakes

CONTRACTS = Path(__file__).parent / "contracts"
QUERIES = Path(__file__).parent / "sql"

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]


class ContractError(UsageError):
    """The contract file cannot be used; the message lists every mistake in it."""


class Role(StrEnum):
    """What a column is for. Protected columns are reported on, and never given to a model."""

    ID = "id"
    CUSTOMER = "customer"
    TIME = "time"
    TARGET = "target"
    FEATURE = "feature"
    PROTECTED = "protected"


def _as_numbers(special: Any) -> Any:
    """TOML keys are text; special values are numbers."""
    return {float(key): meaning for key, meaning in special.items()} if isinstance(special, dict) else special


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Part):
    """One column: what it is for, what may stand in it, and how a model reads it."""

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

    @property
    def words(self) -> tuple[str, ...] | None:
        """The values that may stand in a category column, or None where any may."""
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
        if (self.words or self.encoding or self.aliases) and self.type != "category":
            raise ValueError("`allowed`, `ordered`, `encoding` and `aliases` belong to a category column")
        if self.ordered and (self.allowed or self.encoding):
            raise ValueError("`ordered` already says which values are allowed and how they are encoded")
        if self.role is Role.FEATURE and self.type not in ("number", "category"):
            raise ValueError("a feature is a number or a category")
        if (self.role is Role.TIME) != (self.type == "time"):
            raise ValueError("the time column, and no other, has the type time")
        if self.role is Role.TARGET:
            if self.type != "category" or self.allowed is None or len(self.allowed) != 2:
                raise ValueError("the target is a category with exactly two `allowed` values")
            if self.positive not in self.allowed:
                raise ValueError("`positive` must be one of the target's `allowed` values")
        elif self.positive is not None:
            raise ValueError("`positive` belongs to the target")
        return self


class Derived(_Part):
    """A feature made of others: numerator × factor ÷ denominator, or whether any column of a record is present."""

    name: Name
    numerator: str | None = None
    denominator: str | None = None
    factor: float = 1.0
    record: tuple[str, ...] | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that this feature is made of."""
        return self.record or tuple(name for name in (self.numerator, self.denominator) if name)

    @model_validator(mode="after")
    def _is_ratio_or_record(self) -> Derived:
        is_ratio = self.numerator is not None and self.denominator is not None
        if is_ratio == (self.record is not None):
            raise ValueError("give either `numerator` and `denominator`, or `record`")
        return self


class Source(_Part):
    """One source table and its columns, in the order of its CSV file."""

    table: Name
    columns: tuple[Name, ...]


class Parts(_Part):
    """The answer of the contract's query in parts, which are read faster: the names of their .sql files.

    `applications` returns every version in the window and every row without a readable time; `records` each return the
    records of the window's customers, or more. CONTRIBUTING.md says more.
    """

    applications: str
    records: tuple[str, ...] = ()


class Contract(_Part):
    """A lender's table. `file` is where it was read from; `query`, `undated_query` and `parts` name its .sql files."""

    name: Name
    description: str = ""
    query: str
    undated_query: str | None = None
    parts: Parts | None = None
    file: Path = Path()
    columns: tuple[Column, ...] = Field(alias="column")
    derived: tuple[Derived, ...] = ()
    sources: tuple[Source, ...] = Field((), alias="source")

    @cached_property
    def features(self) -> tuple[Column, ...]:
        """The columns that a model may use, in the contract's order."""
        return tuple(column for column in self.columns if column.role is Role.FEATURE)

    @cached_property
    def target(self) -> Column:
        """The column that says loan given or loan refused."""
        return self._the(Role.TARGET)

    @cached_property
    def id(self) -> Column:
        """The column that names an application."""
        return self._the(Role.ID)

    @cached_property
    def time(self) -> Column:
        """The column that says when the application was made."""
        return self._the(Role.TIME)

    @cached_property
    def customer(self) -> Column | None:
        """The column that names the applicant, where the table has one."""
        return next((column for column in self.columns if column.role is Role.CUSTOMER), None)

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def queries(self) -> tuple[str, ...]:
        """The names of all .sql files."""
        parts = (self.parts.applications, *self.parts.records) if self.parts else ()
        return tuple(filter(None, (self.query, self.undated_query, *parts)))

    def read_query(self, name: str | None = None) -> str:
        """The SQL of the extraction query, or of another .sql file: beside the contract first, else in tasks/sql."""
        return self._find_query(name or self.query).read_text(encoding="utf-8")

    def _find_query(self, name: str) -> Path:
        beside = self.file.parent / name
        return beside if beside.is_file() else QUERIES / name

    def _the(self, role: Role) -> Column:
        return next(column for column in self.columns if column.role is role)

    @model_validator(mode="after")
    def _is_whole(self) -> Contract:
        mistakes = list(self._list_mistakes())
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def _list_mistakes(self) -> Iterator[str]:
        names = Counter([column.name for column in self.columns] + [derived.name for derived in self.derived])
        yield from (f"`{name}` is described {count} times" for name, count in names.items() if count > 1)
        roles = Counter(column.role for column in self.columns)
        for role in (Role.ID, Role.TIME, Role.TARGET):
            if roles[role] != 1:
                yield f"exactly one column has the role {role}, here {roles[role]}"
        if roles[Role.CUSTOMER] > 1:
            yield f"at most one column has the role customer, here {roles[Role.CUSTOMER]}"
        if not roles[Role.FEATURE]:
            yield "no column has the role feature"
        types = {column.name: column.type for column in self.columns if column.role is Role.FEATURE}
        for derived in self.derived:
            for name in derived.inputs:
                if name not in types:
                    yield f"`{derived.name}` is made of `{name}`, which is no feature"
                elif derived.record is None and types[name] != "number":
                    yield f"`{derived.name}` divides `{name}`, which is no number"
        yield from self._list_query_mistakes()

    def _list_query_mistakes(self) -> Iterator[str]:
        for query in self.queries:
            if Path(query).name != query or not query.endswith(".sql"):
                yield f"the query {query!r} is not the plain name of a .sql file"
            elif not self._find_query(query).is_file():
                yield f"the query file {query} is neither beside the contract nor in tasks/sql"
        if self.parts is None:
            return
        if self.parts.records and self.customer is None:
            yield "the parts' `records` belong to customers, and no column has the role customer"
        # A lender's own query beside parts that came with loanwatch: they would answer in its place.
        answering = (self.query, self.parts.applications, *self.parts.records)
        if len({self._find_query(query).parent for query in answering}) > 1:
            yield f"the parts are not beside the query {self.query}: write them there, or leave `[parts]` out"


def load_contract(name_or_file: str) -> Contract:
    """Read a contract by the name of one that comes with loanwatch, or from a TOML file.

    Raises ContractError with every mistake at once, each with its place in the file.
    """
    file = CONTRACTS / f"{name_or_file}.toml" if name_or_file.isidentifier() else Path(name_or_file)
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in CONTRACTS.glob("*.toml")))
        raise ContractError(f"There is no contract {name_or_file!r}: give a TOML file, or one of: {known}.")
    try:
        described = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(f"The contract {file} is not valid TOML: {error}.") from None
    try:
        return Contract.model_validate(described | {"file": file})
    except ValidationError as error:
        raise ContractError(f"The contract {file} has {describe_mistakes(error, described)}") from None
