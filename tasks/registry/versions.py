"""The registry: the models in the database, and which of them is the champion."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from blocks.errors import LoanwatchError, UsageError
from tasks.core.model_names import name_model
from tasks.core.reference_rows import ReferenceRows
from tasks.core.self_check import OwnLimit, SelfCheck
from tasks.core.windows import Window, cut_windows
from tasks.registry.bundle import Bundle, OtherLibrariesError, load_bundle
from tasks.registry.entries import find_entry_on, find_last_retirement
from tasks.registry.self_checks import find_self_check
from tasks.schema.queries import read_query


class UnknownVersionError(UsageError):
    """The registry has no such version."""


class NoChampionError(LoanwatchError):
    """No model is in production."""


class NoChampionThenError(UsageError):
    """No champion can be compared fairly with the window."""


@dataclass(frozen=True)
class ModelVersion:
    """One row of `loanwatch.model_version`; `job_id` is the run that trained it."""

    version: int
    job_id: str
    kind: str
    artifact: str
    sha256: str
    training_windows: tuple[Window, ...]
    metrics: dict[str, Any]
    state: str

    @property
    def external(self) -> dict[str, Any] | None:
        """Name, version and owner of a model that is a column of scores; None for one that is computed here."""
        return self.metrics.get("external")

    @property
    def lenders(self) -> dict[str, Any] | None:
        """Name, version and owner of a model of the lender's own, by its scores or imported; None for loanwatch's."""
        return self.external or self.metrics.get("imported")

    @property
    def title(self) -> str:
        """What it is, for people: its kind, or the name of the lender's own model."""
        return name_model(self.kind, self.lenders)

    @property
    def says_days(self) -> str:
        """What its days are: those it was fitted on, or those that the lender's own model is compared with."""
        return f"{'compared with' if self.lenders else 'fitted on'} {self.reference}"

    @property
    def reference(self) -> Window:
        """From the first to the last day of the data that the model was fitted on; of the lender's own model, of the
        days that windows are compared with."""
        return Window(self.training_windows[0].start, self.training_windows[-1].end)

    @property
    def reference_since(self) -> date | None:
        """The first day of the rows that later windows are compared with; None where these are all rows."""
        since = (self.metrics.get("regime") or {}).get("reference_since")
        return None if since is None else date.fromisoformat(since)

    @property
    def compared_with(self) -> tuple[Window, ...]:
        """The days of the rows that later windows are compared with."""
        return cut_windows(self.training_windows, self.reference_since)

    @property
    def reference_applications(self) -> int:
        """All applications that later windows are compared with, where only some of them have a label."""
        return int(self.metrics.get("reference_applications") or self.reference_rows)

    @property
    def reference_rows(self) -> int:
        """The number of labelled rows that later windows are compared with."""
        return int((self.metrics.get("regime") or {}).get("reference_rows") or self.metrics["fitted_rows"])


@dataclass(frozen=True)
class Champion:
    """The model that a window is monitored against.

    With `is_replay` nothing may be promoted from this run: another model has become champion since, or promotion was
    not requested. `self_check` is what splits of its reference have shown, None where they have not been made yet;
    `reference` are rows for them, where this run has fitted it. `silence` says why its scores cannot be held against
    its reference: another version of the lender's own model gives them.
    """

    model: ModelVersion
    bundle: Bundle
    is_replay: bool = False
    self_check: SelfCheck | None = None
    reference: ReferenceRows | None = None
    silence: str = ""

    @property
    def own_limits(self) -> tuple[OwnLimit, ...]:
        """The limits that its self-check has raised."""
        return self.self_check.own_limits if self.self_check else ()


def find_champion(connection: Connection, contract: str, window: Window, version: int | None = None) -> Champion | None:
    """The champion that was effective before the window, or the version named; None before the first one.

    It is loaded and verified. Raises NoChampionThenError if champions exist, but none that was effective when the
    window began and was fitted on other days; BundleError if its bundle is missing or damaged.
    """
    current = find_current(connection, contract)
    if current is None and version is None:
        return None
    effective = version or find_effective_version(connection, contract, window.start)
    if effective is None:
        first = read_version(connection, contract, int(current or 0))
        raise NoChampionThenError(
            f"No champion was effective on {window.start}: the first one was trained on {first.reference}. Choose a "
            "window after these days, or train a champion on earlier days with `python -m flows.train --replace`."
        )
    model = read_version(connection, contract, effective)
    if any(days.overlaps(window) for days in model.training_windows):
        rests = "has its reference" if model.lenders else "was trained"
        raise NoChampionThenError(
            f"Champion version {model.version}, effective on {window.start}, {rests} on days of the window "
            f"{window}. Choose a window outside {model.reference}."
        )
    self_check = find_self_check(connection, contract, effective)
    return Champion(model, load_model(model), is_replay=effective != current, self_check=self_check)


def find_effective_version(connection: Connection, contract: str, day: date) -> int | None:
    """The version that was in production on a business day and knows the present data, if any."""
    entry = find_entry_on(connection, contract, day)
    if entry is None or entry.entry < find_last_retirement(connection, contract):
        return None
    return entry.to_version


def load_current(connection: Connection, contract: str) -> Champion:
    """The model in production, loaded and verified. Raises NoChampionError or BundleError."""
    current = find_current(connection, contract)
    if current is None:
        raise NoChampionError(
            f"No model for {contract} is in production. Run `python -m flows.monitor`, which trains a first one, or "
            "`python -m flows.train`."
        )
    model = read_version(connection, contract, current)
    return Champion(model, load_model(model))


def load_model(model: ModelVersion) -> Bundle:
    """The bundle of a registered model, verified. Raises BundleError; of other libraries, with the command that refits.

    A pickle is read only with the libraries that wrote it, but the model can be fitted again on the same days.
    """
    try:
        return load_bundle(model.artifact, model.sha256)
    except OtherLibrariesError as error:
        days = model.reference
        if "imported" in model.metrics:
            raise OtherLibrariesError(
                f"Version {model.version} cannot be used. {error} Save it anew with the libraries that are installed, "
                "and import it with `python -m flows.models import --install --replace`. Or install the requirements "
                "of the loanwatch version that imported it."
            ) from None
        raise OtherLibrariesError(
            f"Version {model.version} cannot be used. {error} Refit it on its own days, with the other options of this "
            f"command: `python -m flows.train --replace --start {days.start} --end {days.end}`. Or install the "
            "requirements of the loanwatch version that made it."
        ) from None


def find_current(connection: Connection, contract: str) -> int | None:
    """The version in production, if any."""
    version = connection.execute(read_query("registry/current_champion"), {"contract": contract}).scalar()
    return None if version is None else int(version)


def read_version(connection: Connection, contract: str, version: int) -> ModelVersion:
    """One registered model. Raises UnknownVersionError."""
    row = connection.execute(
        read_query("registry/model_version"), {"contract": contract, "version": version}
    ).one_or_none()
    if row is None:
        raise UnknownVersionError(
            f"There is no model version {version} for {contract}. `python -m flows.models` lists all versions."
        )
    return _read_row(row)


def list_versions(connection: Connection, contract: str) -> list[ModelVersion]:
    """Every registered model, the oldest first."""
    return [_read_row(row) for row in connection.execute(read_query("registry/list_versions"), {"contract": contract})]


def _read_row(row: Row[Any]) -> ModelVersion:
    return ModelVersion(
        version=row.version,
        job_id=row.job_id,
        kind=row.kind,
        artifact=row.artifact,
        sha256=row.sha256,
        training_windows=tuple(Window(*map(date.fromisoformat, days)) for days in row.training_windows),
        metrics=row.metrics,
        state=row.state,
    )


def to_json(windows: tuple[Window, ...]) -> str:
    """Training windows as they are stored."""
    return json.dumps([[days.start.isoformat(), days.end.isoformat()] for days in windows])


def describe_model(model: ModelVersion) -> str:
    """A model in short: version, kind and test AUC."""
    auc, where = model.metrics["test"]["auc"], "reference" if model.lenders else "test"
    return f"version {model.version}, {model.title}, " + ("not tested" if auc is None else f"{where} AUC {auc:.3f}")
