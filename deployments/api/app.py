"""The application: GET /ping, GET /model, POST /predict, and their description under /docs and /openapi.json."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from blocks.environment import read_environment
from blocks.errors import LoanwatchError
from blocks.postgres.connect import Database, resolve_database
from deployments.api.form import Form, make_body, make_form, make_frame
from deployments.api.guards import MOST_BYTES, KeyGuard, SizeGuard, tell_mistakes, tell_refusal, tell_unavailable
from deployments.api.page import write_page
from deployments.api.serving import Serving, answer
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract

PATIENCE_SECONDS = 2.0


class Reason(BaseModel):
    """A column whose value speaks for or against: by how much the probability changes without what is special in it."""

    column: str
    change: float


class Prediction(BaseModel):
    """What the model says of one application."""

    id: str | None
    probability: float
    decision: str
    model_version: int
    reasons: list[Reason]


class Model(BaseModel):
    """The model in production."""

    contract: str
    version: int
    kind: str
    fitted_on: str
    metrics: dict[str, Any]
    card: str


def create_app(
    database: Database | None = None, contract: Contract | None = None, patience: float = PATIENCE_SECONDS
) -> FastAPI:
    """The API for one contract. Without arguments: what the environment says, as the flows read it."""
    contract = contract or load_contract(read_environment().contract)
    serving = Serving(database or resolve_database(), contract, patience)
    app = FastAPI(
        title="loanwatch",
        description=f"What the model in production says of an application. {contract.description}",
        # The page that FastAPI would make loads its scripts from another server.
        docs_url=None,
        redoc_url=None,
    )
    _add_routes(app, serving, contract)
    app.add_exception_handler(RequestValidationError, tell_mistakes)
    app.add_exception_handler(HTTPException, tell_refusal)
    app.add_exception_handler(LoanwatchError, tell_unavailable)
    app.add_exception_handler(SQLAlchemyError, tell_unavailable)
    app.add_middleware(SizeGuard, limit=MOST_BYTES)
    key = read_environment().api_key
    if key:
        app.add_middleware(KeyGuard, key=key.get_secret_value())
    return app


def _add_routes(app: FastAPI, serving: Serving, contract: Contract) -> None:
    body = make_body(make_form(contract))

    def ping() -> dict[str, str]:
        """Whether a model can be served."""
        serving.find_champion()
        return {"status": "ok"}

    def show_model() -> Model:
        """The model in production, with its card."""
        champion = serving.find_champion()
        model = champion.model
        return Model(
            contract=contract.name,
            version=model.version,
            kind=model.kind,
            fitted_on=str(model.reference),
            metrics=model.metrics,
            card=champion.bundle.card,
        )

    def predict(applications: Any) -> list[Prediction]:
        """Probability, decision and reasons for one application or a list of them, in their order."""
        sent: list[Form] = applications if isinstance(applications, list) else [applications]
        champion = serving.find_champion()
        answers = answer(contract, champion, make_frame(contract, sent))
        return [
            Prediction(
                id=getattr(form, contract.id.name),
                probability=said.probability,
                decision=said.decision,
                model_version=champion.model.version,
                reasons=[Reason(column=reason.column, change=reason.change) for reason in said.reasons],
            )
            for form, said in zip(sent, answers, strict=True)
        ]

    predict.__annotations__["applications"] = Annotated[body, Body()]
    refusals: dict[int | str, dict[str, Any]] = {
        413: {"description": "The body is too long."},
        503: {"description": "No model can be served."},
    }
    page = write_page(contract)
    app.get("/docs", include_in_schema=False, response_class=HTMLResponse)(lambda: HTMLResponse(page))
    app.get("/ping", responses={503: refusals[503]})(ping)
    app.get("/model", responses={503: refusals[503]})(show_model)
    app.post("/predict", responses=refusals)(predict)
