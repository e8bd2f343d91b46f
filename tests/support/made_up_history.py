"""A lender's years, as rows of our own tables and without the pipeline: what the history is drawn from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from math import sin
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from tasks.core.findings import Answer, Finding, Outcome, Question, Verdict
from tasks.core.windows import Window, month_of
from tasks.registry.promote import NewVersion, Promotion, promote, register

CONTRACT = "loan_applications"
COLUMNS = (
    "current_loan_amount", "term", "tax_liens", "purpose", "no_of_properties", "home_ownership", "annual_income",
    "years_in_current_job", "months_since_last_delinquent", "no_of_cars", "no_of_children", "credit_score",
    "monthly_debt", "years_of_credit_history", "no_of_open_accounts", "no_of_credit_problems",
)  # fmt: skip
BANDS = {"ks": 0.41, "gini": 0.55, "low": 0.5, "high": 0.6}


@dataclass(frozen=True)
class Life:
    """A run to be stored: its window, how it ended, and what it found beside the quiet rest."""

    window: Window
    outcome: Outcome | None
    alarms: Sequence[Finding] = ()
    job_type: str = "monitor"
    error: str = ""
    champion: int | None = None
    changed_limits: dict[str, Any] = field(default_factory=dict)
    has_figures: bool = True
    contract: str = CONTRACT


def name_run(number: int) -> str:
    return f"20260101T{number // 3600 % 24:02}{number // 60 % 60:02}{number % 60:02}-{number:06x}"


def list_months(first: date, months: int) -> list[Window]:
    """So many months from a day on."""
    numbers = range(first.year * 12 + first.month - 1, first.year * 12 + first.month - 1 + months)
    return [month_of(f"{number // 12}-{number % 12 + 1:02}") for number in numbers]


def save_life(engine: Engine, life: Life, number: int, at: datetime) -> str:
    """Store a run as a run stores itself; returns its name."""
    run, window = name_run(number), life.window
    common = {"contract": life.contract, "job": run, "kind": life.job_type, "start": window.start, "end": window.end}
    with engine.begin() as connection:
        connection.execute(text(
            "insert into loanwatch.run_start (job_id, contract, window_start, window_end, changed_limits,"
            " flow_run_page, started_at) values (:job, :contract, :start, :end, cast(:limits as jsonb), :page, :at)"
        ), common | {"limits": json.dumps(life.changed_limits), "at": at,
                     "page": f"http://127.0.0.1:4200/runs/flow-run/{number:08}"})  # fmt: skip
        ends = [("started", str(window)), ("failed", life.error) if life.outcome is None else ("finished", "done")]
        stages = ["extract", *(["train"] if life.outcome in (Outcome.KEPT, Outcome.PROMOTED) else [])]
        connection.execute(text(
            "insert into loanwatch.mljob (contract, job_id, job_type, job_date, stage, status, message, created_at)"
            " values (:contract, :job, :kind, :day, :stage, :status, :message, :at)"
        ), [common | {"stage": stage, "status": status, "message": message, "day": at.date(), "at": at}
            for stage in stages for status, message in ends])  # fmt: skip
        if life.outcome is None:
            return run
        connection.execute(text(
            "insert into loanwatch.run (job_id, contract, window_start, window_end, outcome, reason, champion,"
            " figures, bank, finished_at) values (:job, :contract, :start, :end, :outcome, 'Because.', :champion,"
            " cast(:figures as jsonb), cast(:bank as jsonb), :at)"
        ), common | {"outcome": str(life.outcome), "champion": life.champion, "at": at + timedelta(minutes=2),
                     **_draw_numbers(life, number)})  # fmt: skip
        rows = [
            common | {"position": place, "record": json.dumps(record), **record}
            for place, record in enumerate(finding.as_record() for finding in _list_findings(life, number))
        ]
        if rows:
            connection.execute(text(
                "insert into loanwatch.finding (contract, job_id, position, window_start, window_end, question,"
                " check_name, subject, verdict, effect, unit, effect_limit, p_value, sentence, details) values"
                " (:contract, :job, :position, :start, :end, :question, :check, :subject, :verdict, :effect, :unit,"
                " :limit, :p_value, :sentence, cast(:record as jsonb))"
            ), rows)  # fmt: skip
    return run


def _draw_numbers(life: Life, number: int) -> dict[str, str | None]:
    if life.outcome is Outcome.QUALITY_FAILED or not life.has_figures:
        return {"figures": None, "bank": None}
    wave = sin(number / 3)
    figures = {
        "applications": int(4000 + 600 * wave), "labelled": 3900, "positive_rate": 0.76 + 0.02 * wave,
        "missing": 0.06 + 0.004 * wave, "mean_score": 0.74 + 0.015 * wave, "positive": "loan given",
    }  # fmt: skip
    psi = {"value": 0.03 + 0.02 * abs(wave), "chance_limit": 0.02, "window_rows": 3900, "reference_rows": 20_000}
    return {"figures": json.dumps(figures), "bank": json.dumps({"psi": psi, "reference": None, "window": BANDS})}


def _list_findings(life: Life, number: int) -> list[Finding]:
    if life.outcome is Outcome.QUALITY_FAILED:
        return list(life.alarms)
    share, noise = "share of applicants", abs(sin(number)) / 50
    quiet = [
        Finding(Question.DATA, "distribution", Verdict.PASS, "Quiet.", name, noise, share, 0.01, 0.06, 0.5, 0.008)
        for name in COLUMNS
    ]
    auc = Finding(Question.MODEL, "auc", Verdict.PASS, "AUC.", unit="AUC", reference=0.78, current=0.77 + noise / 3)
    rest = [
        Finding(Question.QUALITY, "rows", Verdict.PASS, "Enough rows."),
        Finding(Question.LABEL, "approval_rate", Verdict.PASS, "Quiet.", effect=noise, unit="share", limit=0.03),
        Finding(Question.CONCEPT, "score_curve", Verdict.PASS, "Quiet.", effect=noise, unit="share", limit=0.06),
    ]
    said = {(alarm.question, alarm.check, alarm.subject) for alarm in life.alarms}
    return [*life.alarms, *(f for f in [*quiet, *rest, auc] if (f.question, f.check, f.subject) not in said)]


MOVED = Finding(
    Question.DATA, "distribution", Verdict.FAIL, "12 % of applicants have a lower income.", "annual_income", 0.12,
    "share of applicants", 0.01, 0.06, 1e-6, 0.008,
)  # fmt: skip
RULE = Finding(
    Question.CONCEPT, "score_curve", Verdict.FAIL, "9 points fewer loans given at an equal score.", "", 0.09, "share",
    0.01, 0.06, 1e-6, 0.005,
)  # fmt: skip
OPEN = Finding(Question.LABEL, "approval_rate", Verdict.NOT_ENOUGH_DATA, "Too few decisions.")
UNFIT = Finding(Question.QUALITY, "rows", Verdict.FAIL, "17 rows; at least 200 are needed.", effect=17, unit="rows")
KNOWN = replace(
    MOVED, verdict=Verdict.KNOWN, answer=Answer("x", "2025-01-01", "2025-01-01", "2025-01-31", "the champion was kept")
)


def fill_history(
    engine: Engine, results: Path, months: int = 24, runs: int = 0, *, contract: str = CONTRACT, number: int = 0
) -> list[str]:
    """Some years with everything that the history has to show; with `runs`, as many more over the same months.

    Runs are numbered from `number` on. Returns their names, in the order of their recording.
    """
    windows, at = list_months(date(2024, 1, 1), months), datetime(2026, 1, 1, 6, tzinfo=UTC)
    first, second = _promote_two(engine, windows[max(months // 2, 1) - 1], contract)
    special = {
        3: Life(windows[3], Outcome.UNDECIDED, [OPEN]),
        5: Life(windows[5], Outcome.KEPT, [MOVED], changed_limits={"drift.label_limit": 0.05}),
        6: Life(windows[6], Outcome.STABLE, [KNOWN]),
        8: Life(windows[8], Outcome.QUALITY_FAILED, [UNFIT]),
        11: Life(windows[11], Outcome.PROMOTED, [MOVED, RULE]),
        months - 2: Life(windows[months - 2], Outcome.KEPT, [RULE]),
    }
    lives = [special.get(number, Life(window, Outcome.STABLE)) for number, window in enumerate(windows)]
    lives = [replace(life, champion=first if place < 12 else second, has_figures=place > 1)
             for place, life in enumerate(lives)]  # fmt: skip
    lives += [
        Life(windows[-1], None, error="TerminationSignal"),
        Life(windows[-1], None, error="The database is gone."),
        Life(Window(date(2031, 1, 1), date(2031, 1, 31)), Outcome.QUALITY_FAILED, [UNFIT]),
        *(Life(window, Outcome.STABLE, job_type="backfill", champion=first) for window in reversed(windows[1:4])),
        *(lives[number % months] for number in range(runs)),
    ]
    lives = [replace(life, contract=contract) for life in lives]
    names = [save_life(engine, life, place, at + timedelta(minutes=place)) for place, life in enumerate(lives, number)]
    for name in names:
        (results / name).mkdir(parents=True)
        (results / name / "report.html").write_text("<title>report</title>", encoding="utf-8")
    _settle(engine, names, contract)
    return names


def _promote_two(engine: Engine, window: Window, contract: str) -> tuple[int, int]:
    with engine.begin() as connection:
        metrics = {"test": {"auc": 0.78}}
        new = NewVersion(contract, "first", "random_forest", metrics, "nowhere", "0" * 64, (window,))
        first, second = register(connection, new), register(connection, new)
        promote(connection, Promotion(contract, "first", date(2024, 1, 1), None, first, "First.", "0" * 64))
        promote(connection, Promotion(contract, name_run(11), window.end, first, second, "Proven better.", "0" * 64))
    return first, second


def _settle(engine: Engine, names: Sequence[str], contract: str) -> None:
    """What persons said, and the alerts that were sent."""
    said = [
        (names[5], "data/annual_income", "accept", "R. Officer", "A campaign for younger applicants."),
        (names[8], "", "seen", "M. Engineer", "The export was cut off; IT is informed."),
    ]
    alarms = {3: "undecided", 5: "kept", 8: "quality failed", 11: "promoted", 22: "kept"}
    with engine.begin() as connection:
        for run, family, action, who, why in said:
            connection.execute(text(
                "insert into loanwatch.settlement (contract, job_id, family, action, who, why, recorded_at)"
                " values (:contract, :run, :family, :action, :who, :why, '2026-02-03')"
            ), {"contract": contract, "run": run, "family": family, "action": action,
                "who": who, "why": why})  # fmt: skip
        for number, outcome in alarms.items():
            if number < len(names):
                connection.execute(text(
                    "insert into loanwatch.alert (alert_id, contract, job_id, severity, title, body, payload, state,"
                    " created_at, delivered_at) values (:id, :contract, :run, 'warning', :title, '', '{}',"
                    " 'delivered', '2026-01-02', '2026-01-02')"
                ), {"id": f"{names[number]}/outcome", "contract": contract, "run": names[number],
                    "title": f"{contract}: {outcome}"})  # fmt: skip
