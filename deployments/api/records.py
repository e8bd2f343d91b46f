"""Records: what the API answers, field by field. The description under /openapi.json is made from them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class Reason(BaseModel):
    """A column that affects the probability: the change if its value were the reference's typical value."""

    column: str
    change: float


class Remark(BaseModel):
    """What is odd or wrong about an application: the column, null for the application as a whole, and a sentence."""

    column: str | None
    what: str


class Prediction(BaseModel):
    """The model's prediction for one application. From the threshold on, the decision is the positive one.

    `warnings` name values outside the contract's limits; they are scored as the batch scores them.
    """

    id: str | int | None
    probability: float
    decision: str
    threshold: float
    model_version: int
    reasons: list[Reason]
    warnings: list[Remark]


class Unscored(BaseModel):
    """An application of a list that cannot be scored, and why. The others of the list are scored."""

    id: str | int | None
    errors: list[Remark]


class Model(BaseModel):
    """The model in production."""

    contract: str
    version: int
    kind: str
    fitted_on: str
    cut_off: dict[str, Any]
    metrics: dict[str, Any]
    card: str


class Refusal(BaseModel):
    """Why a request was not answered."""

    detail: str


class Mistake(BaseModel):
    """A place in the body, such as `term`, and what is wrong with it."""

    where: str
    what: str


class Mistakes(BaseModel):
    """The first mistakes of a body, and how many there are in all."""

    detail: list[Mistake]
    mistakes: int = Field(ge=0)


Responses = dict[int | str, dict[str, Any]]
REFUSALS: Responses = {
    401: {"model": Refusal, "description": "The API key is missing or wrong."},
    413: {"model": Refusal, "description": "The request body is too large."},
    422: {"model": Mistakes, "description": "The body, or the only application in it, cannot be scored."},
    503: {"model": Refusal, "description": "No model is available."},
}
