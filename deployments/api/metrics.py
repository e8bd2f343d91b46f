"""Metrics in Prometheus' text format: the API's requests and rows, and the model and the monitoring behind it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blocks.errors import LoanwatchError
from deployments.api.predict import Answer
from deployments.api.serving import Serving

# Any other path is counted as "other": whoever asks for many must not make many series.
PATHS = ("/ping", "/model", "/metrics", "/predict", "/docs", "/openapi.json")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The counters of one application, and what its database says when somebody asks."""

    def __init__(self, serving: Serving) -> None:
        self._registry = CollectorRegistry()
        kept = self._registry
        self._requests = Counter("loanwatch_requests", "Requests.", ["method", "path", "status"], registry=kept)
        self._seconds = Histogram(
            "loanwatch_request_seconds", "Seconds of a request.", ["path"], buckets=SECONDS, registry=kept
        )
        self._rows = Counter("loanwatch_applications", "Applications by result.", ["result"], registry=kept)
        self._warnings = Counter(
            "loanwatch_warnings", "Values outside the contract's limits.", ["column"], registry=kept
        )
        for result in ("scored", "refused"):
            self._rows.labels(result)
        self._registry.register(_Production(serving))

    def render(self) -> bytes:
        """All of it as text."""
        return generate_latest(self._registry)

    def count_request(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one request that was answered."""
        path = path if path in PATHS else "other"
        self._requests.labels(method if method in ("GET", "POST", "HEAD") else "other", path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def count_rows(self, answers: Sequence[Answer]) -> None:
        """Count the applications of one request, and their values outside the contract's limits."""
        scored = [answer for answer in answers if "errors" not in answer]
        self._rows.labels("scored").inc(len(scored))
        self._rows.labels("refused").inc(len(answers) - len(scored))
        for answer in scored:
            for warning in answer["warnings"]:
                self._warnings.labels(warning["column"]).inc()


class Counted:
    """Counts every request and its seconds, refused ones too."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it when its answer begins or fails."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            self._metrics.count_request(scope["method"], scope["path"], status, time.perf_counter() - began)


class _Production(Collector):
    """The model in production, its promotion, and the last window that was monitored: read when somebody asks."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry must not ask the database when the application is made."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """What is known; where there is no model or the database does not answer, only that."""
        up = GaugeMetricFamily("loanwatch_model_up", "1 where a model can be served.")
        try:
            model = self._serving.find().champion.model
        except (LoanwatchError, SQLAlchemyError):
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        told = {"contract": self._serving.contract.name, "version": str(model.version), "kind": model.title}
        yield up
        yield InfoMetricFamily("loanwatch_model", "The model in production.", value=told)
        try:
            promoted_at, last_day = self._serving.find_milestones()
        except (LoanwatchError, SQLAlchemyError):
            return
        if promoted_at is not None:
            name, text = "loanwatch_last_promotion_timestamp_seconds", "When a model was last put into production."
            yield GaugeMetricFamily(name, text, promoted_at.timestamp())
        if last_day is not None:
            # A day is over when the next one begins.
            ended = datetime.combine(last_day + timedelta(days=1), datetime.min.time(), UTC)
            age = (datetime.now(UTC) - ended).total_seconds()
            yield GaugeMetricFamily(
                "loanwatch_last_window_age_seconds", "Since the end of the last monitored window.", age
            )
