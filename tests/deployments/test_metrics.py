"""GET /metrics: what Prometheus reads of the API, of the model and of the monitoring."""

from __future__ import annotations

import time

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from blocks.postgres.connect import Database
from tasks.schema.migrate import prepare_schema
from tests.support.scoring_api import CONTRACT, make_request, serve
from tests.support.small_model import find_bundle, install


def read(client):
    """The samples by name and labels."""
    answer = client.get("/metrics").raise_for_status()
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    return {(one.name, *sorted(one.labels.items())): one.value for family in families for one in family.samples}


def test_requests_rows_and_warnings_are_counted(place, monkeypatch):
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", place.render_as_string(hide_password=False))
    with serve(database=Database("environment"), contract=CONTRACT) as client:
        client.post("/predict", json=[make_request(), make_request(credit_score=7000), {}])
        client.post("/predict", json={})
        for number in range(3):
            client.get(f"/nothing/{number}")
        told = read(client)
    requests = "loanwatch_requests_total"
    assert told[requests, ("method", "POST"), ("path", "/predict"), ("status", "200")] == 1
    assert told[requests, ("method", "POST"), ("path", "/predict"), ("status", "422")] == 1
    assert told[requests, ("method", "GET"), ("path", "other"), ("status", "404")] == 3
    assert told["loanwatch_applications_total", ("result", "scored")] == 2
    assert told["loanwatch_applications_total", ("result", "refused")] == 1
    assert told["loanwatch_warnings_total", ("column", "credit_score")] == 1
    assert told["loanwatch_request_seconds_count", ("path", "/predict")] == 2
    assert told["loanwatch_request_seconds_sum", ("path", "/predict")] > 0


def test_refused_keys_are_counted_and_the_metrics_need_the_key(place, monkeypatch):
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", place.render_as_string(hide_password=False))
    monkeypatch.setenv("LOANWATCH_API_KEY", "s3cret")
    with serve(database=Database("environment"), contract=CONTRACT) as client:
        assert client.get("/metrics").status_code == 401
        client.headers["X-API-Key"] = "s3cret"
        assert read(client)["loanwatch_requests_total", ("method", "GET"), ("path", "/metrics"), ("status", "401")] == 1


def test_model_promotion_and_last_window_are_told(engine, tmp_path):
    prepare_schema(engine)
    with serve(database=Database("environment"), contract=CONTRACT, patience=0) as client:
        told = read(client)
        assert told[("loanwatch_model_up",)] == 0
        assert ("loanwatch_last_promotion_timestamp_seconds",) not in told
        with engine.begin() as connection:
            install(connection, CONTRACT, tmp_path, find_bundle())
        told = read(client)
        assert told[("loanwatch_model_up",)] == 1
        assert abs(told[("loanwatch_last_promotion_timestamp_seconds",)] - time.time()) < 600
        assert ("loanwatch_last_window_age_seconds",) not in told
        (version,) = [name for name in told if name[0] == "loanwatch_model_info"]
        assert dict(version[1:]) == {"contract": CONTRACT.name, "version": "1", "kind": "gradient boosting"}
        with engine.begin() as connection:
            row = "'job', :contract, current_date - 40, current_date - 10, 'stable', ''"
            connection.execute(
                text(
                    "insert into loanwatch.run (job_id, contract, window_start, window_end, outcome, reason) "
                    f"values ({row})"
                ),
                {"contract": CONTRACT.name},
            )
        days = read(client)[("loanwatch_last_window_age_seconds",)] / 86_400
        assert 9 <= days <= 11
        # The registry's trouble is told, and hides no count of the API's own.
        with engine.begin() as connection:
            connection.execute(text("drop schema loanwatch cascade"))
        told = read(client)
        assert ("loanwatch_last_window_age_seconds",) not in told
        assert told["loanwatch_applications_total", ("result", "scored")] == pytest.approx(0)
