"""Recovered is only what the same question, asked of the same data by the same model, no longer finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tasks.alerts.repeats import EarlierRun, FindingChanges, compare_with_earlier, read_earlier
from tasks.contract.load import load_contract
from tasks.core.findings import Answer, Finding, Outcome, Question, Verdict
from tasks.core.windows import Window, month_of
from tasks.job.findings import save_findings
from tasks.job.job import Job
from tasks.registry.promote import NewVersion, Promotion, promote, register
from tasks.schema.migrate import MIGRATIONS, prepare_schema
from tasks.source_tables.load import load_tables
from tests.reports.test_evidence_pack import make_job
from tests.source_tables.test_load import CREDITS, CUSTOMERS, LOANS
from tests.support.second_lender import CONTRACT as SECOND

CONTRACT = load_contract("loan_applications")
MOVED = Finding(Question.DATA, "distribution", Verdict.FAIL, "It moved.", subject="income")
TOGETHER = Finding(Question.DATA, "missing", Verdict.FAIL, "Both are missing.", columns=("cars", "children"))
OTHERS = replace(TOGETHER, columns=("income", "debt"))
BY_COLUMN = Finding(Question.CONCEPT, "by_column", Verdict.FAIL, "The rule moved.", subject="income")
CURVE = Finding(Question.CONCEPT, "score_curve", Verdict.PASS, "Nothing moved.")
UNFIT = Finding(Question.QUALITY, "rows", Verdict.FAIL, "Too few rows.")
UNREADABLE = Finding(Question.QUALITY, "unreadable", Verdict.FAIL, "Words in income.", subject="income")
ALL_READABLE = Finding(Question.QUALITY, "unreadable", Verdict.PASS, "Every value has its column's type.")


def settle(finding: Finding) -> Finding:
    return replace(finding, verdict=Verdict.PASS)


@pytest.fixture
def versions(engine: Engine) -> tuple[int, int]:
    """Two registered models, the first of them in production."""
    return register_two(engine)


def register_two(engine: Engine) -> tuple[int, int]:
    """Register two models, and put the first into production; returns their versions."""
    prepare_schema(engine)
    april = Window(date(2015, 4, 1), date(2015, 4, 30))
    with engine.begin() as connection:
        new = NewVersion(CONTRACT.name, "job", "forest", {}, "nowhere", "0" * 64, (april,))
        first, second = register(connection, new), register(connection, new)
        promote(connection, Promotion(CONTRACT.name, "job", date(2015, 5, 1), None, first, "first", "0" * 64))
    return first, second


def plan(month: int, contract: str = "loan_applications") -> Job:
    name = f"20240{month}01T060000-00000{month}"
    window = month_of(f"2024-0{month}")
    return make_job(Path("results"), job_id=name, window=window, contract=load_contract(contract))


def save(month: int, champion: int | None, *findings: Finding, contract: str = "loan_applications") -> None:
    job = plan(month, contract)
    save_findings.fn(job, findings, Outcome.KEPT if champion else Outcome.QUALITY_FAILED, "Because.", champion)


def compare(engine: Engine, month: int, champion: int | None, *findings: Finding) -> FindingChanges:
    with engine.connect() as connection:
        return compare_with_earlier(findings, False, read_earlier(connection, plan(month)), 3, champion)


def replace_data(engine: Engine, folder: Path) -> None:
    for table, written in (("loan_details", LOANS), ("customer_details", CUSTOMERS), ("credit_details", CREDITS)):
        (folder / f"{table}.csv").write_text(written, encoding="utf-8")
    load_tables(engine, CONTRACT, folder, is_replacing=True)


def test_the_same_question_of_the_same_model_recovers(engine, versions):
    save(1, versions[0], MOVED)
    changes = compare(engine, 2, versions[0], settle(MOVED))
    assert changes.recovered == ("data/distribution/income",)
    assert compare(engine, 2, versions[0], MOVED).still == (MOVED,)


def test_another_champion_since_is_no_recovery(engine, versions):
    save(1, versions[0], MOVED)
    assert compare(engine, 2, versions[1], settle(MOVED)).recovered == ()
    assert compare(engine, 2, versions[1], MOVED).new == (MOVED,), "against another reference it is another change"
    save(2, versions[1], settle(MOVED))
    assert compare(engine, 3, versions[0], settle(MOVED)).recovered == ("data/distribution/income",), "a rollback"


@pytest.mark.parametrize("has_champion", [True, False])
def test_data_that_were_replaced_since_recover_nothing(engine, versions, tmp_path, has_champion):
    if not has_champion:
        with engine.begin() as connection:
            connection.execute(text("update loanwatch.model_version set state = 'retired'"))
    save(1, versions[0], MOVED, UNREADABLE)
    replace_data(engine, tmp_path)
    changes = compare(engine, 2, versions[0], settle(MOVED), ALL_READABLE)
    assert changes.recovered == ()
    assert compare(engine, 2, versions[0], MOVED, UNREADABLE).new == (MOVED, UNREADABLE)
    save(2, versions[0], MOVED)
    assert compare(engine, 3, versions[0], settle(MOVED)).recovered == ("data/distribution/income",)


def test_another_contract_recovers_nothing(engine, versions):
    save(1, versions[0], MOVED, contract=SECOND)
    assert compare(engine, 2, versions[0], settle(MOVED)).recovered == ()


@pytest.mark.parametrize("verdict", [Verdict.NOT_ENOUGH_DATA, Verdict.NOT_RUN])
def test_a_question_that_was_not_answered_recovers_nothing(engine, versions, verdict):
    save(1, versions[0], MOVED)
    assert compare(engine, 2, versions[0], replace(MOVED, verdict=verdict)).recovered == ()
    whole = Finding(Question.DATA, "distribution", verdict, "Too few rows.")
    assert compare(engine, 2, versions[0], whole).recovered == ()


def test_a_check_that_was_not_made_recovers_nothing(engine, versions):
    save(1, versions[0], BY_COLUMN, CURVE)
    assert compare(engine, 2, versions[0], CURVE).recovered == (), "too few rows in the groups of this column"
    assert compare(engine, 2, versions[0], CURVE, settle(BY_COLUMN)).recovered == ("concept/by_column/income",)


def test_an_unfit_window_in_between_hides_nothing(engine, versions):
    save(1, versions[0], MOVED)
    save(2, None, UNFIT)
    assert compare(engine, 3, versions[0], MOVED).still == (MOVED,)
    changes = compare(engine, 3, versions[0], settle(MOVED), settle(UNFIT))
    assert changes.recovered == ("quality/rows/", "data/distribution/income")


def test_quality_recovers_whatever_the_champion_where_the_check_was_made(engine, versions):
    save(1, None, UNREADABLE)
    assert compare(engine, 2, versions[1], ALL_READABLE).recovered == ("quality/unreadable/income",)
    assert compare(engine, 2, None, UNFIT).recovered == (), "an empty window is not asked for its words"
    other = replace(UNREADABLE, subject="debt", verdict=Verdict.WARN)
    assert compare(engine, 2, versions[1], other).recovered == ("quality/unreadable/income",)


def test_columns_that_are_missing_together_are_told_apart(engine, versions):
    save(1, versions[0], TOGETHER, settle(OTHERS))
    changes = compare(engine, 2, versions[0], settle(TOGETHER), OTHERS)
    assert changes.recovered == ("data/missing/cars, children",)
    assert changes.new == (OTHERS,)


def test_runs_before_the_column_are_given_the_ledgers_champion(engine, tmp_path):
    for file in sorted(MIGRATIONS.glob("*.sql"))[:4]:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    prepare_schema(engine, tmp_path)
    with engine.begin() as connection:
        april = Window(date(2015, 4, 1), date(2015, 4, 30))
        new = NewVersion(CONTRACT.name, "job", "forest", {}, "nowhere", "0" * 64, (april,))
        version = register(connection, new)
        promote(connection, Promotion(CONTRACT.name, "job", date(2015, 5, 1), None, version, "first", "0" * 64))
        connection.execute(text(
            "insert into loanwatch.run (job_id, contract, window_start, window_end, outcome, reason) values "
            "('a', 'loan_applications', '2015-06-01', '2015-06-30', 'kept', ''), "
            "('b', 'loan_applications', '2015-07-01', '2015-07-31', 'quality_failed', ''), "
            "('c', 'loan_applications', '2015-04-01', '2015-04-30', 'stable', '')"
        ))  # fmt: skip
    assert prepare_schema(engine) == len(list(MIGRATIONS.glob("*.sql"))) - 4
    with engine.connect() as connection:
        found = dict(connection.execute(text("select job_id, champion from loanwatch.run")).all())
    assert found == {"a": version, "b": None, "c": None}


def test_a_part_that_is_over_is_no_recovery_while_its_question_finds_more():
    """All columns together are no longer told apart, but the column that moved them is as it was: known."""
    before = EarlierRun(
        {"data/joint_shape/": Verdict.FAIL, "data/distribution/income": Verdict.FAIL}, frozenset(), champion=1
    )
    joint = Finding(Question.DATA, "joint_shape", Verdict.PASS, "As before.", effect=0.5)
    income = Finding(Question.DATA, "distribution", Verdict.KNOWN, "Higher.", "income", effect=0.1)
    assert compare_with_earlier([joint, income], False, [before], 3, 1).recovered == ()
    same = Finding(Question.DATA, "distribution", Verdict.PASS, "As before.", "income", effect=0.0)
    recovered = compare_with_earlier([joint, same], False, [before], 3, 1).recovered
    assert set(recovered) == {"data/joint_shape/", "data/distribution/income"}


def test_a_known_change_is_not_reported_again_and_one_that_goes_further_is_new():
    before = EarlierRun({"data/distribution/income": Verdict.FAIL}, frozenset({"data/distribution/income"}), champion=1)
    answer = Answer("a", "2024-08-01", "2024-08-01", "2024-08-31", "the champion was kept")
    known = Finding(Question.DATA, "distribution", Verdict.KNOWN, "Higher.", "income", effect=0.1, answer=answer)
    further = Finding(Question.DATA, "distribution", Verdict.FAIL, "Higher.", "income", effect=0.2, answer=answer)
    changes = compare_with_earlier([known], False, [before], 3, 1)
    assert (changes.reported, changes.recovered, changes.known) == ((), (), (known,))
    later = EarlierRun({"data/distribution/income": Verdict.KNOWN}, frozenset(), champion=1)
    assert compare_with_earlier([further], False, [later, before], 3, 1).new == (further,)
    opened_again = replace(further, answer=None)
    assert compare_with_earlier([opened_again], False, [later, before], 3, 1).new == (opened_again,)
