"""How results are worded for people: amounts, shares, lists, and the names, marks and colours of verdicts."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.core.findings import Outcome, Question, Verdict

if TYPE_CHECKING:
    import pandas as pd

AUC = "AUC"
LONGEST_WORD = 30


@dataclass(frozen=True)
class Tone:
    """A colour that carries a meaning: its name in the pages' style, its value on white, its name in a terminal."""

    style: str
    colour: str
    terminal: str


GREEN = Tone("pass", "#17674f", "green")
AMBER = Tone("warn", "#80500a", "yellow")
RED = Tone("fail", "#a8300f", "red")
VIOLET = Tone("open", "#61389a", "magenta")
BLUE = Tone("blue", "#0b5390", "blue")
TONES = (GREEN, AMBER, RED, VIOLET, BLUE)


@dataclass(frozen=True)
class Label:
    """How a verdict or an outcome is shown: in the terminal, the Prefect UI, the report, the history and the rest."""

    name: str
    tone: Tone
    mark: str = ""


# The glossary says what they mean. An open question is violet, never green.
VERDICTS = {
    Verdict.PASS: Label("pass", GREEN, "✓"),
    Verdict.WARN: Label("note", AMBER, "!"),
    Verdict.FAIL: Label("alarm", RED, "✗"),
    Verdict.KNOWN: Label("known", BLUE, "="),
    Verdict.NOT_ENOUGH_DATA: Label("not enough data", VIOLET, "?"),
    Verdict.NOT_RUN: Label("not run", VIOLET, "–"),
}
_QUALITY = {Verdict.PASS: "fit", Verdict.WARN: "fit, with notes", Verdict.FAIL: "unfit"}
OUTCOMES = {
    Outcome.QUALITY_FAILED: Label("data unfit", RED),
    Outcome.STABLE: Label("stable", GREEN),
    Outcome.UNDECIDED: Label("undecided", VIOLET),
    Outcome.KEPT: Label("retrained, champion kept", AMBER),
    Outcome.PROMOTED: Label("retrained, challenger promoted", BLUE),
}


def name_verdict(question: str, verdict: str) -> str:
    """A verdict as the answer to its question: of data quality, whether the data are fit."""
    label = VERDICTS[Verdict(verdict)]
    return _QUALITY.get(Verdict(verdict), label.name) if question == Question.QUALITY else label.name


def name_question(question: str) -> str:
    """A question as the name of what was found: data quality, or one kind of drift."""
    return "data quality" if question == Question.QUALITY else f"{question} drift"


def name_outcome(outcome: str, *, was_retrained: bool = True) -> str:
    """An outcome in words. The policy may keep the champion without training a challenger."""
    if outcome == Outcome.KEPT and not was_retrained:
        return "not retrained, champion kept"
    return OUTCOMES[Outcome(outcome)].name


def format_amount(amount: float, unit: str) -> str:
    """An effect in its unit: percentage points for shares, three decimals for an AUC."""
    return f"{amount:.3f}" if unit == AUC else f"{100 * amount:.1f} points"


def format_share(share: float) -> str:
    """A share as a percentage."""
    return f"{100 * share:.1f} %"


def shorten(value: object, longest: int = 40) -> str:
    """A value of the data for use in a sentence: short, on one line, without control or bidirectional characters.

    It is plain text: who shows it escapes it.
    """
    text = "".join(sign if unicodedata.category(sign)[0] != "C" else "�" for sign in str(value))
    return text if len(text) <= longest else f"{text[:longest]}…"


def list_some(names: Sequence[str], most: int = 3) -> str:
    """The first few of many names: `a, b, c and 4 more`."""
    listed = ", ".join(names[:most])
    return f"{listed} and {len(names) - most} more" if len(names) > most else listed


def list_words(counts: Mapping[str, int] | pd.Series[int], most: int = 5) -> str:
    """The most frequent words of the data with their counts, each short and on one line.

    It is plain text: who shows it escapes it.

    Parameters
    ----------
    counts
        How often each word occurs.
    most
        How many words are named.

    Examples
    --------
    >>> list_words({"web": 3, "post": 12, "fax": 1}, most=2)
    '"post" (12), "web" (3) and 1 more'
    """
    ranked = sorted(((str(word), int(count)) for word, count in counts.items()), key=lambda pair: (-pair[1], pair[0]))
    return list_some([f'"{shorten(word, LONGEST_WORD)}" ({count:,})' for word, count in ranked if count], most)


def join_list(items: Sequence[str]) -> str:
    """A list in a sentence."""
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else "".join(items)
