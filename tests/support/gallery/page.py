"""The gallery's page: of each look-alike the two commands, what was inferred, and what had to be said by hand."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tasks.describe.describe import describe_tables
from tasks.describe.draft import ColumnDraft, Draft
from tasks.describe.read_files import FileReader
from tasks.describe.write_contract import name_type
from tests.support.gallery.more_files import SHAPES
from tests.support.gallery.shape import Shape, Truth, read_answers

_HEAD = """\
# Gallery: files as they are

Small look-alikes of public loan files, made by the tests (`tests/support/gallery/`); no row is of a real file. Each
takes two commands. The page is made by `python -m tests.support.gallery > docs/gallery.md`.

A column counts as right where its role, its type, and its special values, order, format or outcome are what a careful
person would say. {right} of {columns} are; a test demands 95 %, and all identifiers, times and outcomes.
The inference was developed with these files: look at a draft of your own with more care than these figures suggest.

| look-alike | columns | right |
|---|---|---|
{table}
"""
_NAMES = {"ignored": "left out"}


def draft_shapes() -> dict[str, tuple[Shape, FileReader, Draft]]:
    """Each look-alike described."""
    described = {}
    for shape in SHAPES:
        with TemporaryDirectory() as name:
            folder = Path(name)
            reader = FileReader(shape.write(folder), folder)
            tables = [reader.sample(source.table) for source in reader.sources]
            described[shape.name] = shape, reader, describe_tables(tables, read_answers(shape), reader.read_keys)
    return described


def find_truth(shape: Shape, column: ColumnDraft) -> Truth:
    """What a person would say of the column."""
    return shape.truth.get(column.source) or shape.truth[f"{column.table}/{column.source}"]


def list_wrong(column: ColumnDraft, truth: Truth) -> list[str]:
    """What a person would have said otherwise."""
    said: dict[str, Any] = {"role": column.role, "type": name_type(column) if truth.type else None}
    said |= {option: _as_plain(column.options.get(option)) for option in truth.options}
    meant = {"role": truth.role, "type": truth.type, **truth.options}
    return [f"{key}: {said[key]!r} for {meant[key]!r}" for key in meant if said[key] != meant[key]]


def write_page(described: Mapping[str, tuple[Shape, FileReader, Draft]]) -> str:
    """The page as Markdown."""
    counts = {name: _count_right(shape, draft) for name, (shape, _, draft) in described.items()}
    rows = [
        f"| [{shape.description}](#{name}) | {counts[name][1]} | {counts[name][0]} |"
        for name, (shape, _, _) in described.items()
    ]
    head = _HEAD.format(
        right=sum(right for right, _ in counts.values()),
        columns=sum(columns for _, columns in counts.values()),
        table="\n".join(rows),
    )
    parts = ["\n".join(_write_shape(shape, reader, draft)) for shape, reader, draft in described.values()]
    return "\n".join([head, "\n\n".join(parts)]) + "\n"


def _count_right(shape: Shape, draft: Draft) -> tuple[int, int]:
    right = sum(not list_wrong(column, find_truth(shape, column)) for column in draft.columns)
    return right, len(draft.columns)


def _write_shape(shape: Shape, reader: FileReader, draft: Draft) -> Iterator[str]:
    files = [source.file for source in reader.sources]
    options = " ".join(map(shlex.quote, shape.options))
    monitor = " ".join(["python -m flows.monitor", "--contract", f"{draft.name}.toml", *shape.monitor])
    describe = f"python -m flows.describe {' '.join(files)} {options} --load"
    yield f"## {shape.name}\n{shape.description}.\n```\n{describe}\n{monitor}\n```"
    yield f"{draft.base.rows:,} rows. Said by hand: {_name_said(shape)}.\n"
    yield "| column | role | type | what was inferred |\n|---|---|---|---|"
    for column in draft.columns:
        role = _NAMES.get(column.role, column.role)
        kind = name_type(column) if column.role not in ("ignored", "id", "customer", "time") else ""
        yield f"| {_escape(column.source)} | {role} | {kind} | {_escape(_say(column))} |"
    for name, column in draft.durations.items():
        yield f"| {name} | feature | number | days from {column.source} to the application |"


def _name_said(shape: Shape) -> str:
    said = [option.removeprefix("--") for option in shape.options if option.startswith("--")]
    return ", ".join(
        "the order of the rows as time" if option == "rows-as-time" else f"the {option}" for option in said
    )


def _say(column: ColumnDraft) -> str:
    if column.role == "ignored":
        return "; ".join([*column.notes, *column.doubts])
    shown = (
        "formats",
        "decimal",
        "affixes",
        "unit",
        "special",
        "ordered",
        "positive",
        "negative",
        "undecided",
        "missing",
    )
    said = {**column.options, "missing": sorted(set(column.reading.missing) - {""})}
    return "; ".join(f"{name} {_join(said[name])}" for name in shown if said.get(name))


def _join(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | dict) else str(value)


def _as_plain(value: Any) -> Any:
    return list(value) if isinstance(value, dict) else value


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
