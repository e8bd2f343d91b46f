"""Bad data on a real PostgreSQL: every case ends in a clear finding or a clear error.

Each case goes the way of a run: extract, quality and, where the window is fit, score, leaks, drift, model drift and
the decision. What a case must say stands in tests/quality/bad_data/cases.py, with the reason beside it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine

from blocks.errors import LoanwatchError
from blocks.postgres.connect import Patience, make_engine
from blocks.postgres.errors import SourceMissingError
from tasks.contract.load import load_contract
from tasks.core.findings import Finding, Question, Verdict, summarise
from tasks.core.policy import DriftPolicy, Kind, QualityPolicy, TrainPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.core.windows import month_of
from tasks.demo.fill import copy_frame
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tasks.extract.extract import extract_window
from tasks.extract.labels import read_labels
from tasks.models.preprocess import prepare
from tasks.models.scoring import score_by_fold
from tasks.models.train import Candidate, fit_candidate
from tasks.profile.profile import Profile, fit_profile
from tasks.quality.check import is_fit, measure_quality
from tasks.quality.leak_search import measure_leaks
from tasks.quality.leakage import measure_auc_without_leaks
from tasks.source_tables.load import load_tables
from tasks.source_tables.tables import create_tables
from tests.quality.bad_data.cases import CASES, Case
from tests.quality.bad_data.tables import LOANS, Tables, take_month

CONTRACT = load_contract("loan_applications")
FEBRUARY = month_of("2024-02")
QUICK = TrainPolicy(boosting_rounds=30)

pytestmark = pytest.mark.bad_input


@dataclass(frozen=True)
class Model:
    """What January taught."""

    candidate: Candidate
    profile: Profile


@pytest.fixture(scope="module")
def tables(make_database) -> Iterator[Engine]:
    """The source tables, for all cases of the module."""
    engine = make_engine(make_database(), Patience())
    with engine.begin() as connection:
        create_tables(connection, CONTRACT.sources)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def model(tables: Engine) -> Model:
    """A model of January, whose data is good."""
    fill(tables, Tables(take_month(1)))
    applications = extract_window(tables, CONTRACT, month_of("2024-01")).applications
    prepared = prepare(CONTRACT, applications)
    decided = applications[prepared.is_labelled].reset_index(drop=True)
    candidate = fit_candidate(CONTRACT, Kind.GRADIENT_BOOSTING, prepared, QUICK)
    return Model(
        candidate,
        fit_profile(
            CONTRACT,
            ScoredWindow(decided, read_labels(CONTRACT, decided), candidate.out_of_fold),
            origin="out_of_fold",
            seed=1,
        ),
    )


def fill(engine: Engine, tables: Tables) -> None:
    with engine.begin() as connection:
        for name, frame in tables.frames.items():
            connection.exec_driver_sql(f"delete from {name}")
            copy_frame(connection, name, frame)


def ask(engine: Engine, model: Model) -> list[Finding]:
    """Every question of a run, of February."""
    extract = extract_window(engine, CONTRACT, FEBRUARY)
    findings = measure_quality(CONTRACT, extract, QualityPolicy(), FEBRUARY)
    if not is_fit(findings):
        return findings
    prepared = prepare(CONTRACT, extract.applications)
    scores = score_by_fold(model.candidate.pipeline, prepared.applications, prepared.keys)
    observed = ScoredWindow(extract.applications, prepared.labels, scores)
    findings += measure_auc_without_leaks(
        observed, measure_leaks(CONTRACT, observed.applications, observed.labels, QualityPolicy())
    )
    comparison = Comparison(model.profile, observed, DriftPolicy())
    return findings + measure_drift(comparison) + measure_model_drift(comparison)


def refuse_unclear(findings: list[Finding]) -> None:
    """A sentence is one line of a readable length, and no sign in it turns or hides others."""
    for finding in findings:
        assert finding.sentence.endswith("."), finding
        assert len(finding.sentence) < 600, finding
        shown = (finding.sentence, *finding.rows)
        assert not any(unicodedata.category(sign)[0] == "C" for text in shown for sign in text), finding


def test_a_good_month_is_fit_and_quiet(tables: Engine, model: Model):
    """Otherwise a case would be found for a reason of its own."""
    fill(tables, Tables.of_february())
    findings = ask(tables, model)
    assert is_fit(findings)
    assert not [f for f in findings if f.question is not Question.QUALITY and f.verdict is Verdict.FAIL]
    noisy = {f.check for f in findings if f.question is Question.QUALITY and f.verdict is not Verdict.PASS}
    assert not noisy


def list_cases() -> Iterator[Any]:
    """Every case; the first that each check answers with each verdict is quick enough for every test run."""
    seen: set[tuple[str, str]] = set()
    for case in CASES:
        is_another = (case.check, case.verdict) in seen
        seen.add((case.check, case.verdict))
        yield pytest.param(case, id=case.name, marks=[pytest.mark.slow] if is_another else [])


@pytest.mark.slow
@pytest.mark.parametrize("case", list(list_cases()))
def test_bad_data_ends_in_a_clear_finding(tables: Engine, model: Model, case: Case):
    spoilt = Tables.of_february()
    case.spoil(spoilt)
    fill(tables, spoilt)
    findings = ask(tables, model)
    refuse_unclear(findings)
    said = [f for f in findings if f.check == case.check and (not case.subject or f.subject == case.subject)]
    assert case.verdict in [str(finding.verdict) for finding in said], case.why
    assert is_fit(findings) == (case.verdict != "fail"), [f.sentence for f in findings if f.verdict is Verdict.FAIL]
    if case.drift:
        assert summarise(findings, Question(case.drift)) is Verdict.FAIL, case.why


def test_there_are_at_least_sixty_cases_of_different_names():
    assert len({case.name for case in CASES}) == len(CASES) >= 60


BROKEN_TABLES = [
    # what is done to the table                                     # why
    ("drop table loan_details", "a table that is not there"),
    ("alter table loan_details drop column purpose", "a column that is not there"),
    ("alter table loan_details rename column loan_id to id", "a column of another name"),
]


@pytest.mark.parametrize(("statement", "why"), BROKEN_TABLES)
def test_a_missing_table_or_column_is_named(engine: Engine, statement: str, why: str):
    with engine.begin() as connection:
        create_tables(connection, CONTRACT.sources)
        connection.exec_driver_sql(statement)
    with pytest.raises(SourceMissingError, match=r"loan_details|purpose|loan_id"):
        extract_window(engine, CONTRACT, FEBRUARY)


def test_columns_that_the_contract_does_not_know_are_left_alone(engine: Engine):
    with engine.begin() as connection:
        create_tables(connection, CONTRACT.sources)
        connection.exec_driver_sql("alter table loan_details add column secret text default 'x'")
        for name, frame in Tables.of_february().frames.items():
            copy_frame(connection, name, frame)
    extract = extract_window(engine, CONTRACT, FEBRUARY)
    assert list(extract.applications.columns) == [column.name for column in CONTRACT.columns]
    assert is_fit(measure_quality(CONTRACT, extract, QualityPolicy()))


BROKEN_FILES = [
    # bytes put into the loans file                   # why
    (b"a\x00b", "NUL bytes, which no text of PostgreSQL holds"),
    (b"\xff\xfe", "bytes that are no UTF-8"),
    (b'"never closed', "a quotation mark that is never closed"),
    (b"1,2,3", "too few columns"),
    (b"1,2,3,4,5,6,7,8,9,10,11", "too many columns"),
]


@pytest.mark.parametrize(("line", "why"), BROKEN_FILES)
def test_a_broken_file_is_refused_whole(engine: Engine, tmp_path, line: bytes, why: str):
    for name, frame in Tables.of_february().frames.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    with (tmp_path / f"{LOANS}.csv").open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(LoanwatchError, match=LOANS):
        load_tables(engine, CONTRACT, tmp_path)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("select to_regclass('loan_details')").scalar_one() is None, why
