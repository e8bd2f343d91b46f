"""Loading a contract: its TOML file and its .sql files."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from blocks.errors import UsageError
from tasks.contract.contract import SHIPPED, Contract
from tasks.contract.queries import list_text_mistakes, read_file
from tasks.core.validation_messages import describe_mistakes, format_mistakes


class ContractError(UsageError):
    """The contract file cannot be used; the message lists every mistake in it."""


def load_contract(name_or_file: str) -> Contract:
    """Read a built-in contract by its name, or any contract from a TOML file.

    Raises ContractError with all mistakes at once, each with its place in the file.
    """
    file = SHIPPED.parent / name_or_file / f"{name_or_file}.toml" if name_or_file.isidentifier() else Path(name_or_file)
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in SHIPPED.parent.glob("*/*.toml")))
        raise ContractError(f"There is no contract {name_or_file!r}. Give a TOML file, or one of: {known}.")
    try:
        described = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(f"The contract {file} is not valid TOML: {error}.") from None
    try:
        contract = Contract.model_validate(described | {"file": file})
    except ValidationError as error:
        told = [describe_mistakes(error, described), *list_query_mistakes(file, described.get("query"))]
        raise ContractError(f"The contract {file} has " + "\n".join(told)) from None
    mistakes = list(list_missing_queries(contract))
    if mistakes:
        raise ContractError(f"The contract {file} has {format_mistakes(mistakes)}")
    return contract


def list_query_mistakes(file: Path, query: object) -> Iterator[str]:
    """What is wrong with the query of a contract that cannot be used itself, so that both are corrected at once."""
    beside = file.parent / query if isinstance(query, str) and Path(query).name == query else None
    if beside is not None and beside.is_file():
        try:
            yield from map(str, list_text_mistakes(read_file(beside), needs_days=True))
        except UsageError as error:
            yield str(error)


def list_missing_queries(contract: Contract) -> Iterator[str]:
    """The mistakes in a contract's .sql files."""
    for query in contract.queries:
        if not contract.find_query(query).is_file():
            yield f"the query file {query} is neither next to the contract nor built in"
    if contract.parts is None:
        return
    # A lender's own query with built-in parts: these would be read in its place.
    parts = (contract.parts.applications, contract.parts.days, *contract.parts.records)
    answering = (contract.query, *filter(None, parts))
    if len({contract.find_query(query).parent for query in answering}) > 1:
        yield f"the parts are not in the folder of the query {contract.query}: write them there, or remove `[parts]`"
