"""flows.monitor without dates on lenders' tables as they are: quoted names, texts, months, counts, zones."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from tasks.core.policy import MonitorPolicy, SelfCheckPolicy, TrainPolicy
from tests.support.flow import run_monitor
from tests.support.second_lender import make_requests

QUICK = MonitorPolicy(
    train=TrainPolicy(forest_trees=20, boosting_rounds=40, folds=2),
    self_check=SelfCheckPolicy(splits=0),
)
CONTRACT = """
name = "asked"
query = "asked.sql"
decimal = ","
timezone = "{zone}"
column = [
    {{ name = "No", role = "id" }},
    {{ name = "AppliedAt", role = "time"{time} }},
    {{ name = "answer", role = "target", type = "category", positive = ["YES", "Granted"], negative = "no" }},
    {{ name = "salary", type = "integer", affixes = ["EUR"], special = {{ "-1" = "not stated" }} }},
    {{ name = "wanted", type = "number" }},
    {{ name = "client", type = "boolean" }},
    {{ name = "rating", ordered = ["D", "C", "B", "A"], type = "category" }},
]
"""
# the column's type, the time as it is written there, its day or time as the query has it, its format, and the zone
TABLES = {
    "quoted": ("timestamp", "asked", '"AppliedAt"', "", "UTC"),
    "days first": ("text", "to_char(asked, 'DD-MM-YYYY HH24:MI')", """to_date("AppliedAt", 'DD-MM-YYYY')""", "", "UTC"),
    "zoned": ("timestamptz", "asked at time zone 'Europe/Berlin'", '"AppliedAt"', "", "Europe/Berlin"),
    "months": ("text", "to_char(asked, 'Mon-YYYY')", """to_date("AppliedAt", 'Mon-YYYY')""", "%b-%Y", "UTC"),
    "unix": ("bigint", "extract(epoch from asked)::bigint", 'to_timestamp("AppliedAt")', "unix", "UTC"),
}

pytestmark = pytest.mark.usefixtures("prefect_server")


def fill(engine: Engine, kind: str, written: str) -> None:
    requests = make_requests(months=7, per_month=300)
    frame = pd.DataFrame(
        {
            "No": requests["request_no"],
            "asked": requests["asked_at"],
            "answer": requests["answer"].where(
                requests["request_no"] % 3 > 0, requests["answer"].replace("yes", "Granted")
            ),
            "salary": requests["yearly_salary"].map(lambda salary: f"{salary:,.0f} EUR".replace(",", ".")),
            "wanted": requests["wanted_limit"].map(lambda limit: f"{limit:.2f}".replace(".", ",")),
            "client": (requests["months_as_client"] > 100).map({True: "Y", False: "0.0"}),
            "rating": requests["rating"].str.upper(),
        }
    )
    with engine.begin() as connection:
        frame.to_sql("raw", connection, index=False, method="multi", chunksize=500)
        others = '"No", answer, salary, wanted, client, rating'
        connection.execute(
            text(f'create table "Asked" as select {others}, ({written})::{kind} as "AppliedAt" from raw')
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["days first", *(pytest.param(n, marks=pytest.mark.slow) for n in TABLES if n != "days first")]
)
def test_without_dates_the_last_full_month_is_monitored(engine: Engine, tmp_path: Path, name: str) -> None:
    kind, written, read, form, zone = TABLES[name]
    fill(engine, kind, written)
    formats = f', formats = ["{form}"]' if form else ""
    (tmp_path / "asked.toml").write_text(CONTRACT.format(time=formats, zone=zone), encoding="utf-8")
    condition = f"{read} >= %(start)s and {read} < %(end)s::date + 1"
    (tmp_path / "asked.sql").write_text(f'select * from "Asked" where {condition}', encoding="utf-8")
    state, summary = run_monitor(tmp_path, contract=str(tmp_path / "asked.toml"), policy=QUICK)
    assert state.is_completed()
    assert (summary["window"]["start"], summary["window"]["end"]) == ("2023-06-01", "2023-06-30")
    assert summary["outcome"] in ("stable", "undecided", "kept")
    assert summary["verdicts"]["quality"] in ("pass", "warn")
    faults = {f["check"] for f in summary["findings"] if f["question"] == "quality" and f["verdict"] != "pass"}
    assert not faults & {"unreadable", "allowed_values", "missing"}
