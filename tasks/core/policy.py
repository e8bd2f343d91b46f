"""Every limit of a run. These fields are the form in the Prefect UI, the defaults and the documentation."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from blocks.errors import UsageError
from tasks.core.cadence import Cadence
from tasks.core.validation_messages import describe_mistakes

Share = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[float, Field(gt=0, lt=0.5)]


_LEAST_LIMIT = 0.0005  # a decision that the reference hardly has: any more of it, if significant


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
    """The base of all policies: read-only, and an unknown option is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_old_names(cls, given: Any) -> Any:
        old = [name for name in given if name in RENAMED] if isinstance(given, dict) else []
        if old:
            raise ValueError("; ".join(f"`{name}` is now called `{RENAMED[name]}`" for name in old))
        return given


class QualityPolicy(Policy):
    """When a window is unfit for use, and when a warning is given."""

    minimum_rows: int = Field(200, ge=1, description="A window with fewer applications is unfit.")
    maximum_duplicate_share: Share = Field(0.10, description="A window with a larger share of duplicate rows is unfit.")
    maximum_ambiguous_share: Share = Field(
        0.10,
        description="A window with a larger share of applications whose customer has conflicting records is unfit.",
    )
    maximum_unreadable_share: Share = Field(
        0.05, description="A window with a larger share of values of the wrong type in one column is unfit."
    )
    maximum_out_of_contract_share: Share = Field(
        0.25,
        description="A window with a larger share of one column's values outside its range or allowed values is unfit.",
    )
    maximum_empty_days: Share = Field(
        0.5, description="A window is unfit if a larger share of the days that usually have applications has none."
    )
    volume_factor: float = Field(
        2.0, gt=1, description="Warn if a window has this many times more or fewer applications than the reference."
    )
    minimum_score_values: int = Field(
        50, ge=2, description="Warn if the scores of the lender's own model have fewer different values: rounded ones."
    )
    maximum_conflict_share: Share = Field(
        0.001, description="Warn above this share of applications with equal features but different decisions."
    )
    leak_purity: Share = Field(
        0.995, description="Report a group of rows as a suspected leak if at least this share of its labels agree."
    )
    leak_share: Share = Field(
        0.01, description="Ignore a suspected leak that affects a smaller share of the labelled rows."
    )
    leak_break: Share = Field(
        0.10,
        description="Report a leak only if the group's share of that label exceeds that of the other rows (for a "
        "range: the rows next to it) by at least this much. This excludes columns that are merely predictive.",
    )
    leak_level: Level = Field(0.01, description="Significance level of the entire leak search (Bonferroni).")
    suspicious_auc: Share = Field(
        0.98, description="Report a single column with at least this AUC as a suspected leak."
    )
    stop_on_leak: bool = Field(False, description="Treat a window with a suspected leak as unfit.")


class DriftPolicy(Policy):
    """What counts as drift: significance levels and effect limits.

    The levels are those of a monthly run. They add up to 3 % of the runs without any drift: 1 % each for the applicants
    (data), the share of the positive decision (label) and the decision rule, which the concept and the model question
    share. The limits keep most of these from being alarms. Weekly and daily runs have lower levels, which follow from
    `false_alarms_a_year`. A limit is compared with the estimated effect less one standard error.
    """

    false_alarms_a_year: float = Field(
        0.05,
        gt=0,
        le=1,
        description="False alarms a year that are accepted, however often a run looks: 0.05 is one in 20 years.",
    )
    cadence: Cadence | None = Field(
        None,
        description="How often a run looks: monthly, weekly or daily. Default: daily with `trailing_days`, by the "
        "length of its windows in a backfill, else monthly.",
    )
    recent_rows: int = Field(
        30, ge=20, description="In a weekly or daily run, the last days are judged alone from so many applications on."
    )

    minimum_rows: int = Field(
        200, ge=20, description="With fewer rows in either window, the result is “not enough data”."
    )
    minimum_of_each: int = Field(
        30,
        ge=10,
        description="With fewer rows of one of the two decisions in either window, concept and model drift are “not "
        "enough data”.",
    )
    columns_level: Level = Field(0.008, description="Significance level of all single-column tests together (Holm).")
    joint_level: Level = Field(0.002, description="Significance level of the test of the joint distribution.")
    label_level: Level = Field(
        0.01, description="Significance level of the test of the share of the positive decision."
    )
    concept_level: Level = Field(0.005, description="Significance level of all concept tests together (Holm).")
    model_level: Level = Field(0.005, description="Significance level of all model tests together (Holm).")
    distribution_limit: Share = Field(
        0.06, description="Limit for the share of applicants who moved across a value of one column."
    )
    missing_limit: Share = Field(0.06, description="Limit for the change in the share of missing values.")
    never_seen_limit: Share = Field(
        0.01, description="Limit for the share of applicants with a value that the reference never had."
    )
    joint_limit: float = Field(
        0.55,
        ge=0.5,
        le=1,
        description="Limit for the AUC of a model that distinguishes the two windows; 0.5 means indistinguishable.",
    )
    label_limit: Share = Field(0.03, description="Limit for the change in the share of the positive decision.")
    rare_limit: Share = Field(
        0.5,
        description="Of a decision so rare that this share of its own rate is less than a limit in points, that is the "
        "limit: of label, concept and calibration.",
    )
    concept_limit: Share = Field(
        0.03, description="Limit for the mean change in the probability of the positive decision at an equal score."
    )
    concept_column_limit: Share = Field(
        0.05,
        description="Limit for the change in that probability by the values of one column, at an equal score.",
    )
    break_limit: Share = Field(
        0.25, description="Limit for changes of shares in the last day or two, which a daily run judges alone."
    )
    auc_limit: Share = Field(0.02, description="Limit for the loss of AUC compared with the reference.")
    calibration_limit: Share = Field(
        0.03, description="Limit for the increase of the calibration error compared with the reference."
    )
    seed: int = Field(2015, ge=0, description="Seed of all random draws.")

    def fit_filled(self, limit: float, filled: float) -> float:
        """The limit of a change of a column's values, of which so many applicants have one (a share, 0 to 1).

        It is a share of those with a value. Where they are few the limit rises, so that a change below half of it among
        all applicants is no alarm.

        Examples
        --------
        >>> DriftPolicy().fit_filled(0.06, filled=0.8), round(DriftPolicy().fit_filled(0.06, filled=0.05), 3)
        (0.06, 0.6)
        """
        return min(limit * max(1.0, 0.5 / max(filled, 1e-9)), 1.0)

    def fit_limit(self, limit: float, rate: float) -> float:
        """The limit of a change in points where the positive decision has this rate in the reference, 0 to 1.

        Three points are little where half of the decisions are positive, and a multiple where 1 % are. So the rarer
        decision's relative change counts beside the points (a relative risk of 1.5 by default, or of 1/2).

        Examples
        --------
        >>> policy = DriftPolicy()
        >>> policy.fit_limit(0.03, rate=0.4), policy.fit_limit(0.03, rate=0.012)
        (0.03, 0.006)
        """
        return min(limit, max(self.rare_limit * min(rate, 1 - rate), _LEAST_LIMIT))


class Kind(StrEnum):
    """The two candidate models."""

    RANDOM_FOREST = "random_forest"
    GRADIENT_BOOSTING = "gradient_boosting"


class Recipe(StrEnum):
    """On which days a candidate is fitted: on all, on those since the change, or on all with these marked."""

    ALL = "all_days"
    RECENT = "recent_days"
    MARKED = "marked_days"


class TrainPolicy(Policy):
    """The two candidate models and the days on which they are fitted, selected and tested."""

    train_share: Share = Field(0.60, description="Share of the window's days used for fitting, from the first day.")
    validation_share: Share = Field(
        0.15, description="Share of the days used to select a candidate; the rest are test days."
    )
    minimum_test_rows: int = Field(
        200, ge=20, description="With fewer labelled rows on the test days, no model is promoted."
    )
    minimum_recent_rows: int = Field(
        500,
        ge=100,
        description="With fewer labelled rows since a change, no candidate is fitted to these rows in particular, and "
        "they are not a new champion's reference by themselves.",
    )
    forest_trees: int = Field(100, ge=10, le=2000, description="Number of trees of the Random Forest.")
    forest_depth: int = Field(10, ge=1, le=64, description="Maximum depth of a Random Forest tree.")
    forest_leaf: int = Field(3, ge=1, description="Minimum rows in a leaf of a Random Forest tree.")
    forest_rows: float = Field(0.25, gt=0, le=1, description="Share of the rows used for each Random Forest tree.")
    forest_features: float = Field(0.4, gt=0, le=1, description="Share of the features considered at each split.")
    forest_most_features: int = Field(
        100,
        ge=1,
        description="At most so many are considered, every category of a column and the mark of its missing values "
        "counting as one: in a wide table more take four times as long, and ranked no better in what was measured.",
    )
    forest_screened_features: int = Field(
        30,
        ge=1,
        description="The same where the columns were screened (`most_columns`): all of them say something, so that "
        "fewer at a time will do.",
    )
    boosting_rounds: int = Field(60, ge=10, le=5000, description="Number of trees of the Gradient Boosting model.")
    boosting_rate: float = Field(0.1, gt=0, le=1, description="Learning rate of the Gradient Boosting model.")
    boosting_leaves: int = Field(8, ge=2, description="Maximum number of leaves of a Gradient Boosting tree.")
    boosting_large: int = Field(
        50_000,
        ge=1,
        description="With at least this many training rows, Gradient Boosting has twice the trees and leaves.",
    )
    most_rows: int = Field(
        300_000,
        ge=1_000,
        description="Of a window with more applications, the values of so many are kept in full, drawn by customer: "
        "models are fitted on them, leaks searched and pictures drawn. Counts, rates, scores and AUC rest on all.",
    )
    most_values: int = Field(
        50_000_000, ge=100_000, description="The same for a wide table: at most so many rows times columns are kept."
    )
    most_columns: int = Field(
        250,
        ge=20,
        description="A wider matrix is made of those columns only that carry anything, up to this many, each category "
        "of a column and the mark of its missing values counting as one. A quick fit on some rows finds them; all "
        "other checks rest on every column.",
    )
    screened_rows: int = Field(
        10_000, ge=1_000, description="The rows of that quick fit, with up to half of them of the rarer decision."
    )
    most_work: int = Field(
        45_000_000_000,
        ge=1_000_000_000,
        description="Rows times columns of the matrix times trees times folds that the fit of one kind may take: of "
        "more rows so many are drawn, by customer. A number of steps, and not of seconds, so that the same rows give "
        "the same model on any machine.",
    )
    folds: int = Field(5, ge=2, le=20, description="Number of cross-validation folds, whose models are all kept.")
    scaling: Literal["standardise", "min_max", "none"] = Field("standardise", description="How numbers are scaled.")
    seed: int = Field(2015, ge=0, description="Seed of all random draws.")


class PromotionPolicy(Policy):
    """When a challenger replaces the champion."""

    confidence: float = Field(0.98, gt=0.5, lt=1, description="Confidence level of the interval of the AUC difference.")
    not_worse_margin: Share = Field(0.01, description="AUC that a challenger may lose if the champion has drifted.")
    minimum_auc: Share = Field(
        0.7, description="Minimum test AUC for promotion. A champion below it on its reference is reported as weak."
    )
    maximum_gap: Share = Field(
        0.1, description="Maximum excess of the out-of-fold AUC in training over the test AUC for promotion."
    )
    segment_rows: int = Field(200, ge=40, description="Minimum labelled rows for testing a segment by itself.")
    segment_loss: Share = Field(
        0.03, description="A challenger that significantly loses more AUC in a segment is not promoted."
    )
    segment_level: Level = Field(0.01, description="Significance level of all segment tests together (Holm).")
    maximum_never_seen: Share = Field(
        0.20,
        description="No model is promoted if more than this share of the applicants has values of one column that the "
        "reference never had: typical of a changed unit or a faulty column.",
    )
    least_champion_auc: Share = Field(
        0.5,
        description="No model is promoted if the champion's AUC in the window is below this: typical of decisions that "
        "are recorded the wrong way round.",
    )
    may_replace_external: bool = Field(
        False, description="Whether a challenger that is proven better may take the place of the lender's own model."
    )
    lock_seconds: int = Field(
        1800, ge=0, description="Seconds to wait for another run that trains a model for the same contract."
    )


class CutOffPolicy(Policy):
    """From which probability on the model's decision is the positive one, in place of what the contract states."""

    probability: Share | None = Field(
        None,
        description="The probability of the target's positive value from which on the model's decision is that value. "
        "Default: the contract's `cut_off`, else 0.5.",
    )
    approval_rate: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="In place of `probability`: the share of the reference's applications that the model would give a "
        "loan.",
    )

    @model_validator(mode="after")
    def _is_one(self) -> CutOffPolicy:
        if self.probability is not None and self.approval_rate is not None:
            raise ValueError("state `probability` or `approval_rate`, not both")
        return self


class DecisionPolicy(Policy):
    """When a run retrains the model."""

    rule: Literal["any_drift", "data_then_model"] = Field(
        "any_drift",
        description="any_drift: if any of the four drift questions fails. data_then_model: only if data drift and "
        "model drift both fail, as in the previous system.",
    )
    retry_growth: float = Field(
        1.25,
        gt=1,
        description="While the champion is still worse by a known change, a challenger is trained again once this many "
        "times more days have come since the change.",
    )
    renew_growth: float = Field(
        2.0,
        gt=1,
        description="After a change of the rule, a challenger is trained again once this many times more days have "
        "come since the change than at the last attempt.",
    )


class AlertPolicy(Policy):
    """Which messages are sent."""

    when_stable: bool = Field(False, description="Send a message for a stable run too.")
    still_every: int = Field(
        3, ge=1, le=100, description="Repeat a persisting finding every this many runs, marked “still”."
    )
    shown: int = Field(5, ge=1, le=20, description="Findings listed in a message; the rest are counted.")
    timeout_seconds: int = Field(10, ge=1, le=120, description="Seconds to wait for Slack's response to one message.")
    tries: int = Field(3, ge=1, le=10, description="Attempts to send a message before it is left to the next run.")
    patience_seconds: int = Field(
        60,
        ge=1,
        le=600,
        description="Seconds that a run spends on Slack in total; a longer Retry-After is left to the next run.",
    )


class SelfCheckPolicy(Policy):
    """How a champion's reference is split at random, to see how often a check is wrong on the lender's own rows."""

    splits: int = Field(
        50, ge=0, le=1000, description="Number of random splits of a new champion's reference; 0 makes none."
    )
    seconds: float = Field(
        9.0, ge=0, le=600, description="After so many seconds no further split begins, unless fewer than ten were made."
    )
    level: Level = Field(
        0.05,
        description="Significance level at which a check has raised more alarms in the splits than chance would, over "
        "all checks together (Bonferroni). Its limit is then raised.",
    )


class PagesPolicy(Policy):
    """When the three deepchecks pages are drawn, which are for information."""

    draw: Literal["always", "single_runs", "changed", "on_demand"] = Field(
        "changed",
        description="always: after the verdict of every run. single_runs: the same, but not for the windows of a "
        "backfill. changed: of these, only where the outcome is not `stable`. on_demand: only when `python -m "
        "flows.pages` asks for them.",
    )
    columns: int = Field(
        30, ge=1, le=1000, description="Columns that these pages show: first those with a finding, then the others."
    )


class MonitorPolicy(Policy):
    """All limits of the monitor flow."""

    quality: QualityPolicy = QualityPolicy()
    drift: DriftPolicy = DriftPolicy()
    decision: DecisionPolicy = DecisionPolicy()
    train: TrainPolicy = TrainPolicy()
    promotion: PromotionPolicy = PromotionPolicy()
    cut_off: CutOffPolicy = CutOffPolicy()
    alerts: AlertPolicy = AlertPolicy()
    self_check: SelfCheckPolicy = SelfCheckPolicy()
    pages: PagesPolicy = PagesPolicy()


class PolicyError(UsageError):
    """The policy file cannot be used; the message lists every mistake in it."""


def load_policy(file: Path | None) -> MonitorPolicy:
    """The limits of a TOML file, such as `[drift]` with `label_limit = 0.05`; any other has its default.

    Without a file, all have their defaults. Raises PolicyError with every mistake at once.
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
