"""The contract: the description of a lender's table. No other Python code contains a column name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator, model_validator

from tasks.contract.columns import Column, Derived, Entry, Parts, Role, Source
from tasks.contract.fields import Decimal, MissingTexts, Name, TimeZone
from tasks.contract.lender_model import LenderModel, Profit
from tasks.core.positive import Positive

# The built-in contract and its queries, which a lender's contract may use by name.
SHIPPED = Path(__file__).parent / "loan_applications"


class Contract(Entry):
    """A lender's table. `file` is its TOML file; `query`, `undated_query` and `parts` name its .sql files."""

    name: Name = Field(description="The contract's name: its champion, its runs and its ledger go by it.")
    description: str = Field("", description="What a row is.")
    query: str = Field(description="The .sql file that selects the columns of the days %(start)s to %(end)s.")
    undated_query: str | None = Field(
        None, description="A .sql file that counts the rows of each day, and those without a readable time."
    )
    parts: Parts | None = Field(None, description="The query's answer in parts, which are faster to read.")
    file: Path = Path()
    timezone: TimeZone = Field(
        "UTC",
        description="The time zone of the days, such as Europe/Berlin. Times without a zone are in it; others are "
        "converted to it.",
    )
    decimal: Decimal | None = Field(
        None,
        description="The decimal sign of numbers in texts, . or a comma. The other one of them, a blank or an "
        "apostrophe may part thousands. Without it: a point, and only commas part thousands.",
    )
    missing: MissingTexts = Field(
        (),
        description="Texts that mean that a value is missing, such as n/a, in every number, category and time column "
        "without a `missing` of its own.",
    )
    label_delay: int | None = Field(
        None,
        ge=0,
        le=3_660,
        description="Days after which an application's decision has come in. Later days are not judged. Without it, "
        "the table itself shows which days are ripe.",
    )
    cut_off: float | None = Field(
        None,
        allow_inf_nan=False,
        description="The score that parts the two decisions, in the unit of the score; itself it counts with the "
        "higher ones. A probability of 0.5, if nothing is stated.",
    )
    approval_rate: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="In place of `cut_off`: the share of the reference's applications that the model would give a "
        "loan.",
    )
    score_bands: tuple[float, ...] = Field(
        (),
        description="Where the score is cut into the lender's own bands for the report, in the unit of the score and "
        "ascending: each belongs to the band above it. Without it: the deciles of the reference.",
    )
    columns: tuple[Column, ...] = Field(alias="column", description="The columns.")
    derived: tuple[Derived, ...] = Field((), description="Features computed from others.")
    sources: tuple[Source, ...] = Field((), alias="source", description="The tables that `flows.load` makes and fills.")
    stated_model: LenderModel | None = Field(
        None, alias="model", description="The lender's own model, whose scores the table holds."
    )
    profit: Profit | None = Field(None, description="What a good and a bad loan are worth.")

    @cached_property
    def features(self) -> tuple[Column, ...]:
        """The columns for the model, in the contract's order."""
        return tuple(column for column in self.columns if column.role is Role.FEATURE)

    @cached_property
    def target(self) -> Column:
        """The column with the lender's decision."""
        return self._the(Role.TARGET)

    @cached_property
    def positive(self) -> str:
        """The target's value that counts as 1."""
        return str(self.target.positive)

    @property
    def positive_words(self) -> Positive:
        """The positive label as sentences name it."""
        return Positive(self.positive)

    @cached_property
    def negative(self) -> str:
        """The target's other value."""
        return next(value for value in self.target.allowed or () if value != self.target.positive)

    @cached_property
    def id(self) -> Column:
        """The column that identifies an application."""
        return self._the(Role.ID)

    @cached_property
    def time(self) -> Column:
        """The column with the time of the application."""
        return self._the(Role.TIME)

    @cached_property
    def customer(self) -> Column | None:
        """The column that identifies the applicant, if the table has one."""
        return self._find(Role.CUSTOMER)

    @cached_property
    def score(self) -> Column | None:
        """The column with the scores of the lender's own model, if the table has one."""
        return self._find(Role.SCORE)

    @cached_property
    def decision(self) -> Column | None:
        """The column with what was decided, if that is not the target itself."""
        return self._find(Role.DECISION)

    @cached_property
    def model_version(self) -> Column | None:
        """The column that says which model gave the score, if the table has one."""
        return self._find(Role.MODEL_VERSION)

    @property
    def lender_model(self) -> LenderModel | None:
        """The model behind the score column; None where the table has no scores."""
        if self.score is None:
            return None
        return self.stated_model or LenderModel(name=f"The model behind {self.score.name}")

    @property
    def has_points(self) -> bool:
        """Whether the scores are points, and no probability of the positive value."""
        return self.score is not None and self.score.higher_is is not None

    @property
    def is_positive_good(self) -> bool:
        """Whether the positive label is what the lender wants; it is not where it stands for a default."""
        return self.target.positive_is != "bad"

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    def list_missing(self, column: Column) -> frozenset[str]:
        """The texts that the contract lists as missing in a column, folded; with the target's undecided values."""
        return frozenset((*(self.missing if column.missing is None else column.missing), *column.undecided))

    @property
    def queries(self) -> tuple[str, ...]:
        """The names of all .sql files."""
        parts = (self.parts.applications, self.parts.days, *self.parts.records) if self.parts else ()
        return tuple(filter(None, (self.query, self.undated_query, *parts)))

    def read_query(self, name: str | None = None) -> str:
        """The SQL of the extraction query, or of another .sql file of the contract."""
        return self.find_query(name or self.query).read_text(encoding="utf-8")

    def find_query(self, name: str) -> Path:
        """The path of a .sql file: next to the contract, else among the built-in ones."""
        beside = self.file.parent / name
        return beside if beside.is_file() else SHIPPED / name

    def _the(self, role: Role) -> Column:
        return next(column for column in self.columns if column.role is role)

    def _find(self, role: Role) -> Column | None:
        return next((column for column in self.columns if column.role is role), None)

    @field_validator("columns")
    @classmethod
    def _inherit(cls, columns: tuple[Column, ...], info: ValidationInfo) -> tuple[Column, ...]:
        return tuple(column.inherit(info.data.get("decimal"), info.data.get("timezone", "UTC")) for column in columns)

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
                yield f"exactly one column must have the role {role}; {roles[role]} have it"
        for role in (Role.CUSTOMER, Role.SCORE, Role.DECISION, Role.MODEL_VERSION):
            if roles[role] > 1:
                yield f"at most one column may have the role {role}; {roles[role]} have it"
        yield from self._list_model_mistakes(roles)
        if not roles[Role.FEATURE]:
            yield "no column has the role feature"
        types = {column.name: column.type for column in self.columns if column.role is Role.FEATURE}
        for derived in self.derived:
            for name in derived.inputs:
                if name not in types:
                    yield f"`{derived.name}` uses `{name}`, which is not a feature"
                elif derived.record is None and types[name] != "number":
                    yield f"`{derived.name}` divides `{name}`, which is not a number"
        yield from self._list_missing_mistakes()
        if self.parts is not None and self.parts.records and not roles[Role.CUSTOMER]:
            yield "the parts' `records` belong to customers, but no column has the role customer"
        for query in self.queries:
            if Path(query).name != query or not query.endswith(".sql"):
                yield f"the query {query!r} is not the plain name of a .sql file: give a name without a folder"

    def _list_model_mistakes(self, roles: Counter[Role]) -> Iterator[str]:
        if not roles[Role.SCORE]:
            if self.stated_model is not None:
                yield "`[model]` describes the lender's own model, but no column has the role score"
            if roles[Role.MODEL_VERSION]:
                yield "a column has the role model_version, but none has the role score"
        elif roles[Role.MODEL_VERSION] and self.stated_model is not None and self.stated_model.version is not None:
            yield "`[model]` states a version, and so does the column with the role model_version: leave one out"
        if list(self.score_bands) != sorted(set(self.score_bands)):
            yield "`score_bands` must ascend, each number once"
        if self.cut_off is not None and self.approval_rate is not None:
            yield "state `cut_off` or `approval_rate`, not both"
        if self.cut_off is not None and not self.has_points and not 0 <= self.cut_off <= 1:
            yield "`cut_off` is a probability of 0 to 1, unless the score is in points (`higher_is`)"

    def _list_missing_mistakes(self) -> Iterator[str]:
        for column in self.columns:
            try:
                for text in self.missing if column.missing is None else ():
                    column.refuse_missing(text)
            except ValueError as error:
                yield f"`{column.name}`: {error}; or give the column its own `missing`"
