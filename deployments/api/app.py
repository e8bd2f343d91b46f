"""The application: GET /ping, /model and /metrics, POST /predict, and their description under /docs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, FastAPI, Security
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.models import Example
from fastapi.responses import PlainTextResponse, Response
from fastapi.security import APIKeyHeader
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from blocks.environment import name_variable, read_environment
from blocks.errors import LoanwatchError
from blocks.postgres.connect import Database, resolve_database
from blocks.secrets import SecretError, read_secret
from deployments.api.form import make_body
from deployments.api.guards import (
    KEY_HEADER,
    STATIC_PATH,
    KeyGuard,
    SizeGuard,
    answer_refused,
    answer_unavailable,
    find_most_bytes,
    make_answer_invalid,
)
from deployments.api.limits import make_example
from deployments.api.metrics import Counted, Metrics
from deployments.api.quick_route import make_quick_route
from deployments.api.records import REFUSALS, Model, Prediction, Responses, Unscored
from deployments.api.rows import gather_rows
from deployments.api.scoring import Scoring
from deployments.api.serving import Serving
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.policy import CutOffPolicy, load_policy
from tasks.models.score_batch import require_model

PATIENCE_SECONDS = 2.0
# 2.0: a list is answered row by row, and a value outside the contract's limits is scored with a warning.
VERSION = "2.0"
DESCRIPTION = """Predictions of the model in production.

**One application** is answered by a list with one prediction, or by 422 where it cannot be scored. **A list** of up to
1,000 is answered by 200, row by row: each element is a prediction, or has `errors` in its place. A value outside the
contract's limits is scored as the batch scores it and named in `warnings`. Every feature column is required: `null`
means that the value is not known. Other columns of the contract may be sent, and are ignored."""


def create_app(
    database: Database | None = None,
    contract: Contract | None = None,
    patience: float = PATIENCE_SECONDS,
    policy: CutOffPolicy | None = None,
) -> FastAPI:
    """The API for one contract. Without arguments, the settings come from the environment, as for the flows."""
    contract = contract or load_contract(read_environment().contract)
    policy = policy or load_policy(read_environment().policy).cut_off
    key = read_secret("api_key")
    if not key and (file := read_environment().api_key_file) is not None:
        raise SecretError(f"The file {file} holds no key. Write one, or unset {name_variable('api_key_file')}.")
    serving = Serving(database or resolve_database(), contract, policy, patience)
    metrics = Metrics(serving)
    app = FastAPIOffline(
        title="loanwatch",
        version=VERSION,
        description=f"{DESCRIPTION}\n\n{contract.description}",
        redoc_url=None,
        static_url=STATIC_PATH,
        # No page asks another server whether the description is valid.
        swagger_ui_parameters={"validatorUrl": None, "tryItOutEnabled": True, "defaultModelsExpandDepth": 0},
    )
    _add_health(app, serving)
    needed = [Security(APIKeyHeader(name=KEY_HEADER, auto_error=False))] if key else []
    refusals: Responses = {code: REFUSALS[code] for code in ((401, 503) if key else (503,))}
    for router in (_make_scoring(Scoring(contract, serving, metrics)), _make_operation(metrics)):
        app.include_router(router, responses=refusals, dependencies=needed)
    app.add_exception_handler(RequestValidationError, make_answer_invalid(column.name for column in contract.columns))
    app.add_exception_handler(HTTPException, answer_refused)
    app.add_exception_handler(LoanwatchError, answer_unavailable)
    app.add_exception_handler(SQLAlchemyError, answer_unavailable)
    app.add_middleware(SizeGuard, limit=find_most_bytes(contract))
    if key:
        app.add_middleware(KeyGuard, key=key)
    app.add_middleware(Counted, metrics=metrics)
    return app


def _add_health(app: FastAPI, serving: Serving) -> None:
    @app.get("/ping", summary="Can a model be served?", tags=["operation"], responses={503: REFUSALS[503]})
    def ping() -> dict[str, str]:
        """200 if a model can be served. Needs no key."""
        require_model(serving.find().champion)
        return {"status": "ok"}


def _make_operation(metrics: Metrics) -> APIRouter:
    """The routes for whoever runs the API."""
    router = APIRouter(tags=["operation"])

    @router.get("/metrics", summary="Numbers for Prometheus", response_class=PlainTextResponse)
    def show_metrics() -> Response:
        """Requests, latency, rows, model version, last promotion and last monitored window."""
        return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)

    return router


def _make_scoring(scoring: Scoring) -> APIRouter:
    """The routes for whoever asks the model."""
    router, contract = APIRouter(tags=["scoring"]), scoring.contract

    @router.get("/model", summary="The model in production")
    def show_model() -> Model:
        """Version, kind, the days it was fitted on, cut-off, metrics and model card."""
        served = scoring.serving.find()
        model = served.champion.model
        return Model(
            contract=contract.name,
            version=model.version,
            kind=model.kind,
            fitted_on=str(model.reference),
            cut_off=served.cut_off.as_record(),
            metrics=model.metrics,
            card=served.champion.bundle.card,
        )

    def predict(applications: Any) -> list[Prediction | Unscored]:
        """Probability, decision and reasons for one application, or for each of a list in its order."""
        is_list = isinstance(applications, list)
        rows = gather_rows(contract, applications if is_list else [applications])
        return scoring.answer(rows, is_list)  # type: ignore[return-value]  # the records as plain values

    example = make_example(contract)
    examples: dict[str, Example] = {"one application": {"value": example}, "a list": {"value": [example, example]}}
    predict.__annotations__["applications"] = Annotated[make_body(contract), Body(openapi_examples=examples)]
    refusals: Responses = {code: REFUSALS[code] for code in (413, 422)}
    quick = APIRouter(tags=["scoring"], route_class=make_quick_route(scoring.answer_body))
    quick.post("/predict", summary="Score applications", responses=refusals)(predict)
    router.include_router(quick)
    return router
