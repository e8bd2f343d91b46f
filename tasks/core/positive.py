"""The positive label and the checks of it, named by the contract's own word: "loan given" here, "default" elsewhere.

Whether it is good news only the lender knows, so that no sentence calls it an approval.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.core.wording import shorten


@dataclass(frozen=True)
class Positive:
    """The positive label as sentences name it.

    Parameters
    ----------
    value
        The contract's word for it; empty where no contract is at hand.

    Examples
    --------
    >>> Positive("default").share
    'share of "default"'
    >>> str(Positive())
    'the positive decision'
    """

    value: str = ""

    def __str__(self) -> str:
        return f'"{shorten(self.value)}"' if self.value else "the positive decision"

    @property
    def share(self) -> str:
        """What is counted of it: its share."""
        return f"share of {self}"


UNNAMED = Positive()  # where no contract is at hand
CHECKS = {
    "distribution": "distribution",
    "never_seen": "new values",
    "missing": "missing values",
    "joint_shape": "joint distribution",
    "approval_rate": "{share}",
    "score_curve": "{share} at an equal score",
    "by_column": "{share} by value, at an equal score",
    "auc": "ranking (AUC)",
    "calibration": "calibration",
    "score_missing": "applications without a score",
    "score_scale": "scores outside their scale",
    "score_rounded": "rounded scores",
    "score_tied": "equal scores",
    "score_direction": "direction of the scores",
    "model_name": "name of the lender's own model",
    "model_version": "version of the lender's own model",
    "strength": "ranking of the reference",
    "estimated_auc": "ranking of undecided applications (estimated AUC)",
}


def name_check(check: str, positive: Positive = UNNAMED) -> str:
    """A check's name for the reader.

    Parameters
    ----------
    check
        Its id.
    positive
        The contract's word for the positive label.

    Examples
    --------
    >>> name_check("score_curve", Positive("default"))
    'share of "default" at an equal score'
    """
    return CHECKS[check].format(share=positive.share) if check in CHECKS else check.replace("_", " ")
