"""Two tables, one verdict: nothing is found where nothing has changed, and what has changed is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tasks.compare.ask import Compared, ComparedOutcome, compare_sides
from tasks.compare.quick_model import QUICK, choose_training
from tasks.compare.sides import SideError, keep_latest, make_sides
from tasks.contract.columns import Role
from tasks.contract.load import load_contract
from tasks.core.findings import Question, Verdict, summarise
from tasks.core.policy import MonitorPolicy, QualityPolicy, TrainPolicy
from tasks.demo.one_table import make_table
from tasks.extract.extract import Extract, read_batches
from tests.support.demo_table import to_batch

CONTRACT = load_contract("loan_applications")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Applications of seven quiet months, as the contract reads them."""
    return read_batches(CONTRACT, [to_batch(make_table(months=7, per_month=700))]).applications


def compare_parts(reference: pd.DataFrame, window: pd.DataFrame, *lacks: Role) -> Compared:
    tables = [("before", Extract(reference)), ("now", Extract(window))]
    return compare_sides(make_sides(CONTRACT, tables, frozenset(lacks)))


def cut(rows: pd.DataFrame, window: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    return rows.loc[~window].reset_index(drop=True), rows.loc[window].reset_index(drop=True)


def cut_months(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The last two months as the window."""
    return cut(rows, (rows["application_time"] >= pd.Timestamp(2024, 6, 1)).to_numpy())


def list_failed(compared: Compared) -> set[Question]:
    return {finding.question for finding in compared.findings if finding.verdict is Verdict.FAIL}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_random_parts_of_one_table_are_stable(rows, seed):
    compared = compare_parts(*cut(rows, np.random.default_rng(seed).random(len(rows)) < 0.4))
    assert compared.outcome is ComparedOutcome.STABLE, compared.reason
    assert not list_failed(compared)
    assert not {"empty_days", "volume", "window_over"} & {finding.check for finding in compared.findings}


@pytest.mark.slow
def test_the_same_tables_give_the_same_findings(rows):
    first, second = compare_parts(*cut_months(rows)), compare_parts(*cut_months(rows))
    assert [finding.as_record() for finding in first.findings] == [finding.as_record() for finding in second.findings]
    assert {"ripe_days", "volume"} <= {finding.check for finding in first.findings}
    assert summarise(first.findings, Question.MODEL) is Verdict.PASS


@pytest.mark.slow
def test_a_raised_income_is_found_and_dated(rows):
    before, now = cut_months(rows)
    now = now.assign(annual_income=now["annual_income"] * 1.3)
    compared = compare_parts(before, now)
    assert compared.outcome is ComparedOutcome.CHANGED
    assert compared.reason == "Data drift was detected."
    found = [finding for finding in compared.findings if finding.verdict is Verdict.FAIL]
    assert any(finding.subject == "annual_income" and finding.onset is not None for finding in found)


def test_more_positive_decisions_are_found(rows):
    before, now = cut_months(rows)
    refused = np.flatnonzero(now["loan_status"] == "loan refused")
    turned = np.random.default_rng(0).permutation(refused)[: len(now) // 8]
    now.loc[turned, "loan_status"] = "loan given"
    assert Question.LABEL in list_failed(compare_parts(before, now))


@pytest.mark.slow
def test_another_rule_is_found(rows):
    before, now = cut_months(rows)
    rich = (now["annual_income"] > now["annual_income"].median()).to_numpy()
    now.loc[rich, "loan_status"] = np.where(np.random.default_rng(0).random(rich.sum()) < 0.5, *CONTRACT.target.allowed)
    assert Question.CONCEPT in list_failed(compare_parts(before, now))


@pytest.mark.slow
def test_without_a_time_nothing_is_said_of_days(rows):
    before, now = cut_months(rows)
    compared = compare_parts(before.assign(application_time=pd.Timestamp(2000, 1, 1)), now, Role.TIME)
    assert compared.outcome is ComparedOutcome.STABLE
    days = {"time", "last_day", "undated", "versions", "ripe_days", "undecided", "empty_days", "volume"}
    assert not days & {finding.check for finding in compared.findings}
    assert "no time" in " ".join(compared.sides.list_notes())


def test_without_a_target_only_quality_and_data_are_answered(rows):
    before, now = cut_months(rows)
    nobody = pd.Series(None, index=now.index, dtype="category")
    compared = compare_parts(before.assign(loan_status=None), now.assign(loan_status=nobody), Role.TARGET, Role.ID)
    verdicts = {question: summarise(compared.findings, question) for question in Question}
    assert verdicts[Question.DATA] is Verdict.PASS
    assert {verdicts[question] for question in (Question.LABEL, Question.CONCEPT, Question.MODEL)} == {Verdict.NOT_RUN}
    assert compared.outcome is ComparedOutcome.UNDECIDED
    assert compared.model is not None
    assert compared.model.pipeline is None
    assert not {"decisions", "leak", "conflicting_labels", "unique"} & {one.check for one in compared.findings}


def test_an_unfit_table_is_told_apart(rows):
    before, now = cut_months(rows)
    unfit = compare_parts(before.head(50), now)
    assert unfit.outcome is ComparedOutcome.QUALITY_FAILED
    assert unfit.reason.startswith("The reference is unfit")
    assert any(finding.sentence.startswith("In the reference: 50 applications") for finding in unfit.findings)
    assert compare_parts(before, now.head(50)).reason.startswith("The window is unfit")
    assert unfit.comparison is None


def test_a_policy_counts(rows):
    before, now = cut_months(rows)
    sides = make_sides(CONTRACT, [("before", Extract(before)), ("now", Extract(now))])
    strict = MonitorPolicy(quality=QualityPolicy(minimum_rows=1_000_000))
    assert compare_sides(sides, strict).outcome is ComparedOutcome.QUALITY_FAILED
    own = MonitorPolicy(train=TrainPolicy(folds=4))
    assert choose_training(own).folds == 4
    assert choose_training(MonitorPolicy()) == QUICK


def test_rows_count_once(rows):
    head = rows.head(300)
    later = head.head(3).assign(application_time=head["application_time"].head(3) + pd.Timedelta("1D"), tax_liens=7.0)
    extract = Extract(pd.concat([head, head.tail(5), later], ignore_index=True))
    kept = keep_latest(CONTRACT, extract)
    assert (len(kept.applications), kept.repeats, kept.older_versions) == (300, 5, 3)
    assert (kept.applications["tax_liens"] == 7.0).sum() >= 3
    assert keep_latest(CONTRACT, extract, frozenset({Role.ID})) is extract
    assert keep_latest(CONTRACT, extract, frozenset({Role.TIME})).older_versions == 0


def test_rows_without_a_time_count_as_undated(rows):
    head = rows.head(300).copy()
    head.loc[:9, "application_time"] = pd.NaT
    sides = make_sides(CONTRACT, [("a", Extract(head)), ("b", Extract(rows.head(10)))])
    assert (sides.reference.extract.undated, len(sides.reference.applications)) == (10, 290)
    undated = replace(sides.reference.extract, applications=head.head(5))
    with pytest.raises(SideError, match="No row of a has a valid application_time"):
        make_sides(CONTRACT, [("a", undated), ("b", Extract(head))])
    with pytest.raises(SideError, match="b has no rows"):
        make_sides(CONTRACT, [("a", Extract(head)), ("b", Extract(head.head(0)))])
