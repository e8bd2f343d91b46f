"""The section "In the bank's terms": a run's numbers as rows of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tasks.core.positive import Positive
from tasks.core.wording import format_share
from tasks.reports.page.bank_picture import draw_attribution
from tasks.reports.page.wording import Record, find_positive

MOST_COLUMNS = 40
TERMS = {"psi": "PSI", "csi": "PSI", "ks": "KS", "gini": "Gini"}
NO_NUMBER = "–"
REACH = 1.96  # 95 % of a normal distribution


@dataclass(frozen=True)
class BankSection:
    """What the template shows.

    Parameters
    ----------
    record
        The numbers as in summary.json.
    headlines
        One row each: name, before, now, interval, usual band, bands, rows, meaning.
    columns
        The columns that moved most, and how many more there are.
    bands, capture
        The rows of the two tables.
    sentences
        Where the changes come from, in words.
    picture
        The same, drawn; empty without it.
    """

    record: Record
    headlines: Sequence[Mapping[str, str]]
    columns: Sequence[Mapping[str, str]]
    more_columns: int
    bands: Sequence[Mapping[str, str]]
    capture: Sequence[Mapping[str, str]]
    sentences: Sequence[str]
    picture: Markup


def show_bank(summary: Record) -> BankSection | None:
    """The section of a run; None where nothing was compared."""
    record = summary.get("bank")
    if not record:
        return None
    positive = find_positive(summary)
    columns = record["columns"]
    return BankSection(
        record,
        [_show_headline(headline, record["meanings"][headline["key"]]) for headline in record["headlines"]],
        [_show_column(column) for column in columns[:MOST_COLUMNS]],
        max(len(columns) - MOST_COLUMNS, 0),
        [_show_band(band) for band in record["bands"]],
        _show_capture(record),
        explain_changes(record["attribution"], positive),
        draw_attribution(record["attribution"], positive) if record["attribution"] else Markup(""),
    )


def _show_headline(headline: Record, meaning: Record) -> dict[str, str]:
    is_psi = headline["key"] in ("psi", "csi")
    say = _say_money if headline["key"] == "profit" else _say_plain
    interval = f"{say(headline['low'])} to {say(headline['high'])}" if headline["low"] is not None else ""
    chance = f"by chance up to {say(headline['high'])}"
    rows = [f"{headline[side]:,}" for side in ("reference_rows", "window_rows")]
    return {
        "name": _name_headline(headline),
        "term": TERMS.get(headline["key"], ""),
        "reference": "" if is_psi else say(headline["reference"]),
        "window": say(headline["window"]),
        "interval": chance if is_psi else interval,
        "band": headline["band"],
        "bands": meaning["bands"],
        "rows": f"{rows[0]} and {rows[1]}",
        "says": meaning["says"],
    }


def _name_headline(headline: Record) -> str:
    if headline["key"] == "csi":
        return f"Largest {headline['name']}: {headline['subject']}"
    if headline["key"] == "profit":
        return f"{headline['name']}, {headline['unit']} for each application".replace(",  ", ", ")
    return str(headline["name"])


def _show_column(column: Record) -> dict[str, str]:
    return {
        "name": column["column"],
        "value": f"{column['value']:.3f}",
        "chance": f"{column['chance_limit']:.3f}",
        "bins": f"{column['bins']}",
        "rows": f"{column['reference_rows']:,} and {column['window_rows']:,}",
    }


def _show_band(band: Record) -> dict[str, str]:
    low, high = (None if band[end] is None else f"{band[end]:.3f}" for end in ("low", "high"))
    if low is None:
        name = "all scores" if high is None else f"below {high}"
    else:
        name = f"{low} or more" if high is None else f"{low} to {high}"
    shown = {"name": name}
    for side in ("reference", "window"):
        held = band[side]
        shown |= {
            f"{side}_rows": f"{held['rows']:,}",
            f"{side}_share": format_share(held["share"]),
            f"{side}_rate": NO_NUMBER if held["positive_rate"] is None else format_share(held["positive_rate"]),
            f"{side}_odds": NO_NUMBER if held["odds"] is None else f"{held['odds']:.2f}",
        }
    return shown


def _show_capture(record: Record) -> list[dict[str, str]]:
    """A row for each depth: the bad ones among the worst, the good ones among the best."""
    tables = [(record[name], side) for name in ("bad", "good") for side in ("reference", "window")]
    depths = max(([entry["depth"] for entry in table[side]] for table, side in tables), key=len)
    rows = []
    for place, depth in enumerate(depths):
        row = {"depth": f"{100 * depth:.0f} %"}
        for name in ("bad", "good"):
            for side in ("reference", "window"):
                held = record[name][side]
                value = f"{format_share(held[place]['captured'])} ({held[place]['lift']:.2f})" if held else NO_NUMBER
                row[f"{name}_{side}"] = value
        rows.append(row)
    return rows


def explain_changes(attribution: Record | None, positive: Positive) -> list[str]:
    """One sentence on the positive rate and one on the AUC.

    Parameters
    ----------
    attribution
        As in summary.json; None where it was not measured.
    positive
        The contract's word.
    """
    if attribution is None:
        return []
    rate, auc = attribution["rate"], attribution["auc"]
    return [
        _explain(f"The {positive.share}", rate, lambda value: f"{100 * value:.1f} points", format_share),
        _explain("The AUC", auc, lambda value: f"{value:.3f}", lambda value: f"{value:.3f}"),
    ]


def _explain(what: str, part: Record, say: Any, say_level: Any) -> str:
    total = part["total"]
    levels = f"from {say_level(part['reference'])} to {say_level(part['window'])}"
    word = "rose" if total["value"] >= 0 else "fell"
    pieces = [
        f"{'+' if part[name]['value'] >= 0 else '−'}{say(abs(part[name]['value']))} (standard error "
        f"{say(part[name]['error'])})"
        for name in ("mix", "rule")
    ]
    noise = "" if abs(total["value"]) > REACH * total["error"] else ", which is within noise"
    return (
        f"{what} {word} by {say(abs(total['value']))}, {levels}{noise}: {pieces[0]} goes with other applicants, "
        f"{pieces[1]} with another outcome for equal applicants."
    )


def _say_plain(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _say_money(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"
