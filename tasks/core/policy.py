"""Every limit of a run: the form in the Prefect UI, the command line's defaults and the documentation at once."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from blocks.errors import UsageError
from tasks.core.validation_messages import describe_mistakes

Share = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[float, Field(gt=0, lt=0.5)]


RENAMED = {
    "turn_seconds": "lock_seconds",
    **{
        f"{name}_floor": f"{name}_limit"
        for name in (
            "distribution", "missing", "never_seen", "joint", "label", "concept", "concept_column", "auc", "calibration"
        )
    },
}  # fmt: skip


class Policy(BaseModel):
    """The base of all policies: frozen, and a misspelt option is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_old_names(cls, given: Any) -> Any:
        old = [name for name in given if name in RENAMED] if isinstance(given, dict) else []
        if old:
            raise ValueError("; ".join(f"`{name}` is now called `{RENAMED[name]}`" for name in old))
        return given


class QualityPolicy(Policy):
    """May this window be used at all?"""

    minimum_rows: int = Field(
        200, ge=1, description="Fewer applications than this cannot be judged: the window is unfit."
    )
    maximum_duplicate_share: Share = Field(0.10, description="Above this share of repeated rows the window is unfit.")
    maximum_ambiguous_share: Share = Field(
        0.10, description="Above this share of applications whose customer has conflicting records the window is unfit."
    )
    maximum_unreadable_share: Share = Field(
        0.05, description="Above this share of values of one column that are not of its type the window is unfit."
    )
    maximum_out_of_contract_share: Share = Field(
        0.25,
        description="Above this share of one column's values outside its range or allowed values the window is unfit.",
    )
    maximum_conflict_share: Share = Field(
        0.001, description="Above this share of applications that agree in every feature but not in the decision, warn."
    )
    leak_purity: Share = Field(
        0.995, description="A group of rows whose labels agree at least this far is suspected to give the label away."
    )
    leak_share: Share = Field(
        0.01, description="A suspected leak in a smaller share of the labelled rows is not named."
    )
    leak_break: Share = Field(
        0.10,
        description="The group's share of that label exceeds that of the other rows (of a range: of those next to its "
        "limit) at least by this; so a column that ranks well and smoothly is no leak.",
    )
    leak_level: Level = Field(0.01, description="Error budget of the whole search for leaks (Bonferroni).")
    suspicious_auc: Share = Field(
        0.98, description="One column that alone ranks the label this well is suspected as a leak."
    )
    stop_on_leak: bool = Field(False, description="Treat a window with a suspected label leak as unfit.")


class DriftPolicy(Policy):
    """What counts as drift: how sure (levels) and how much (floors).

    The levels are the error budget, 3 % of the runs without any drift: 1 % each for the applicants (data), the approval
    rate (label) and the rule, which the concept and the model question look at from two sides and share. A floor is
    compared with the estimated effect less one standard error.
    """

    minimum_rows: int = Field(200, ge=20, description="With fewer rows in either window a question is not answered.")
    columns_level: Level = Field(0.008, description="Error budget of all single-column tests together (Holm).")
    joint_level: Level = Field(0.002, description="Error budget of the test of the columns' joint shape.")
    label_level: Level = Field(0.01, description="Error budget of the label question.")
    concept_level: Level = Field(0.005, description="Error budget of all concept tests together (Holm).")
    model_level: Level = Field(0.005, description="Error budget of all model tests together (Holm).")
    distribution_limit: Share = Field(0.06, description="Share of applicants who crossed a line of one column.")
    missing_limit: Share = Field(0.06, description="Change of the share of missing values.")
    never_seen_limit: Share = Field(0.01, description="Share of applicants with a value never seen in the reference.")
    joint_limit: float = Field(
        0.55, ge=0.5, le=1, description="AUC of telling the two windows apart; 0.5 is not at all."
    )
    label_limit: Share = Field(0.03, description="Change of the approval rate.")
    concept_limit: Share = Field(0.03, description="Mean change of the chance of approval at an equal score.")
    concept_column_limit: Share = Field(
        0.05, description="Change of the chance of approval, by the values of one column."
    )
    auc_limit: Share = Field(0.02, description="Loss of AUC against the reference.")
    calibration_limit: Share = Field(0.03, description="Growth of the calibration error against the reference.")
    seed: int = Field(2015, ge=0, description="Seed of every random draw.")


class Kind(StrEnum):
    """The two candidates."""

    RANDOM_FOREST = "random_forest"
    GRADIENT_BOOSTING = "gradient_boosting"


class TrainPolicy(Policy):
    """The two candidates and the days on which they are fitted, chosen and judged."""

    train_share: Share = Field(0.60, description="The first share of the window's days, for fitting.")
    validation_share: Share = Field(
        0.15, description="The next share, for choosing between candidates; the rest judges."
    )
    minimum_test_rows: int = Field(200, ge=20, description="With fewer labelled judging rows nothing is promoted.")
    forest_trees: int = Field(100, ge=10, le=2000, description="Trees of the Random Forest.")
    forest_depth: int = Field(10, ge=1, le=64, description="Greatest depth of a Random Forest tree.")
    forest_leaf: int = Field(3, ge=1, description="Fewest rows in a leaf of a Random Forest tree.")
    forest_rows: float = Field(0.25, gt=0, le=1, description="Share of the rows that each Random Forest tree is shown.")
    forest_features: float = Field(0.4, gt=0, le=1, description="Share of the features that each split may use.")
    boosting_rounds: int = Field(60, ge=10, le=5000, description="Trees of the Gradient Boosting model.")
    boosting_rate: float = Field(0.1, gt=0, le=1, description="Learning rate of the Gradient Boosting model.")
    boosting_leaves: int = Field(8, ge=2, description="Greatest number of leaves of a Gradient Boosting tree.")
    boosting_large: int = Field(
        50_000, ge=1, description="From so many training rows on Gradient Boosting has twice the trees and the leaves."
    )
    folds: int = Field(5, ge=2, le=20, description="Cross-validation folds kept in the deployed model.")
    scaling: Literal["standardise", "min_max", "none"] = Field("standardise", description="How numbers are rescaled.")
    seed: int = Field(2015, ge=0, description="Seed of every random draw.")


class PromotionPolicy(Policy):
    """When a challenger replaces the champion."""

    confidence: float = Field(0.98, gt=0.5, lt=1, description="Confidence of the interval of the AUC difference.")
    not_worse_margin: Share = Field(0.01, description="Where the champion has drifted: the AUC a challenger may lose.")
    minimum_auc: Share = Field(0.7, description="A model with a lower test AUC is never promoted.")
    maximum_gap: Share = Field(
        0.1, description="A model whose training AUC exceeds its test AUC by more is never promoted."
    )
    segment_rows: int = Field(200, ge=40, description="A segment with fewer labelled rows is not judged by itself.")
    segment_loss: Share = Field(0.03, description="A challenger proven to lose more AUC in a segment is not promoted.")
    segment_level: Level = Field(0.01, description="Error budget of all segments' tests together (Holm).")
    maximum_never_seen: Share = Field(
        0.20,
        description="A window in which more than this share of the applicants has a value of one column that the "
        "reference never had promotes nothing: so looks a broken unit or column.",
    )
    lock_seconds: int = Field(
        1800, ge=0, description="How long to wait for another run that trains a model for the same contract."
    )


class DecisionPolicy(Policy):
    """When a run retrains."""

    rule: Literal["any_drift", "data_then_model"] = Field(
        "any_drift",
        description="any_drift: any of the four questions fails. data_then_model: the previous system's gate, "
        "data drift and then model drift.",
    )


class AlertPolicy(Policy):
    """What is told."""

    when_stable: bool = Field(False, description="Send a message for a quiet run too.")
    still_every: int = Field(
        3, ge=1, le=100, description="A finding that lasts is told again in every so many runs, as “still”."
    )
    shown: int = Field(5, ge=1, le=20, description="Findings spelt out in a message; the rest is counted.")
    timeout_seconds: int = Field(10, ge=1, le=120, description="How long to wait for Slack's answer to one message.")
    tries: int = Field(3, ge=1, le=10, description="How often a message is sent before it is left to the next run.")
    patience_seconds: int = Field(
        60,
        ge=1,
        le=600,
        description="How long a run spends on Slack in all; a longer Retry-After waits for the next run.",
    )


class MonitorPolicy(Policy):
    """All limits of the monitor flow."""

    quality: QualityPolicy = QualityPolicy()
    drift: DriftPolicy = DriftPolicy()
    decision: DecisionPolicy = DecisionPolicy()
    train: TrainPolicy = TrainPolicy()
    promotion: PromotionPolicy = PromotionPolicy()
    alerts: AlertPolicy = AlertPolicy()


class PolicyError(UsageError):
    """The policy file cannot be used; the message lists every mistake in it."""


def load_policy(file: Path | None) -> MonitorPolicy:
    """The limits of a TOML file, such as `[drift]` with `label_limit = 0.05`; those that it leaves out are the default.

    Without a file all are the default. Raises PolicyError with every mistake at once.
    """
    if file is None:
        return MonitorPolicy()
    try:
        described = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PolicyError(f"The policy {file} cannot be read ({error.strerror}). Name a TOML file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"The policy {file} is not valid TOML: {error}.") from None
    try:
        return MonitorPolicy.model_validate(described)
    except ValidationError as error:
        raise PolicyError(f"The policy {file} has {describe_mistakes(error, described, 'limit')}") from None
