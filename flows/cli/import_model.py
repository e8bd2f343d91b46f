"""`python -m flows.models import PATH`: a model of the lender's own, tried on a window and put into production."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Annotated

from rich.console import Console

from blocks.errors import LoanwatchError
from flows.cli.announce import announce_promotion
from flows.cli.errors import report_error
from flows.cli.import_table import show_dry_run
from flows.cli.options import POLICY_HELP, SPREAD, read_options
from tasks.contract.contract import Contract
from tasks.foreign.errors import ModelFileError
from tasks.foreign.formats import (
    describe_trust,
    find_format,
    list_unknown_types,
    open_model,
    refuse_untrusted,
    require_reader,
)
from tasks.foreign.imported import ImportedModel
from tasks.foreign.opened import OpenedModel
from tasks.foreign.read_import import File, make_imported
from tasks.job.job import Job
from tasks.prefect_ui.events import describe_scoring
from tasks.promotion.import_model import Identity, Start, install_imported, refuse_known_days, try_on_window
from tasks.run.days import plan_reference
from tasks.run.import_request import ImportRequest
from tasks.run.open import Table, make_job, plan_days, prepare_database


def import_model(
    path: Path,
    *,
    options: Annotated[ImportRequest, SPREAD] = ImportRequest(),  # noqa: B008 - frozen
    policy: Annotated[Path | None, POLICY_HELP] = None,
) -> int:
    """Try a fitted model of your own on a window; with --install, put it into production.

    A scikit-learn classifier (.skops, or .joblib and .pkl with --trust-pickle) or a classifier in the ONNX format
    (.onnx). What is trusted is said before the file is read. Without --install nothing is changed.

    Exit code 0: done; 1: it could not be; 2: bad arguments, or a model that is refused. The champion is unchanged then.

    Parameters
    ----------
    path
        The model's file.
    """
    console = Console(highlight=False)
    try:
        request = read_options(options, policy)
        content = read_file(path)
        file, opened, trust = read_model(console, path, content, request)
        table = prepare_database(request)
        stated = (request.columns, request.positive)
        model, classes = make_imported(table.contract, file, opened, stated)
        console.print(f"{classes} It takes {', '.join(model.passport.columns)}.", markup=False, soft_wrap=True)
        identity = identify(table.contract, request, path, trust, classes)
        run_import(console, table, model, identity, request)
    except LoanwatchError as error:
        return report_error(error)
    return 0


def read_file(path: Path) -> bytes:
    """The file's bytes: they are read once, so that what is checked is what is used. Raises ModelFileError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"The model {path} cannot be read ({error.strerror}).") from None


def read_model(console: Console, path: Path, content: bytes, request: ImportRequest) -> tuple[File, OpenedModel, str]:
    """The file, the model in it, and what it is trusted with, which is said before it is read."""
    form, sha256 = find_format(path), hashlib.sha256(content).hexdigest()
    require_reader(form)
    told = f"{path.name}: {form}, {len(content):,} bytes, sha256 {sha256}"
    console.print(told, markup=False, soft_wrap=True)
    unknown = list_unknown_types(content) if form == "skops" else []
    refuse_untrusted(form, unknown, request.trust, request.trust_pickle)
    trust = describe_trust(form, unknown)
    console.print(trust, markup=False, soft_wrap=True)
    file = File(path.name, form, content, sha256, tuple(unknown))
    return file, open_model(form, content, unknown), trust


def identify(contract: Contract, request: ImportRequest, path: Path, trust: str, classes: str) -> Identity:
    """Whose model it is, by the command line, else by the contract, else by the file's name."""
    stated = contract.stated_model
    return Identity(
        name=" ".join((request.name or (stated.name if stated else path.stem)).split()),
        version=request.version or (stated.version if stated else None) or "",
        owner=request.owner or (stated.owner if stated else ""),
        trained_until=request.trained_until or (stated.trained_until if stated else None),
        trust=trust,
        classes=classes,
    )


def run_import(
    console: Console, table: Table, model: ImportedModel, identity: Identity, request: ImportRequest
) -> None:
    """The dry run, its table, and the installation where it was asked for."""
    job = open_job(table, request)
    reference = plan_reference(request.reference, job.window)
    refuse_known_days(identity, reference, job.window)
    tried = try_on_window(job, model, reference)
    show_dry_run(console, tried.dry_run)
    if not request.install:
        console.print("A dry run: nothing was changed. Add --install to put the model into production.", soft_wrap=True)
        return
    start = Start(request.effective, request.replace)
    champion, row = install_imported(job, model, identity, (reference, tried), start)
    console.print(
        f"version {champion.model.version} is in production from {row.effective_from} on: {identity.name}",
        markup=False,
        soft_wrap=True,
    )
    announce_promotion(table.database, row, describe_scoring(job.contract, job.database, job.policy))


def open_job(table: Table, request: ImportRequest) -> Job:
    """The job of the dry run, with its window and the model store."""
    job = make_job(table, "import", plan_days(table, request, None, None), request.policy)
    return dataclasses.replace(job, store=request.models)
