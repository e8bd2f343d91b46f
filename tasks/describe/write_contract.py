"""The draft as a contract: TOML with comments, and the same as a `Contract`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from tasks.contract.contract import Contract
from tasks.describe.draft import IGNORED, ROW_NUMBER, ColumnDraft, Draft, Ratio
from tasks.describe.sources import DescribedSource
from tasks.describe.vocabulary import list_words

ROW_ID, ROW_TIME, ROW_OUTCOME = "row_id", "row_time", "row_outcome"
_OPTIONS = (
    "formats", "decimal", "affixes", "unit", "min", "max", "special", "missing", "allowed", "ordered", "encoding",
    "positive", "negative", "undecided",
)  # fmt: skip
_HEADER = """\
# Drafted by `python -m flows.describe` from {rows:,} rows. It is yours: correct what is wrong.
# Lines that begin with "# look:" are guesses."""


def write_contract(draft: Draft, sources: Sequence[DescribedSource] = ()) -> str:
    """The text of the contract's file. `sources` are the files that `flows.load` fills tables from."""
    blocks = [_write_head(draft), *(_write_source(draft, source) for source in sources)]
    if draft.with_role("id") is None:
        blocks.append(
            _write_entry(
                "column",
                {"name": ROW_ID, "role": "id"},
                ["no column identifies an application: the row itself does"],
                [],
            )
        )
    if draft.with_role("time") is None:
        blocks.append(
            _write_entry("column", {"name": ROW_TIME, "role": "time"}, [], ["the order of the rows stands for time"])
        )
    if draft.with_role("target") is None:
        made_up = {"name": ROW_OUTCOME, "role": "target", "type": "integer", "positive": "1"}
        blocks.append(_write_entry("column", made_up, ["no column holds the outcome"], []))
    blocks += [_write_column(draft, column) for column in draft.kept]
    blocks += [_write_duration(name, column) for name, column in draft.durations.items()]
    blocks += [_write_entry("derived", _list_ratio(ratio), [], []) for ratio in draft.ratios]
    blocks += [
        _write_entry("derived", {"name": name, "record": features}, [], []) for name, features in draft.records.items()
    ]
    left_out = [_write_left_out(column) for column in draft.columns if column.role == IGNORED]
    if left_out:
        blocks.append("\n".join(["# Left out:", *left_out]))
    return "\n\n".join(blocks) + "\n"


def make_contract(draft: Draft, sources: Sequence[DescribedSource] = ()) -> Contract:
    """The contract that the text says. Raises ValidationError where it says none."""
    described = tomllib.loads(write_contract(draft, sources))
    return Contract.model_validate(described | {"file": Path(f"{draft.name}.toml")})


def list_common_missing(draft: Draft) -> list[str]:
    """The words that mean missing in the whole table: those that are an answer nowhere."""
    answers = {word for column in draft.kept for word in column.reading.words}
    perhaps = list_words("values", "perhaps_missing")
    found = {word for column in draft.kept for word in column.reading.missing if word}
    return sorted(word for word in found - answers - perhaps if not word.replace(".", "").replace(",", "").isdecimal())


def _write_head(draft: Draft) -> str:
    head: dict[str, Any] = {"name": draft.name, "query": f"{draft.name}.sql"}
    if draft.answers.timezone != "UTC":
        head["timezone"] = draft.answers.timezone
    if missing := list_common_missing(draft):
        head["missing"] = missing
    return _HEADER.format(rows=draft.base.rows) + "\n" + _write_fields(head)


def _write_source(draft: Draft, source: DescribedSource) -> str:
    fields: dict[str, Any] = {
        "table": source.table,
        "file": source.file,
        **source.options,
        "typed": True,
        "columns": list(source.columns),
    }
    dates = {
        column.source: column.options.get("formats", [])
        for column in draft.durations.values()
        if column.table == source.table
    }
    if dates:
        fields["dates"] = dates
    if draft.answers.is_by_rows and source.table == draft.base.name:
        fields["row_number"] = ROW_NUMBER
    return _write_entry("source", fields, [], [])


def _write_column(draft: Draft, column: ColumnDraft) -> str:
    role, kind = column.role, name_type(column)
    fields: dict[str, Any] = {"name": column.name}
    if column.source != column.name:
        fields["source"] = column.source
    if role != "feature":
        fields["role"] = role
    if role not in ("id", "customer", "time"):
        fields["type"] = kind
    options = dict(column.options)
    own = sorted(set(column.reading.missing) - set(list_common_missing(draft)) - {""})
    if own:
        options["missing"] = sorted({*own, *list_common_missing(draft)})
    if role in ("id", "customer"):
        options = {}
    fields |= {name: options[name] for name in _OPTIONS if name in options}
    return _write_entry("column", fields, column.notes, column.doubts)


def name_type(column: ColumnDraft) -> str:
    """The column's type in the contract."""
    if column.role == "target":
        return "boolean" if column.sampled.declared.startswith("bool") else "category"
    return column.reading.type


def _write_duration(name: str, column: ColumnDraft) -> str:
    fields = {"name": name, "type": "number", "unit": "days"}
    return _write_entry("column", fields, [f"the days from {column.source} to the application"], [])


def _list_ratio(ratio: Ratio) -> dict[str, Any]:
    fields = {"name": ratio.name, "numerator": ratio.numerator, "denominator": ratio.denominator}
    return fields if ratio.factor == 1 else {**fields, "factor": ratio.factor}


def _write_left_out(column: ColumnDraft) -> str:
    why = "; ".join([*column.notes, *column.doubts])
    mark = "# look: " if column.doubts else "#   "
    return f"{mark}{column.source!r}: {why}"


def _write_entry(kind: str, fields: Mapping[str, Any], notes: Sequence[str], doubts: Sequence[str]) -> str:
    comments = [f"# {_in_one_line(note)}" for note in notes] + [f"# look: {_in_one_line(doubt)}" for doubt in doubts]
    return "\n".join([*comments, f"[[{kind}]]", _write_fields(fields)])


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _write_fields(fields: Mapping[str, Any]) -> str:
    return "\n".join(f"{name} = {_write_value(value)}" for name, value in fields.items())


def _write_value(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_write_value(str(key))} = {_write_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_write_value, value))}]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")
