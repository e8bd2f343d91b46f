"""Target: the column with the outcome, which of its values count as 1, and which are no decision yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tasks.contract.words import fold
from tasks.describe.draft import Answers, ColumnDraft, NeedAnswerError
from tasks.describe.roles import find_column
from tasks.describe.vocabulary import has_part, list_words

_MOST_VALUES = 30


def choose_target(columns: Sequence[ColumnDraft], answers: Answers) -> ColumnDraft | None:
    """The outcome: as named, else the only column that looks like it. Raises NeedAnswerError unless there is one.

    A partial description has none unless it is named.
    """
    if answers.target:
        column = find_column(columns, answers.target, "target")
        column.take_role("target", "named by --target")
        return column
    if answers.is_partial:
        return None
    likely = [column for column in columns if _looks_like_target(column)]
    if len(likely) != 1:
        found = f"These may be it: {', '.join(c.source for c in likely)}. " if likely else ""
        raise NeedAnswerError(
            "target",
            f"Which column holds the outcome? {found}Name it with --target COLUMN.",
            tuple(c.source for c in likely),
        )
    likely[0].take_role("target", "by its name and values")
    likely[0].doubts.append("taken for the outcome; --target chooses another column")
    return likely[0]


def _looks_like_target(column: ColumnDraft) -> bool:
    values = list_values(column)
    if column.name not in list_words("names", "target") or not 2 <= len(values) <= _MOST_VALUES:
        return False
    good, bad = list_words("values", "good"), list_words("values", "bad")
    return bool(set(values) & good and set(values) & bad) or set(values) == {"0", "1"}


def list_values(column: ColumnDraft) -> dict[str, int]:
    """The target's values, folded, with their counts; 1.0 is 1."""
    values: dict[str, int] = {}
    for text, count in column.sampled.counts.items():
        word = fold_value(text)
        if word not in list_words("values", "missing"):
            values[word] = values.get(word, 0) + count
    return values


def fold_value(text: str) -> str:
    """A value of the target as its contract has it: folded, and 1 for 1.0."""
    word = fold(text)
    return word[:-2] if word.endswith(".0") and word[:-2].lstrip("-").isdecimal() else word


def describe_target(column: ColumnDraft, answers: Answers) -> None:
    """Say which values are positive, negative and undecided. Raises NeedAnswerError where that cannot be known."""
    values = list_values(column)
    if not 2 <= len(values) <= _MOST_VALUES:
        raise NeedAnswerError(
            "target",
            f"The column {column.source!r} has {len(values):,} different values and cannot be the outcome. Name "
            "another one with --target.",
        )
    given = {kind: _find_given(getattr(answers, kind), values, kind) for kind in ("positive", "negative", "undecided")}
    positive = given["positive"] or _guess_positive(column, values, given)
    undecided = given["undecided"] or tuple(
        v for v in values if v in list_words("values", "undecided") and v not in (*positive, *given["negative"])
    )
    if len(values) - len(undecided) <= len(positive):
        undecided = given["undecided"]
    negative = given["negative"] or tuple(v for v in values if v not in (*positive, *undecided))
    if not negative:
        raise NeedAnswerError(
            "positive",
            f"All values of {column.source!r} count as positive or undecided. Say which do with "
            f"--positive and --undecided: {_show(values)}.",
        )
    _say_values(column, positive, negative, undecided)
    if not given["positive"]:
        column.doubts.append(f"{' and '.join(map(repr, positive))} counts as positive; --positive chooses")
    if undecided and not given["undecided"]:
        column.doubts.append(f"not decided yet: {', '.join(map(repr, undecided))}; --undecided chooses")


def _find_given(words: Iterable[str], values: dict[str, int], option: str) -> tuple[str, ...]:
    folded = tuple(dict.fromkeys(fold(word) for word in words))
    unknown = [word for word in folded if word not in values]
    if unknown:
        raise NeedAnswerError(
            option, f"--{option} {unknown[0]!r} does not occur in the target. Its values are: {_show(values)}."
        )
    return folded


def _guess_positive(column: ColumnDraft, values: dict[str, int], given: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    left = [value for value in values if value not in (*given["negative"], *given["undecided"])]
    if given["negative"] and given["undecided"]:
        return tuple(left)
    if set(left) in ({"0", "1"}, {"true", "false"}, {"y", "n"}, {"yes", "no"}, {"t", "f"}):
        return (next(value for value in left if value in ("1", "true", "y", "yes", "t")),)
    good = tuple(value for value in left if value in list_words("values", "good"))
    bad = tuple(value for value in left if value in list_words("values", "bad"))
    if good and (bad or len(left) > len(good)) and not (len(left) > len(good) + len(bad) + _count_undecided(left)):
        return good
    if len(left) == 2 and len(bad) == 1:
        return tuple(value for value in left if value not in bad)
    if has_part(column.name, list_words("names", "target")) and len(left) == 2 and set(left) == {"1", "2"}:
        return ("1",)
    raise NeedAnswerError(
        "positive",
        f"Which values of {column.source!r} count as positive? They are: {_show(values)}. Say so with "
        "--positive VALUE, and with --undecided VALUE which of them are no decision yet.",
        tuple(values),
    )


def _count_undecided(values: Iterable[str]) -> int:
    return sum(value in list_words("values", "undecided") for value in values)


def _say_values(
    column: ColumnDraft, positive: Sequence[str], negative: Sequence[str], undecided: Sequence[str]
) -> None:
    column.options = {"positive": _plain(positive), "negative": _plain(negative)}
    if undecided:
        column.options["undecided"] = list(undecided)


def _plain(words: Sequence[str]) -> str | list[str]:
    return words[0] if len(words) == 1 else list(words)


def _show(values: dict[str, int]) -> str:
    shown = [f"{value[:40]!r} ({count:,})" for value, count in sorted(values.items(), key=lambda pair: -pair[1])[:12]]
    return ", ".join(shown) + (" …" if len(values) > 12 else "")
