"""The fields of a contract that need more than a plain type, each with what it means and what it may hold."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from tasks.contract.words import fold, write_word, write_words

LONGEST_NAME = 63  # bytes: PostgreSQL cuts a longer name off
UNIX, UNIX_MILLISECONDS = "unix", "unix_ms"
DAYS_SINCE = "days since "
_PLAIN_NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{LONGEST_NAME - 1}}}")
_TRIAL = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)


def _as_numbers(special: Any) -> Any:
    """Special values as numbers: a TOML key is a text."""
    return {float(key): meaning for key, meaning in special.items()} if isinstance(special, dict) else special


def _as_words(value: Any) -> Any:
    """One word, or a list of them."""
    return write_words(value) if isinstance(value, list | tuple) else write_word(value)


def _fold_words(words: Any) -> Any:
    if isinstance(words, dict):
        return {fold(key): fold(word) for key, word in words.items()}
    if isinstance(words, tuple):
        return tuple(dict.fromkeys(map(fold, words)))
    return fold(words)


def _check_plain_name(name: str) -> str:
    if not _PLAIN_NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a plain name of at most {LONGEST_NAME} letters, digits and _. Let the query return the "
            "column under such a name (`as …`); `source` may hold its name in the table"
        )
    return name


def _check_name(name: str) -> str:
    if not name.strip() or "\0" in name or len(name.encode("utf-8", "replace")) > LONGEST_NAME:
        raise ValueError(f"must be a name of 1 to {LONGEST_NAME} bytes")
    return name


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # not found, or a folder, or no name at all
        raise ValueError(
            f"{name!r} is not a time zone; name one such as Europe/Berlin, America/New_York or UTC"
        ) from None
    return name


def _check_encoding(name: str) -> str:
    try:
        "".encode(codecs.lookup(name).name)
    except (LookupError, ValueError):
        raise ValueError(f"{name!r} is not an encoding; name one such as utf-8, cp1252 or latin-1") from None
    return name


def _check_affix(text: str) -> str:
    folded = fold(text)
    if not folded or folded[0].isdigit() or not re.search(r"[^\s\d.,'+-]|[.,]-", folded):
        raise ValueError(f"{text!r} cannot be told from a number; give the text beside it, such as % or months")
    return folded


def _reads_years(form: str) -> bool:
    try:
        return datetime.strptime(_TRIAL.strftime(form), form).year == _TRIAL.year
    except (ValueError, UnicodeError):
        return False


def _check_format(form: str) -> str:
    if form in (UNIX, UNIX_MILLISECONDS):
        return form
    if form.startswith(DAYS_SINCE):
        try:
            return DAYS_SINCE + date.fromisoformat(form.removeprefix(DAYS_SINCE).strip()).isoformat()
        except ValueError:
            raise ValueError(f"{form!r} has no first day such as 1960-01-01") from None
    if not _reads_years(form):
        raise ValueError(
            f"{form!r} is not a time format; write one such as %d.%m.%Y or %b-%Y, {UNIX}, {UNIX_MILLISECONDS} or "
            f"{DAYS_SINCE}1960-01-01"
        )
    return form


Name = Annotated[str, AfterValidator(_check_plain_name)]
AnyName = Annotated[str, AfterValidator(_check_name)]
Words = Annotated[tuple[str, ...], BeforeValidator(write_words), AfterValidator(_fold_words)]
OneOrMoreWords = Annotated[str | tuple[str, ...], BeforeValidator(_as_words), AfterValidator(_fold_words)]
Aliases = Annotated[dict[str, str], BeforeValidator(write_words), AfterValidator(_fold_words)]
MissingTexts = Annotated[tuple[str, ...], BeforeValidator(write_words), AfterValidator(_fold_words)]
Specials = Annotated[dict[float, str], BeforeValidator(_as_numbers)]
Decimal = Literal[".", ","]
Affixes = tuple[Annotated[str, AfterValidator(_check_affix)], ...]
Formats = tuple[Annotated[str, AfterValidator(_check_format)], ...]
TimeZone = Annotated[str, AfterValidator(_check_zone)]
Encoding = Annotated[str, AfterValidator(_check_encoding)]
