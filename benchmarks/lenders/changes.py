"""Changes: the table of what is planted, what a sound procedure must and must not say of it, and why."""

from __future__ import annotations

from benchmarks.lenders import data_changes, rule_changes
from benchmarks.lenders.planting import CONCEPT, DATA, LABEL, MODEL, Change

NOTHING = "nothing"
# Nothing changes, and nothing but leaks is asked.
LEAKS_ONLY = "leaks only"
_MOVED = "values moved and decisions did not, so P(y given x) moved too; nobody was decided otherwise"
RARE_RATE = 0.03

CHANGES = (
    Change("column moved", (1.0, 2.0), DATA, CONCEPT | MODEL, _MOVED, data_changes.move_column),
    Change("words added", (1.0, 2.0, 5.0), DATA, CONCEPT | MODEL, _MOVED, data_changes.add_words),
    Change("values gone", (1.0, 2.0), DATA, CONCEPT | MODEL, _MOVED, data_changes.remove_values),
    Change("unit broken", (1.0, 2.0), DATA, CONCEPT | MODEL, _MOVED, data_changes.break_unit),
    Change("columns torn apart", (1.0, 2.0), DATA, CONCEPT | MODEL, _MOVED, data_changes.tear_apart),
    Change(
        "rate moved",
        (1.0, 2.0),
        LABEL,
        CONCEPT | MODEL,
        "no applicant changed; another rate at every score is another rule, and bad calibration",
        rule_changes.move_rate,
    ),
    Change(
        "labels flipped",
        (1.0, 2.0),
        CONCEPT,
        LABEL | MODEL,
        "no applicant changed; the rate moves to one half and the AUC falls",
        rule_changes.flip_labels,
    ),
    Change(
        "effect reversed",
        (1.0, 2.0),
        CONCEPT,
        MODEL,
        "no applicant changed and the rate is kept; decisions follow another rule than the model's",
        rule_changes.reverse_effect,
    ),
)
# Of the group `rare` only, whose rate is 1.2 %.
RARE_CHANGE = Change(
    "rate to 3.0 %",
    (2.0,),
    LABEL,
    CONCEPT | MODEL,
    "as the rate moved",
    lambda place: rule_changes.raise_rate(place, RARE_RATE),
)
BY_NAME = {change.name: change for change in (*CHANGES, RARE_CHANGE)}


def list_changes(group: str) -> tuple[Change, ...]:
    """What is planted in the windows of a group's lenders."""
    if group == "rare":
        return (RARE_CHANGE,)
    return CHANGES if group in ("random", "power") else ()
