"""Storage: a profile as one Parquet file, without a value or an identifier of an applicant."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from blocks.errors import LoanwatchError
from tasks.core.arrivals import Arrivals
from tasks.profile.bins import Bins
from tasks.profile.day_effects import describe_day_effects, restore_day_effects
from tasks.profile.profile import ColumnLikeness, Profile
from tasks.statistics.counted_auc import Auc
from tasks.statistics.likeness import Likeness
from tasks.statistics.score_bins import ScoreBins

SCHEMA = "loanwatch.profile/4"


LABEL, SCORE, CUSTOMER, HALF, DAY = "(label)", "(score)", "(customer)", "(half)", "(day)"


class ProfileError(LoanwatchError):
    """A profile's file cannot be used."""


def save_profile(profile: Profile, path: Path) -> None:
    """Write the profile as one Parquet file: the sample as its rows, all else as its metadata."""
    names = [bins.name for bins in profile.columns]
    arrays = [pa.array(profile.codes[:, place]) for place in range(len(names))]
    kept = {LABEL: profile.labels, SCORE: profile.scores, CUSTOMER: profile.groups}
    if profile.halves is not None:
        kept[HALF] = profile.halves
    if profile.day_effects is not None:
        kept[DAY] = profile.day_effects.numbers
    table = pa.table([*arrays, *map(pa.array, kept.values())], names=[*names, *kept])
    described = json.dumps(_describe(profile), ensure_ascii=False, allow_nan=False)
    pq.write_table(table.replace_schema_metadata({"loanwatch": described}), path, compression="zstd")


def load_profile(path: Path) -> Profile:
    """Read what `save_profile` wrote. Raises ProfileError."""
    try:
        table = pq.read_table(path)
        described = json.loads((table.schema.metadata or {})[b"loanwatch"])
        if described["schema"] != SCHEMA:
            raise ProfileError(
                f"The profile {path} has the form {described['schema']}; this version of loanwatch reads {SCHEMA}. "
                "Train a new champion with `python -m flows.train`."
            )
        return _restore(described, table)
    except (OSError, KeyError, ValueError, TypeError, pa.ArrowException) as error:
        raise ProfileError(
            f"{path} is no profile that can be read ({type(error).__name__}). Restore it, or train a new champion "
            "with `python -m flows.train`."
        ) from None


def _describe(profile: Profile) -> dict[str, Any]:
    auc = profile.auc
    return {
        "schema": SCHEMA,
        "origin": profile.origin,
        "rows": profile.rows,
        "labelled": profile.labelled,
        "positive": profile.positive,
        "undecided": profile.undecided,
        "judged": profile.judged,
        "is_given_only": profile.is_given_only,
        "told_by": list(profile.told_by),
        "arrivals": None if profile.arrivals is None else asdict(profile.arrivals),
        "score_bins": None if profile.score_bins is None else _describe_bins(profile.score_bins),
        "day_effects": None if profile.day_effects is None else describe_day_effects(profile.day_effects),
        "auc": None if auc is None else [auc.value, auc.variance],
        "label_likeness": asdict(profile.label_likeness),
        "columns": [
            {
                "name": bins.name,
                "is_number": bins.is_number,
                "is_ordered": bins.is_ordered,
                "unit": bins.unit,
                "edges": bins.edges.tolist(),
                "special": [[value, meaning] for value, meaning in bins.special.items()],
                "categories": list(bins.categories),
                "rare": bins.rare,
                "counts": counts.tolist(),
                "mask": mask,
                "likeness": asdict(likeness),
            }
            for bins, counts, mask, likeness in zip(
                profile.columns, profile.counts, profile.masks, profile.likeness, strict=True
            )
        ],
    }


def _restore(described: dict[str, Any], table: pa.Table) -> Profile:
    columns, counts, masks, likeness = [], [], [], []
    for entry in described["columns"]:
        counts.append(np.array(entry.pop("counts"), dtype=np.int64))
        masks.append(entry.pop("mask"))
        likeness.append(ColumnLikeness(**{name: Likeness(**held) for name, held in entry.pop("likeness").items()}))
        edges = np.array(entry.pop("edges"), dtype=np.float64)
        special = {float(value): meaning for value, meaning in entry.pop("special")}
        columns.append(Bins(edges=edges, special=special, categories=tuple(entry.pop("categories")), **entry))
    codes = [table[bins.name].to_numpy() for bins in columns]
    auc = described["auc"]
    return Profile(
        tuple(columns),
        tuple(counts),
        tuple(masks),
        described["rows"],
        described["labelled"],
        described["positive"],
        None if auc is None else Auc(*auc),
        described["origin"],
        np.asfortranarray(np.column_stack(codes).astype(np.int32)),
        table[LABEL].to_numpy(),
        table[SCORE].to_numpy(),
        tuple(likeness),
        Likeness(**described["label_likeness"]),
        table[CUSTOMER].to_numpy(),
        table[HALF].to_numpy() if HALF in table.column_names else None,
        described["undecided"],
        tuple(described["told_by"]),
        _restore_arrivals(described.get("arrivals")),
        _restore_bins(described.get("score_bins")),
        restore_day_effects(described["day_effects"], table[DAY].to_numpy()) if described.get("day_effects") else None,
        described.get("judged", described["labelled"]),
        described.get("is_given_only", False),
    )


def _restore_arrivals(held: dict[str, list[int]] | None) -> Arrivals | None:
    """None for a profile that was written before arrivals were kept."""
    return None if held is None else Arrivals(**{name: tuple(counts) for name, counts in held.items()})


def _describe_bins(bins: ScoreBins) -> dict[str, list[float]]:
    return {"highest": bins.highest.tolist(), "rows": bins.rows.tolist(), "positives": bins.positives.tolist()}


def _restore_bins(held: dict[str, list[float]] | None) -> ScoreBins | None:
    """None for a profile that was written before scores were counted, or that has no labelled row."""
    if held is None:
        return None
    rows, positives = (np.array(held[name], dtype=np.int64) for name in ("rows", "positives"))
    return ScoreBins(np.array(held["highest"], dtype=np.float64), rows, positives)
