"""Scoring: from a request's body to its answer, by the quick way where the body is a usual one."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic_core import from_json, to_json
from starlette.concurrency import run_in_threadpool

from deployments.api.form import MOST_APPLICATIONS
from deployments.api.metrics import Metrics
from deployments.api.predict import NO_NUMBER, Answer, answer_all
from deployments.api.rows import RowReader, Rows
from deployments.api.serving import Served, Serving
from tasks.contract.contract import Contract
from tasks.models.score_batch import require_model


class Scoring:
    """Answers for one contract, by the model in production."""

    def __init__(self, contract: Contract, serving: Serving, metrics: Metrics) -> None:
        self.contract, self.serving = contract, serving
        self._metrics, self._reader = metrics, RowReader(contract)

    async def answer_body(self, body: bytes) -> Response | None:
        """The response to one application or a list of them; None where something about the body must be told.

        One application is answered here and now, if it is known which model serves: a thread takes longer. A list would
        keep all others waiting.
        """
        served = self.serving.peek()
        if served is None or not served.is_quick or body[:1] != b"{":
            return await run_in_threadpool(self._answer_body, body)
        return self._answer_body(body, served)

    def _answer_body(self, body: bytes, served: Served | None = None) -> Response | None:
        try:
            said = from_json(body)
        except ValueError:
            return None
        is_list = isinstance(said, list)
        applications = said if is_list else [said]
        if not 1 <= len(applications) <= MOST_APPLICATIONS:
            return None
        rows = self._reader.read(applications)
        if rows.unread and not is_list:
            return None
        said = to_json(self.answer(rows, is_list, served), inf_nan_mode="null")
        return Response(said, media_type="application/json")

    def answer(self, rows: Rows, is_list: bool, served: Served | None = None) -> list[Answer]:
        """The answers, counted. Raises RequestValidationError where the only application gets no number."""
        served = served or self.serving.find()
        require_model(served.champion)
        answers = answer_all(self.contract, served, rows)
        self._metrics.count_rows(answers)
        if not is_list and "errors" in answers[0]:
            raise RequestValidationError([{"type": "value_error", "loc": ("body",), "msg": NO_NUMBER}])
        return answers
