"""Predictions: what each application of a request is answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deployments.api.form import Form, Unread, make_frame
from deployments.api.limits import list_warnings
from deployments.api.mistakes import list_remarks
from deployments.api.records import Prediction, Reason, Remark, Unscored
from deployments.api.serving import Answer, answer
from tasks.contract.contract import Contract
from tasks.core.policy import CutOffPolicy
from tasks.registry.versions import Champion

NO_NUMBER = "gets no probability from the model, so that there is nothing to decide by"


def answer_all(
    contract: Contract, policy: CutOffPolicy, champion: Champion, applications: Sequence[Form | Unread]
) -> list[Prediction | Unscored]:
    """A prediction for each application in its order, or why there is none for it."""
    read = [application for application in applications if isinstance(application, Form)]
    answers = iter(answer(contract, policy, champion, make_frame(contract, read)))
    return [_answer_one(contract, champion, application, answers) for application in applications]


def _answer_one(
    contract: Contract, champion: Champion, application: Form | Unread, answers: Iterator[Answer | None]
) -> Prediction | Unscored:
    if isinstance(application, Unread):
        names = [column.name for column in contract.columns]
        return Unscored(id=application.id, errors=list_remarks(application.errors, names))
    given, name = next(answers), getattr(application, contract.id.name)
    if given is None:
        return Unscored(id=name, errors=[Remark(column=None, what=NO_NUMBER)])
    return Prediction(
        id=name,
        probability=given.probability,
        decision=given.decision,
        threshold=given.threshold,
        model_version=champion.model.version,
        reasons=[Reason(column=reason.column, change=reason.change) for reason in given.reasons],
        warnings=list_warnings(contract, application),
    )
