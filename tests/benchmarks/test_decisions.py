"""The benchmark of the verdicts: its pools, its changes, its bookkeeping; the real run on real applications."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import changes
from benchmarks.changes import SENTINEL, Pair, is_approved
from benchmarks.decisions import Request, choose_scenarios, main, plan_jobs
from benchmarks.peers import DEFAULTS, PREVIOUS, Values, apply_limits
from benchmarks.pools import DataError, Pool, PoolError, draw_bootstrap, draw_disjoint, read_applications, split_pools
from benchmarks.procedures import ask_loanwatch, list_alarms, merge_alarms
from benchmarks.records import Job, Outcome, count_outcomes, find_scenario, run_job, seed_pair
from benchmarks.scenarios import SCENARIOS
from benchmarks.scores import cross_fit
from benchmarks.table import as_markdown, check_goals
from blocks.errors import UsageError
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.files import write_json
from tasks.core.findings import Finding, Question, Verdict
from tests.support import ROOT

DATA, LABEL, CONCEPT, MODEL = Question.DATA, Question.LABEL, Question.CONCEPT, Question.MODEL


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contract("loan_applications")


def find_real_data() -> Path:
    folder = Path(os.environ.get("LOANWATCH_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real loan applications: set LOANWATCH_REAL_DATA to the folder with the three CSV files")
    return folder


def write_tables(folder: Path, rows: int = 1_200) -> Path:
    """The three CSV files, invented: half of the loans in spring, half in autumn."""
    random = np.random.default_rng(5)
    times = pd.Timestamp("2015-03-02 09:00") + pd.to_timedelta(np.arange(rows), unit="h")
    times = times + pd.to_timedelta(np.where(np.arange(rows) < rows // 2, 0, 150), unit="D")
    ids = np.arange(rows).astype(str)
    score = random.normal(720, 30, rows).round()
    given = random.random(rows) < 1 / (1 + np.exp(-(score - 700) / 15))
    loans = {
        "loan_id": ids,
        "customer_id": ids,
        "loan_status": np.where(given, "Loan Given", "loan refused "),
        "application_time": times.strftime("%d-%m-%Y %H:%M"),
        "current_loan_amount": np.where(random.random(rows) < 0.1, 99_999_999, random.integers(1_000, 40_000, rows)),
        "term": random.choice(["Short Term", "long term"], rows),
        "tax_liens": 0,
        "purpose": "other",
        "no_of_properties": random.integers(0, 3, rows),
    }
    customers = {
        "customer_id": ids,
        "home_ownership": random.choice(["rent", "HaveMortgage", "own home"], rows),
        "annual_income": random.integers(20_000, 90_000, rows),
        "years_in_current_job": "2 years",
        "months_since_last_delinquent": 4,
        "no_of_cars": 1,
        "no_of_children": 2,
    }
    credits = {
        "customer_id": ids,
        "credit_score": score,
        "monthly_debt": [f"$1,{n:03d}.5" for n in random.integers(0, 999, rows)],
        "years_of_credit_history": 7,
        "no_of_open_accounts": random.integers(1, 30, rows),
        "no_of_credit_problems": 0,
        "current_credit_balance": random.integers(0, 9_000, rows),
        "max_open_credit": np.where(random.random(rows) < 0.1, "#VALUE!", "9000"),
        "bankruptcies": 0,
    }
    pd.DataFrame(loans).to_csv(folder / "loan_details.csv", index=False)
    pd.DataFrame(customers).iloc[: rows - 100].to_csv(folder / "customer_details.csv", index=False)
    pd.DataFrame(credits).iloc[: rows - 100].to_csv(folder / "credit_details.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tables(tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def pools(folder: Path, contract: Contract) -> tuple[Pool, Pool]:
    return split_pools(read_applications(folder, contract), contract)


@pytest.fixture
def pair(pools: tuple[Pool, Pool]) -> Pair:
    return Pair(pools[0], *draw_disjoint(pools[0], (200, 300), np.random.default_rng(1)))


# ---------------------------------------------------------------------------------------------------------- pools


def test_the_files_become_the_extracted_frame(folder: Path, contract: Contract) -> None:
    applications = read_applications(folder, contract)
    assert list(applications.columns) == [column.name for column in contract.columns]
    assert applications["application_time"].dtype == "datetime64[ns]"
    assert applications["application_time"].is_monotonic_increasing
    assert set(applications["loan_status"].cat.categories) == {"loan given", "loan refused"}
    assert set(applications["home_ownership"].cat.categories) == {"rent", "home mortgage", "own home"}
    assert applications["monthly_debt"].between(1_000, 2_000).sum() == 1_100  # '$1,234.5' is a number
    assert applications["max_open_credit"].dropna().unique() == [9_000]  # '#VALUE!' is missing
    assert applications["annual_income"].isna().sum() == 100  # loans without a customer record stay


def test_pools_part_at_the_longest_gap_or_at_the_date(folder: Path, contract: Contract) -> None:
    applications = read_applications(folder, contract)
    before, after = split_pools(applications, contract)
    assert (len(before), len(after)) == (600, 600)
    assert before.last_day < after.first_day
    before, after = split_pools(applications, contract, date(2015, 3, 7))
    assert (before.last_day, after.first_day) == (date(2015, 3, 6), date(2015, 3, 7))


def test_repeats_later_versions_and_ambiguous_customers(tmp_path: Path, contract: Contract) -> None:
    write_tables(tmp_path, rows=200)
    loans, customers = (
        pd.read_csv(tmp_path / f"{name}.csv", dtype=str) for name in ("loan_details", "customer_details")
    )
    later = loans.iloc[[3]].assign(application_time="06-03-2015 12:30", purpose="moving")
    pd.concat([loans, loans.iloc[[2]], later]).to_csv(tmp_path / "loan_details.csv", index=False)
    clash = customers.iloc[[5]].assign(annual_income="1")
    pd.concat([customers, customers.iloc[[4]], clash]).to_csv(tmp_path / "customer_details.csv", index=False)
    pool = split_pools(read_applications(tmp_path, contract), contract)[0].applications.set_index("loan_id")
    assert pool.index.is_unique
    assert pool.loc["3", "purpose"] == "moving"
    assert pool.loc["4", "annual_income"] > 1  # repeated without difference
    assert np.isnan(pool.loc["5", "annual_income"])  # two records that differ


def test_missing_data_is_said_with_its_place(tmp_path: Path, contract: Contract) -> None:
    with pytest.raises(DataError, match="There is no folder"):
        read_applications(tmp_path / "nowhere", contract)
    with pytest.raises(DataError, match=r"loan_details\.csv is missing"):
        read_applications(tmp_path, contract)
    write_tables(tmp_path, rows=200)
    pd.read_csv(tmp_path / "credit_details.csv").drop(columns="bankruptcies").to_csv(
        tmp_path / "credit_details.csv", index=False
    )
    with pytest.raises(DataError, match=r"credit_details\.csv has no column bankruptcies"):
        read_applications(tmp_path, contract)


def test_a_split_outside_the_data_is_refused(folder: Path, contract: Contract) -> None:
    with pytest.raises(PoolError, match="leaves one side empty"):
        split_pools(read_applications(folder, contract), contract, date(2020, 1, 1))


def test_windows_do_not_overlap_and_bootstrapped_rows_are_no_repeats(pools: tuple[Pool, Pool]) -> None:
    first, second, spare = draw_disjoint(pools[0], (200, 300), np.random.default_rng(0))
    assert (len(first), len(second), len(spare)) == (200, 300, 100)
    assert set().union(*(window["loan_id"] for window in (first, second, spare))) == {*pools[0].applications["loan_id"]}
    large = draw_bootstrap(pools[0], 5_000, np.random.default_rng(0))
    assert len(large) == 5_000
    assert set(large.loc[large["current_loan_amount"] > 1e6, "current_loan_amount"]) == {SENTINEL}
    assert set(large["no_of_properties"]) == {0.0, 1.0, 2.0}
    assert large["annual_income"].nunique() > 4_000


# -------------------------------------------------------------------------------------------------------- changes


def test_changes_do_what_they_say(pair: Pair) -> None:
    random, old = np.random.default_rng(2), pair.current
    amounts = changes.multiply("current_loan_amount", 1.25)(pair, random).current["current_loan_amount"]
    is_sentinel = old["current_loan_amount"] == SENTINEL
    assert (amounts[is_sentinel] == SENTINEL).all()
    np.testing.assert_allclose(amounts[~is_sentinel], old.loc[~is_sentinel, "current_loan_amount"] * 1.25)
    debt = changes.multiply("monthly_debt", 12, share=0.1)(pair, random).current["monthly_debt"]
    assert (debt != old["monthly_debt"]).sum() == 30
    assert (changes.add("credit_score", -20)(pair, random).current["credit_score"] == old["credit_score"] - 20).all()
    words = changes.replace_words("purpose", "new", 0.05)(pair, random).current["purpose"]
    assert (words == "new").sum() == 15
    missing = changes.remove_values("annual_income", 0.10)(pair, random).current["annual_income"].isna().sum()
    assert missing == old["annual_income"].isna().sum() + 30
    flipped = is_approved(changes.flip_labels(0.10)(pair, random).current) != is_approved(old)
    assert flipped.sum() == 30
    gone = changes.replace_sentinel("current_loan_amount")(pair, random).current["current_loan_amount"]
    assert gone.max() <= 40_000
    assert (gone[~is_sentinel] == old.loc[~is_sentinel, "current_loan_amount"]).all()


def test_permuting_keeps_the_values_and_where_they_are_missing(pair: Pair) -> None:
    old = pair.current["credit_score"].mask(np.arange(300) < 20)
    start = replace(pair, current=pair.current.assign(credit_score=old))
    new = changes.permute("credit_score")(start, np.random.default_rng(2)).current["credit_score"]
    assert (new.isna() == old.isna()).all()
    assert not new.equals(old)
    assert sorted(new.dropna()) == sorted(old.dropna())


def test_resampling_moves_the_share_by_the_points_and_keeps_whole_rows(pair: Pair) -> None:
    random = np.random.default_rng(2)
    longer = changes.resample_term(0.12)(pair, random).current
    before = (pair.current["term"] == "long term").sum()
    assert (len(longer), (longer["term"] == "long term").sum()) == (300, round(before + 0.12 * 300))
    fewer = changes.resample_labels(-0.08)(pair, random).current
    assert is_approved(fewer).sum() == round(is_approved(pair.current).sum() - 0.08 * 300)
    known = pd.concat([pair.current, pair.spare]).set_index("loan_id")
    pd.testing.assert_frame_equal(known.loc[fewer["loan_id"]].reset_index(), fewer, check_like=True)


def test_resampling_repeats_no_application_before_all_of_its_kind_are_drawn(pair: Pair) -> None:
    """A repeated row counts twice in every test, so that pure covariate shift would be called concept drift."""
    random = np.random.default_rng(2)
    longer = changes.resample_term(0.12)(pair, random).current
    assert not longer["loan_id"].duplicated().any()
    assert not set(longer["loan_id"]) & set(pair.reference["loan_id"])
    alone = changes.resample_term(0.12)(replace(pair, spare=pair.spare.head(0)), random).current
    times = alone[alone["term"] == "long term"]["loan_id"].value_counts()
    assert set(times) == {1, 2}
    assert len(times) == (pair.current["term"] == "long term").sum()


def test_the_reversed_effect_touches_no_applicant_and_turns_good_scores_bad(pools: tuple[Pool, Pool]) -> None:
    pair = Pair(pools[0], *draw_disjoint(pools[0], (300, 300), np.random.default_rng(1)))
    current = pair.current
    changed = changes.reverse_effect(pair, np.random.default_rng(3))
    features = [name for name in current.columns if name != "loan_status"]
    pd.testing.assert_frame_equal(changed.current[features], current[features])
    is_owner = (current["home_ownership"] == "home mortgage") & current["credit_score"].notna()

    def correlate(window: pd.DataFrame, rows: pd.Series) -> float:
        return float(np.corrcoef(window.loc[rows, "credit_score"], is_approved(window)[rows])[0, 1])

    assert correlate(changed.current, is_owner) < 0 < correlate(changed.current, current["home_ownership"] == "rent")


def test_changes_leave_their_argument_alone(pair: Pair) -> None:
    before = pair.current.copy(deep=True)
    for scenario in SCENARIOS:
        scenario.steps[0](pair, np.random.default_rng(4))
    pd.testing.assert_frame_equal(pair.current, before)


# ------------------------------------------------------------------------------------------- what counts as right


@pytest.mark.parametrize(
    ("name", "raised", "is_detected", "is_right", "why"),
    [
        ("null", {}, False, True, "silence is right where nothing changed"),
        ("null", {LABEL}, False, False, "any alarm is false"),
        ("income x1.05", {DATA}, False, False, "an immaterial change must not alarm"),
        ("income x1.15", {DATA}, True, True, "what is required"),
        ("income x1.15", {DATA, CONCEPT}, True, True, "decisions did not follow the corrupted values"),
        ("income x1.15", {DATA, LABEL}, True, False, "no decision changed"),
        ("long-term share +12", {DATA, CONCEPT}, True, False, "a pure covariate shift is no concept drift"),
        ("no record +10", {DATA, MODEL}, True, False, "a pure covariate shift did not make the model worse"),
        ("10% flips", {CONCEPT, LABEL, MODEL}, True, True, "flips move the approval rate and the AUC"),
        ("10% flips", {MODEL}, False, False, "the concept alarm is missing"),
        ("10% flips", {CONCEPT, DATA}, True, False, "no applicant changed"),
        ("two drifts at once", {DATA}, False, False, "both kinds are required"),
        ("two drifts at once", {DATA, CONCEPT, MODEL}, True, True, "both kinds, and what follows from them"),
    ],
)
def test_what_counts_as_right(name: str, raised: set[Question], is_detected: bool, is_right: bool, why: str) -> None:
    answer = dict.fromkeys(raised, ())
    assert (find_scenario(name).is_detected(answer), find_scenario(name).is_right(answer)) == (is_detected, is_right), (
        why
    )


def test_gradual_drift_counts_from_the_window_that_names_income() -> None:
    gradual = find_scenario("gradual")
    assert not gradual.is_detected({DATA: ("credit_score",)})
    assert gradual.is_detected({DATA: ("credit_score", "annual_income")})


def test_the_table_of_scenarios_is_whole() -> None:
    groups = pd.Series([scenario.group for scenario in SCENARIOS]).value_counts()
    assert groups["material"] == 15
    immaterial = [(s.name, rows > 10_000) for s in SCENARIOS if s.group == "immaterial" for rows in s.pairs]
    assert len(set(immaterial)) == 6  # two up to 3,000 rows, four at 100,000
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
    for scenario in SCENARIOS:
        assert not scenario.required & scenario.allowed, scenario.name


def test_alarms_are_the_failed_findings_and_merge_in_order() -> None:
    findings = [
        Finding(DATA, "distribution", Verdict.FAIL, "", subject="term"),
        Finding(DATA, "joint", Verdict.FAIL, "", columns=("term", "purpose")),
        Finding(LABEL, "rate", Verdict.WARN, ""),
        Finding(MODEL, "auc", Verdict.NOT_ENOUGH_DATA, ""),
    ]
    assert list_alarms(findings) == {DATA: ("term", "purpose")}
    assert merge_alarms({DATA: ("a",)}, {DATA: ("b", "a"), LABEL: ()}) == {DATA: ("a", "b"), LABEL: ()}


def test_limits_on_known_values() -> None:
    values = Values(
        column={"term": 0.02, "purpose": 0.3},
        joint=0.0,
        joint_columns={},
        label=0.02,
        correlation={"term": 0.005},
        performance=0.02,
    )
    assert apply_limits(values, PREVIOUS) == {DATA: ("purpose", "term"), LABEL: (), MODEL: ()}
    assert apply_limits(values, DEFAULTS) == {DATA: ("purpose",)}


# -------------------------------------------------------------------------------------------------- runs and counts


def test_scores_are_out_of_sample_for_both_windows(pools: tuple[Pool, Pool]) -> None:
    # Labels by lot: a model that had seen a row would score it better than chance.
    random = np.random.default_rng(0)
    reference, current, _ = draw_disjoint(pools[0], (400, 200), random)
    lots = random.random(400) < 0.5
    folds = cross_fit(reference, lots, random)
    assert abs(folds.out_of_fold[lots].mean() - folds.out_of_fold[~lots].mean()) < 0.05
    assert folds.score(current, random).shape == (200,)


def test_pairs_are_shared_out_and_what_is_left_out_is_said(pools: tuple[Pool, Pool]) -> None:
    jobs, left_out = plan_jobs(pools, Request(choose_scenarios(["null"]), 25, (300, 500), False))
    assert jobs == []
    jobs, left_out = plan_jobs(pools, Request(choose_scenarios(["null"]), 25, None, True))
    assert {job.rows for job in jobs} == {100_000}  # 600 applications cannot supply two windows of 500
    assert left_out == [f"{pool}: {rows} rows" for pool in ("after", "before") for rows in ("1,000", "3,000", "500")]
    counts = {pool: [n for job in jobs if job.pool == pool for n in job.numbers] for pool in ("before", "after")}
    assert counts == {"before": list(range(13)), "after": list(range(12))}
    assert all(len(job.tools) == 1 for job in jobs)  # the peers are not asked about 100,000 rows


def test_every_pair_has_a_seed_of_its_own() -> None:
    jobs = [Job(name, rows, pool, range(1), ()) for name in ("a", "b") for rows in (5, 6) for pool in ("x", "y")]
    draws = {seed_pair(job, number).random() for job in jobs for number in (0, 1)}
    assert len(draws) == 16
    assert seed_pair(jobs[0], 1).random() == seed_pair(jobs[0], 1).random()


def test_unknown_scenarios_are_named() -> None:
    with pytest.raises(UsageError, match=r"--only 'nul' is no scenario\. There are: .*null"):
        choose_scenarios(["nul"])


def make_outcome(number: int, raised: dict[Question, tuple[str, ...]]) -> Outcome:
    pool = "before" if number % 2 else "after"
    return Outcome("loanwatch", "income x1.15", 1_000, pool, number, raised, seconds=0.1 * number)


def test_outcomes_are_counted() -> None:
    outcomes = [
        make_outcome(0, {DATA: ("annual_income",)}),
        make_outcome(1, {DATA: ("credit_score", "annual_income"), CONCEPT: ("term",)}),
        make_outcome(2, {LABEL: ()}),
        make_outcome(3, {}),
    ]
    (record,) = count_outcomes(outcomes)
    assert (record.repeats, record.alarms, record.detected, record.right) == (4, 3, 2, 2)
    assert (record.first_column_right, record.innocents) == (1, 1)
    assert (record.data, record.label, record.concept, record.model) == (2, 1, 1, 0)
    assert record.alarms_by_pool == {"after": (2, 2), "before": (1, 2)}
    assert record.seconds == pytest.approx(0.15)


def test_goals_and_table_of_known_records() -> None:
    outcomes = [make_outcome(number, {DATA: ("annual_income",)} if number else {}) for number in range(4)]
    records = [record.as_json() for record in count_outcomes(outcomes)]
    assert "met    detection, income x1.15, 1,000 rows: 0.75 (at least 0.6)" in check_goals(records)
    table = as_markdown(records).splitlines()
    assert table[-1].startswith("| income x1.15 | 1,000 | loanwatch | 4 | 0.75 | 0.75 | 0.75 | 1.00 | 0.00 |")


def test_the_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "decisions.json"
    file.write_text("old", encoding="utf-8")
    write_json(file, [record.as_json() for record in count_outcomes([make_outcome(0, {})])])
    (record,) = json.loads(file.read_text(encoding="utf-8"))
    assert {"procedure", "scenario", "rows", "pool", "repeats", "alarms", "detected", "right", "seconds"} <= set(record)
    assert list(tmp_path.iterdir()) == [file]


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.decisions", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
@pytest.mark.parametrize(
    ("mistake", "said"), [(("--data", "{folder}"), "loan_details.csv is missing"), (("--misspelt",), "--misspelt")]
)
def test_mistakes_end_with_exit_code_2_and_say_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mistake: tuple[str], said: str
) -> None:
    arguments = [word.format(folder=tmp_path) for word in mistake]
    monkeypatch.setattr(sys, "argv", ["decisions", "--json", str(tmp_path / "out.json"), *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, list(tmp_path.iterdir())) == (2, [])
    assert said in "".join(capsys.readouterr())


@pytest.mark.slow
def test_same_pairs_same_answers_on_real_applications(contract: Contract) -> None:
    pool = split_pools(read_applications(find_real_data(), contract), contract)[0]
    job = Job("two drifts at once", 3_000, pool.name, range(2), (ask_loanwatch,))
    first, second = run_job(contract, pool, job), run_job(contract, pool, job)
    assert [outcome.raised for outcome in first] == [outcome.raised for outcome in second]
    assert all({DATA, CONCEPT} <= set(outcome.raised) for outcome in first)


@pytest.mark.slow
def test_the_command_on_real_applications(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    options = ("--repeats", "2", "--only", "null", "--only", "10% flips", "--rows", "1000", "--rows", "3000")
    result = run_command("--data", str(find_real_data()), "--json", str(out), *options)
    assert result.returncode == 0, result.stderr
    records = json.loads(out.read_text(encoding="utf-8"))
    assert [(r["scenario"], r["rows"], r["repeats"]) for r in records] == [
        ("null", 1_000, 2),
        ("null", 3_000, 2),
        ("10% flips", 1_000, 2),
        ("10% flips", 3_000, 2),
    ]
    assert "pool after: 3,000 rows" in result.stderr
