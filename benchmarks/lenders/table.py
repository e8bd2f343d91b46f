"""Table: the records of a run as Markdown: the goals, windows without a change, windows with one, and failed runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmarks.lenders.changes import LEAKS_ONLY, NOTHING
from benchmarks.lenders.goals import Records, has_verdict, list_goals
from tasks.core.findings import DRIFT_QUESTIONS, Outcome
from tasks.monitor_check.report import find_interval


def as_markdown(records: Records) -> str:
    """The goals with their values, and under them the tables."""
    nulls = [record for record in records if record["change"] == NOTHING]
    parts = [
        "\n".join(f"- {goal}" for goal in list_goals(records)),
        _tabulate_nulls(nulls),
        _tabulate_changes([record for record in records if record["change"] not in (NOTHING, LEAKS_ONLY)]),
        _list_failed(records),
    ]
    return "\n\n".join(filter(None, parts))


def format_share(hits: int, tries: int) -> str:
    """A share with its interval; a dash where nothing was tried."""
    if not tries:
        return "–"
    low, high = find_interval(hits, tries)
    return f"{hits / tries:.3f} [{low:.3f}, {high:.3f}]"


def _tabulate_nulls(nulls: Records) -> str:
    """One row for each kind of random lender and each case of the other groups."""
    head = ["nothing changes", "windows", "no verdict", "unfit", "any alarm", *map(str, DRIFT_QUESTIONS)]
    lines = _head([*head, "leak suspected", "promoted"])
    for name, chosen in _split(nulls):
        judged = [record for record in chosen if has_verdict(record)]
        unfit = sum(record["verdict"] == str(Outcome.QUALITY_FAILED) for record in judged)
        by_question = [sum(str(question) in record["alarms"] for record in judged) for question in DRIFT_QUESTIONS]
        leaks = sum(bool(record["leaks"]) for record in judged)
        cells = [name, len(chosen), len(chosen) - len(judged), unfit]
        cells += [format_share(sum(bool(record["alarms"]) for record in judged), len(judged))]
        lines.append(_row([*cells, *by_question, leaks, sum(record["promoted"] for record in judged)]))
    return "\n".join(lines) if nulls else ""


def _split(nulls: Records) -> Iterator[tuple[str, Records]]:
    for group in dict.fromkeys(record["group"] for record in nulls):
        chosen = [record for record in nulls if record["group"] == group]
        yield group, chosen
        for kind in sorted({kind for record in chosen for kind in record["kind"]} if group == "random" else ()):
            yield f"{group}: {kind}", [record for record in chosen if kind in record["kind"]]
        cases = list(dict.fromkeys(record["case"] for record in chosen))
        for case in cases if len(cases) > 1 else ():
            yield f"{group}: {case}", [record for record in chosen if record["case"] == case]


def _tabulate_changes(changed: Records) -> str:
    """One row for each group, change and size."""
    head = ["group", "change", "limits", "windows", "found", "right", "visible", "found of the visible"]
    lines = _head(head)

    def key(record: dict[str, Any]) -> tuple[Any, ...]:
        return record["group"], record["change"], record["size"]

    for one in dict.fromkeys(map(key, changed)):
        chosen = [record for record in changed if key(record) == one and has_verdict(record)]
        seen = [record for record in chosen if record["visible"]]
        is_known = any(record["visible"] is not None for record in chosen)
        cells = [*one, len(chosen), *(_count(chosen, name) for name in ("found", "right"))]
        lines.append(_row([*cells, *((len(seen), _count(seen, "found")) if is_known else ("–", "–"))]))
    return "\n".join(lines) if changed else ""


def _count(records: Records, name: str) -> str:
    return format_share(sum(bool(record[name]) for record in records), len(records))


def _list_failed(records: Records) -> str:
    """How often each error occurred, by its class; the rest of its words differ."""
    counts = Counter(record["verdict"].split(":", 2)[1].strip() for record in records if not has_verdict(record))
    return "\n".join(f"- no verdict, {kind}: {count}" for kind, count in counts.most_common())


def _head(names: list[str]) -> list[str]:
    return [_row(names), f"|{'---|' * len(names)}"]


def _row(cells: list[Any]) -> str:
    return f"| {' | '.join(f'{cell:g}' if isinstance(cell, float) else str(cell) for cell in cells)} |"
