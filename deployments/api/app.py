"""The application: GET /ping, GET /model, POST /predict, and their description under /docs and /openapi.json."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from blocks.environment import name_variable, read_environment
from blocks.errors import LoanwatchError
from blocks.postgres.connect import Database, resolve_database
from blocks.secrets import SecretError, read_secret
from deployments.api.form import Form, make_body, make_form, make_frame
from deployments.api.guards import MOST_BYTES, KeyGuard, SizeGuard, answer_invalid, answer_refused, answer_unavailable
from deployments.api.page import write_page
from deployments.api.serving import Serving, answer
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.policy import CutOffPolicy, load_policy
from tasks.models.cut_off import find_cut_off
from tasks.models.score_batch import require_model

PATIENCE_SECONDS = 2.0


class Reason(BaseModel):
    """A column that affects the probability: the change if its value were the reference's typical value."""

    column: str
    change: float


class Prediction(BaseModel):
    """The model's prediction for one application. From the threshold on, the decision is the positive one."""

    id: str | None
    probability: float
    decision: str
    threshold: float
    model_version: int
    reasons: list[Reason]


class Model(BaseModel):
    """The model in production."""

    contract: str
    version: int
    kind: str
    fitted_on: str
    cut_off: dict[str, Any]
    metrics: dict[str, Any]
    card: str


def create_app(
    database: Database | None = None,
    contract: Contract | None = None,
    patience: float = PATIENCE_SECONDS,
    policy: CutOffPolicy | None = None,
) -> FastAPI:
    """The API for one contract. Without arguments, the settings come from the environment, as for the flows."""
    contract = contract or load_contract(read_environment().contract)
    policy = policy or load_policy(read_environment().policy).cut_off
    serving = Serving(database or resolve_database(), contract, patience)
    app = FastAPI(
        title="loanwatch",
        description=f"Predictions of the model in production. {contract.description}",
        # FastAPI's own page loads its scripts from another server.
        docs_url=None,
        redoc_url=None,
    )
    _add_routes(app, serving, contract, policy)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_refused)
    app.add_exception_handler(LoanwatchError, answer_unavailable)
    app.add_exception_handler(SQLAlchemyError, answer_unavailable)
    app.add_middleware(SizeGuard, limit=MOST_BYTES)
    key = read_secret("api_key")
    if key:
        app.add_middleware(KeyGuard, key=key)
    elif (file := read_environment().api_key_file) is not None:
        raise SecretError(f"The file {file} holds no key. Write one, or unset {name_variable('api_key_file')}.")
    return app


def _add_routes(app: FastAPI, serving: Serving, contract: Contract, policy: CutOffPolicy) -> None:
    body = make_body(make_form(contract))

    def ping() -> dict[str, str]:
        """200 if a model can be served."""
        require_model(serving.find_champion())
        return {"status": "ok"}

    def show_model() -> Model:
        """The model in production, with its model card."""
        champion = serving.find_champion()
        model = champion.model
        return Model(
            contract=contract.name,
            version=model.version,
            kind=model.kind,
            fitted_on=str(model.reference),
            cut_off=find_cut_off(contract, policy, champion.bundle).as_record(),
            metrics=model.metrics,
            card=champion.bundle.card,
        )

    def predict(applications: Any) -> list[Prediction]:
        """Probability, decision and reasons for one application, or for each of a list in its order."""
        requested: list[Form] = applications if isinstance(applications, list) else [applications]
        champion = serving.find_champion()
        require_model(champion)
        answers = answer(contract, policy, champion, make_frame(contract, requested))
        return [
            Prediction(
                id=getattr(form, contract.id.name),
                probability=given.probability,
                decision=given.decision,
                threshold=given.threshold,
                model_version=champion.model.version,
                reasons=[Reason(column=reason.column, change=reason.change) for reason in given.reasons],
            )
            for form, given in zip(requested, answers, strict=True)
        ]

    predict.__annotations__["applications"] = Annotated[body, Body()]
    refusals: dict[int | str, dict[str, Any]] = {
        413: {"description": "The request body is too large."},
        503: {"description": "No model is available."},
    }
    page = write_page(contract)
    app.get("/docs", include_in_schema=False, response_class=HTMLResponse)(lambda: HTMLResponse(page))
    app.get("/ping", responses={503: refusals[503]})(ping)
    app.get("/model", responses={503: refusals[503]})(show_model)
    app.post("/predict", responses=refusals)(predict)
