"""Meaning: the usual bands of each number, and one sentence on what it can and cannot say, from meaning.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Meaning:
    """One number.

    Parameters
    ----------
    name
        For the reader.
    bands
        From which value on which word is used, ascending; empty where no bands are usual.
    says
        What it can and cannot say.
    source
        Where it was published.
    """

    name: str
    bands: tuple[tuple[float, str], ...]
    says: str
    source: str

    def name_band(self, value: float | None) -> str:
        """The word of the usual band that a value lies in; empty without bands or value.

        Examples
        --------
        >>> read_meanings()["psi"].name_band(0.12)
        'some change'
        """
        if value is None:
            return ""
        return next((word for least, word in reversed(self.bands) if value >= least), "")

    def as_record(self) -> dict[str, str]:
        """Plain JSON values."""
        return {"name": self.name, "bands": self.spelt_bands, "says": self.says, "source": self.source}

    @property
    def spelt_bands(self) -> str:
        """The usual bands in a line.

        Examples
        --------
        >>> read_meanings()["psi"].spelt_bands
        'stable, from 0.10 some change, from 0.25 large change'
        """
        first, *others = self.bands or ((0.0, ""),)
        return ", ".join([first[1], *(f"from {least:.2f} {word}" for least, word in others)])


@cache
def read_meanings() -> dict[str, Meaning]:
    """Every number's meaning, by its key."""
    described = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        key: Meaning(**{**entry, "bands": tuple((float(least), word) for least, word in entry["bands"])})
        for key, entry in described.items()
    }
