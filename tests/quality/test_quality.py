"""Quality checks: what makes a window unfit, what only warns, and that each names its columns and rows."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from tasks.contract.load import load_contract
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import QualityPolicy
from tasks.core.windows import Window
from tasks.core.wording import list_some, shorten
from tasks.extract.extract import Extract, Unreadable, extract_window
from tasks.quality.check import UnfitWindowError, is_fit, measure_quality, require_fit
from tasks.source_tables.load import load_tables
from tests.support.quality_frames import CONTRACT, make_extract, make_frame, pick

POLICY = QualityPolicy()
MAY = Window(date(2024, 5, 1), date(2024, 5, 31))


def ask(extract: Extract, policy: QualityPolicy = POLICY) -> list[Finding]:
    return measure_quality(CONTRACT, extract, policy, MAY)


def spoil(column: str, value: object, rows: int = 1_000) -> Extract:
    frame = make_frame()
    if isinstance(frame[column].dtype, pd.CategoricalDtype):
        frame[column] = frame[column].astype(object)
    frame.loc[frame.index[:rows], column] = value
    if column in ("answer", "home", "purpose"):
        frame[column] = frame[column].astype("category")
    return make_extract(frame)


def test_a_good_window_passes_every_check():
    findings = ask(make_extract())
    assert {finding.verdict for finding in findings} == {Verdict.PASS}
    assert {finding.question for finding in findings} == {Question.QUALITY}
    assert len({finding.check for finding in findings}) == len(findings) >= 16


SHARES = [
    # extract, check, subject, share, limit                                    # at the limit a warning
    (make_extract(repeats=111), "duplicates", "", 111 / 1111, 0.10),  # just below 10 %
    (make_extract(repeats=112), "duplicates", "", 112 / 1112, 0.10),  # just above
    (make_extract(ambiguous=tuple(f"l{n}" for n in range(100))), "ambiguous", "", 0.10, 0.10),
    (make_extract(ambiguous=tuple(f"l{n}" for n in range(101))), "ambiguous", "", 0.101, 0.10),
    (make_extract(unreadable={"debt": Unreadable(52, ("l1",))}), "unreadable", "debt", 52 / 1052, 0.05),
    (make_extract(unreadable={"debt": Unreadable(53, ("l1",))}), "unreadable", "debt", 53 / 1053, 0.05),
    (spoil("score", 851.0, 250), "range", "score", 0.25, 0.25),
    (spoil("score", 851.0, 251), "range", "score", 0.251, 0.25),
    (spoil("amount", -1.0, 10), "range", "amount", 0.01, 0.25),  # below the least
    (spoil("home", "boat", 250), "allowed_values", "home", 0.25, 0.25),
    (spoil("home", "boat", 251), "allowed_values", "home", 0.251, 0.25),
    (spoil("loan", "same", 101), "unique", "loan", 0.10, 0.10),  # 100 ids too many
    (spoil("loan", "same", 102), "unique", "loan", 0.101, 0.10),
    (spoil("loan", None, 50), "unique", "loan", 0.05, 0.10),  # no id is not a unique one
]


@pytest.mark.parametrize(("extract", "check", "subject", "share", "limit"), SHARES)
def test_a_share_warns_up_to_its_limit_and_is_unfit_above(extract, check, subject, share, limit):
    findings = ask(extract)
    finding = pick(findings, check, subject)
    assert finding.effect == pytest.approx(share)
    assert finding.limit == limit
    assert str(finding.verdict) == ("fail" if share > limit else "warn")
    assert is_fit(findings) == (share <= limit)
    assert finding.rows or check == "duplicates"


WARNINGS = [
    # extract, check, subject                        # why it does not stop a run
    (make_extract(undated=3), "undated", ""),  # they may belong to other windows
    (spoil("debt", np.nan), "missing", "debt"),  # one empty column leaves others to judge by
    (spoil("debt", 5.0), "constant", "debt"),  # a column that is no longer filled in
    (spoil("home", "rent"), "constant", "home"),  # the same for words
    (spoil("purpose", [f"word {n}" for n in range(1_000)]), "free_text", "purpose"),  # nothing to learn from
]


@pytest.mark.parametrize(("extract", "check", "subject"), WARNINGS)
def test_what_only_warns(extract, check, subject):
    findings = ask(extract)
    assert pick(findings, check, subject).verdict is Verdict.WARN
    assert is_fit(findings)


ROWS = [(0, False), (1, False), (5, False), (199, False), (200, True)]


@pytest.mark.parametrize(("rows", "fit"), ROWS)
def test_fewer_than_200_rows_are_unfit(rows: int, fit: bool):
    assert is_fit(ask(make_extract(make_frame().iloc[:rows]))) == fit


def test_no_applications_is_the_only_finding_beside_the_undated():
    findings = ask(make_extract(make_frame().iloc[:0], undated=7))
    assert [finding.check for finding in findings] == ["rows", "undated"]


DECISIONS = [
    # decisions, verdict                             # why
    (["yes"] * 1_000, "warn"),  # one decision only: label drift says whether that is unusual
    (["no"] * 200 + [None] * 800, "warn"),
    ([None] * 1_000, "pass"),  # none is known yet: the questions without decisions can be asked
]


@pytest.mark.parametrize(("answers", "verdict"), DECISIONS)
def test_one_decision_only_is_told_and_stops_nothing(answers, verdict):
    frame = make_frame()
    frame["answer"] = pd.Categorical(answers, categories=["no", "yes"])
    findings = ask(make_extract(frame))
    assert str(pick(findings, "decisions").verdict) == verdict
    assert is_fit(findings)


def test_a_query_that_ignores_the_window_is_found():
    for time in (pd.Timestamp("2024-06-01"), pd.Timestamp("2024-04-30 23:59"), pd.NaT):
        finding = pick(ask(spoil("asked", time, 1)), "time")
        assert (finding.verdict, finding.rows) == (Verdict.FAIL, ("l0",))
    assert pick(ask(spoil("asked", pd.Timestamp("2024-05-31 23:59:59"), 1)), "time").verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("latest", "verdict"),
    [
        ("2024-05-31 00:00", Verdict.WARN),  # `between` on a timestamp: the last day ends with its first moment
        ("2024-05-30 23:59", Verdict.WARN),
        ("2024-05-31 09:00", Verdict.PASS),
    ],
)
def test_a_last_day_that_ends_at_midnight_is_told(latest, verdict):
    frame = make_frame()
    frame = frame[frame["asked"] <= pd.Timestamp(latest)].reset_index(drop=True)
    window = Window(date(2024, 5, 1), date(2024, 5, 31))
    finding = pick(measure_quality(CONTRACT, make_extract(frame), QualityPolicy(), window), "last_day")
    assert finding.verdict is verdict
    assert ("::date + 1" in finding.sentence) == (verdict is Verdict.WARN)


def test_a_table_that_knows_days_only_has_no_last_day_to_lose():
    frame = make_frame()
    frame["asked"] = frame["asked"].dt.normalize()
    window = Window(date(2024, 5, 1), date(2024, 5, 31))
    finding = pick(measure_quality(CONTRACT, make_extract(frame), QualityPolicy(), window), "last_day")
    assert finding.verdict is Verdict.PASS


def test_copies_under_other_ids_are_duplicates():
    frame = make_frame()
    again = frame.iloc[:50].assign(loan=[f"again{n}" for n in range(50)])
    finding = pick(ask(make_extract(pd.concat([frame, again], ignore_index=True))), "duplicates")
    assert finding.effect == pytest.approx(50 / 1050)
    assert finding.rows[0] == "again0"


def test_conflicting_decisions_are_told_where_features_say_enough():
    frame = make_frame()
    other = frame["answer"].map({"yes": "no", "no": "yes"}).astype("category")
    again = frame.assign(loan=[f"again{n}" for n in range(len(frame))], answer=other).iloc[:20]
    finding = pick(ask(make_extract(pd.concat([frame, again], ignore_index=True))), "conflicting_labels")
    assert (finding.verdict, finding.effect) == (Verdict.WARN, pytest.approx(40 / 1020))
    blank = make_frame()
    blank.loc[blank.index[:300], ["amount", "score", "debt"]] = np.nan  # alike by chance: two words are left
    assert pick(ask(make_extract(blank)), "conflicting_labels").verdict is Verdict.PASS


def test_special_values_are_told_and_are_no_fault():
    findings = ask(spoil("amount", 99999.0, 100))
    told = pick(findings, "special_values", "amount")
    assert (told.verdict, told.effect) == (Verdict.PASS, 0.1)
    assert "not stated" in told.sentence
    assert pick(findings, "range").verdict is Verdict.PASS


def test_no_feature_at_all_is_unfit():
    frame = make_frame()
    for column in ("amount", "score", "debt", "home", "purpose"):
        frame[column] = frame[column].mask(np.ones(len(frame), dtype=bool))
    assert not is_fit(ask(make_extract(frame)))


def test_same_columns_are_named_together():
    frame = make_frame()
    frame["debt"] = frame["score"]
    assert pick(ask(make_extract(frame)), "same_columns").columns == ("score", "debt")


def test_words_of_the_data_are_shown_short_and_harmless():
    assert shorten("x" * 100) == "x" * 40 + "…"
    assert shorten("a\u202eb\x1b[1m\n\x00c") == "a�b�[1m��c"
    assert list_some(["a", "b", "c", "d"]) == "a, b, c and 1 more"


@pytest.mark.slow
def test_real_applications_are_fit(engine: Engine, real_data):
    """With its known faults: scores above 850, a sentinel of 99999999, a third without customer record."""
    contract = load_contract("loan_applications")
    load_tables(engine, contract, real_data)
    for window in (Window(date(2015, 4, 16), date(2015, 5, 30)), Window(date(2015, 10, 28), date(2015, 11, 27))):
        findings = measure_quality(contract, extract_window(engine, contract, window), POLICY, window)
        assert is_fit(findings)
        warned = {(f.check, f.subject) for f in findings if f.verdict is Verdict.WARN and f.check != "leak"}
        assert warned == {("range", "credit_score")}


def test_an_unfit_window_is_refused_with_its_reasons_and_the_next_step():
    fit, unfit = ask(make_extract(repeats=111)), ask(make_extract(repeats=112, ambiguous=("l1",) * 101))
    require_fit(fit, "Choose other days.")
    with pytest.raises(UnfitWindowError) as error:
        require_fit(iter(unfit), "Choose other days.")
    reasons = [finding.sentence for finding in unfit if finding.verdict is Verdict.FAIL]
    assert len(reasons) == 2
    assert str(error.value) == f"The applications are unfit for use: {' '.join(reasons)} Choose other days."
