"""Query results: as columns of texts, as values, and as a frame."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from threading import Thread
from typing import IO, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from sqlalchemy import Connection

from blocks.errors import LoanwatchError
from blocks.postgres.copy import copy_query
from blocks.postgres.query import Query
from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.core.arrays import Days
from tasks.core.whole_rows import WholeRows
from tasks.core.windows import FIRST_DAY, LAST_DAY
from tasks.extract.parsing import NumberForm, TimeForm, read_categories, read_numbers, read_times

REPEATS, OLDER_VERSIONS, AMBIGUOUS = "loanwatch_repeats", "loanwatch_older_versions", "loanwatch_is_ambiguous"
EXAMPLES = 5  # ids that a finding names
DOTTED_ROWS, LEAST_DOTTED = 5_000, 20
_DOTTED = r"^\s*[+-]?[1-9]\d{0,2}(\.\d{3})+\s*$"
MOST_WORDS, LONGEST_START = 10_000, 100  # of texts that cannot be read


class ExtractError(LoanwatchError):
    """The query does not match the contract."""


@dataclass
class Unreadable:
    """Values of one column with the wrong type: how many, the ids of the first few, and how often each text occurs.

    Of many different texts only the first `MOST_WORDS` are counted, each by its beginning.
    """

    count: int = 0
    examples: tuple[str, ...] = ()
    words: dict[str, int] = field(default_factory=dict)

    def add(self, ids: pa.Array, refused: pa.Array) -> None:
        """Count the invalid values of more rows: their texts, null where a row's value is valid."""
        is_refused = pc.is_valid(refused)
        self.count += pc.sum(is_refused).as_py() or 0
        found = ids.filter(is_refused).slice(0, EXAMPLES - len(self.examples)).to_pylist()
        self.examples += tuple(map(str, found))
        starts = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(refused.drop_null()), 0, LONGEST_START)
        for word, count in zip(*pc.value_counts(starts).flatten(), strict=True):
            if word.as_py() in self.words or len(self.words) < MOST_WORDS:
                self.words[word.as_py()] = self.words.get(word.as_py(), 0) + count.as_py()


@dataclass(frozen=True)
class Extract:
    """The applications of a window, one row each, with exactly the contract's columns, and the faults found in reading.

    `unreadable` names number and time columns with values of the wrong type; these are missing in the frame. `repeats`
    exact duplicates and `older_versions` of the window's loans were removed; `ambiguous` are the ids of applications
    whose customer has conflicting records; `undated` rows of the whole table have no valid time. `dotted` names number
    columns in which a dot may part thousands, each with an example such as 8.950; they are read as 8.95.

    A window is read in parts where it is large: `place` is then a part's among them, in the order of the window's rows,
    and a part `is_share` where another one has rows of the same days.
    Of a window that is too large for a frame, `applications` are those of some customers, and `whole` holds what is
    kept of every row.
    """

    applications: pd.DataFrame
    unreadable: dict[str, Unreadable] = field(default_factory=dict)
    repeats: int = 0
    older_versions: int = 0
    ambiguous: tuple[str, ...] = ()
    undated: int = 0
    dotted: dict[str, str] = field(default_factory=dict)
    place: int = 0
    is_share: bool = False
    whole: WholeRows | None = None

    def __len__(self) -> int:
        """The applications of the window."""
        return len(self.applications if self.whole is None else self.whole)

    @property
    def every_row(self) -> pd.DataFrame:
        """A row for each application: with all columns, or only with the categories and the lender's own scores."""
        return self.applications if self.whole is None else self.whole.categories

    def find_days(self, contract: Contract) -> Days:
        """The day of each application."""
        if self.whole is not None:
            return self.whole.days
        return self.applications[contract.time.name].to_numpy("datetime64[D]")


def find_dotted(texts: pa.Array) -> str | None:
    """A number such as 8.950 where a dot may part thousands, or None.

    It may where three digits follow every dot, and all numbers without one are below 1000: a column of decimals would
    have others, too. The first rows are looked at.
    """
    first = texts.slice(0, DOTTED_ROWS)
    has_dot = pc.fill_null(pc.match_substring(first, "."), False)
    dotted, plain = first.filter(has_dot), first.filter(pc.invert(has_dot)).drop_null()
    if len(dotted) < LEAST_DOTTED or not len(plain):
        return None
    fits = (pc.match_substring_regex(dotted, _DOTTED), pc.match_substring_regex(plain, r"^\s*[+-]?\d{1,3}\s*$"))
    return str(dotted[0].as_py()).strip() if all(pc.all(one).as_py() for one in fits) else None


@contextmanager
def stream_texts(
    connection: Connection, query: Query, parameters: dict[str, Any], contract: Contract
) -> Iterator[csv.CSVStreamingReader]:
    """The result of a query as batches of texts, while the server is still writing it.

    Raises ExtractError if the result is not a table; an error of the server takes precedence.
    """
    reading, writing = os.pipe()
    failures: list[Exception] = []

    def write() -> None:
        try:
            with open(writing, "wb", buffering=1 << 20) as sink:
                copy_query(connection, query, parameters, sink)
        except Exception as error:
            failures.append(error)

    writer = Thread(target=write, name="copy", daemon=True)
    writer.start()
    try:
        # Buffered: a bare pipe returns little at a time, and every block has an overhead.
        with open(reading, "rb") as source:
            yield _open_reader(source, contract)
    except pa.ArrowInvalid as error:
        writer.join()
        if not failures:
            raise ExtractError(f"The result of {query.file} cannot be read: {error}. Correct the query.") from None
    finally:
        writer.join()
        if failures and not isinstance(failures[0], BrokenPipeError):
            raise failures[0]


def _open_reader(source: IO[bytes], contract: Contract) -> csv.CSVStreamingReader:
    types = {column.name: _TEXT_TYPES.get(column.type, pa.string()) for column in contract.columns}
    options = csv.ConvertOptions(
        column_types={**types, REPEATS: pa.int64(), OLDER_VERSIONS: pa.int64(), AMBIGUOUS: pa.bool_()},
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
        true_values=["t"],
        false_values=["f"],
    )
    return csv.open_csv(
        source,
        read_options=csv.ReadOptions(block_size=4 << 20),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=options,
    )


_TEXT_TYPES = {"category": pa.dictionary(pa.int32(), pa.string())}


def read_column(
    column: Column, texts: pa.Array, missing: Set[str], *, is_typed: bool = False
) -> tuple[pa.Array, pa.Array | None]:
    """A column's values, and which texts are not of its type; None where every text is.

    `missing` holds the texts that the contract lists as missing in the column. Where the database has numbers and times
    as such (`is_typed`), their texts are its own, whatever the contract says of the lender's.
    """
    if column.type == "category":
        encoded = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
        return read_categories(encoded, column.aliases, missing, column.categories or ()), None
    if column.type == "text":
        return texts, None
    if column.type == "number":
        return read_numbers(texts, missing, describe_numbers(column, is_typed=is_typed))
    times, is_refused = read_times(texts, missing, describe_times(column, is_typed=is_typed))
    is_odd = pc.fill_null(pc.or_(pc.less(times, _FIRST), pc.greater_equal(times, _AFTER)), False)
    return pc.if_else(is_odd, None, times), pc.or_(is_refused, is_odd)


_FIRST, _AFTER = (datetime.combine(day, time()) for day in (FIRST_DAY, LAST_DAY + timedelta(days=1)))


def describe_numbers(column: Column, *, is_typed: bool = False) -> NumberForm:
    """How a column's numbers are written."""
    if is_typed:
        return NumberForm(whole=column.whole)
    return NumberForm(column.decimal, column.affixes, column.whole)


def describe_times(column: Column, *, is_typed: bool = False) -> TimeForm:
    """How a column's times are written."""
    return TimeForm(() if is_typed else column.formats, column.timezone)


def make_frame(values: pa.Table, columns: Sequence[Column]) -> pd.DataFrame:
    """A frame with the columns' types. The values are released on the way, to keep one copy only."""
    frame: pd.DataFrame = values.to_pandas(
        split_blocks=True,
        self_destruct=True,
        date_as_object=False,
        deduplicate_objects=False,  # texts are identifiers: looking for equal ones takes most of the time
    )
    for column in columns:
        if column.type == "number":
            frame[column.name] = frame[column.name].astype("float64")
        elif column.type == "time":
            frame[column.name] = frame[column.name].astype("datetime64[ns]")
        elif column.type == "category":
            frame[column.name] = frame[column.name].cat.remove_unused_categories()
    return frame
