"""What set-up tries before the first run, with a role that lacks every right, and the SQL that corrects it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from blocks.postgres.connect import Database
from blocks.slack_block import check_webhook
from deployments import needs as module
from deployments.needs import Need, check_needs
from deployments.setup import describe_next
from tests.support.postgres import PASSWORD
from tests.support.prefect_stack import fill_loans

TABLES = {"database": None, "contract": "loan_applications"}
ROLE = 'no"t loanwatch'


@pytest.fixture
def lender(database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The owner of a database with the demo's tables; runs have another role there, with no right but to log in."""
    engine = fill_loans(database)
    quoted = ROLE.replace('"', '""')
    with engine.begin() as connection:
        connection.execute(text(f"""create role "{quoted}" login password '{PASSWORD}'"""))
    url = database.set(username=ROLE, password=PASSWORD)
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
    yield engine
    with engine.begin() as connection:
        connection.execute(text("drop schema if exists loanwatch cascade"))
        connection.execute(text(f'drop owned by "{quoted}"'))
        connection.execute(text(f'drop role "{quoted}"'))
    engine.dispose()


def find(needs: list[Need], name: str) -> Need:
    return next(need for need in needs if need.name.startswith(name))


def read_sql(need: Need) -> str:
    """The lines that an administrator is to run."""
    return "\n".join(line for line in need.said.splitlines() if line.startswith("  "))


def run_sql(engine: Engine, sql: str) -> None:
    connection = engine.raw_connection()
    with connection.cursor() as cursor:
        cursor.execute(sql)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("made_before", [False, True])
def test_the_administrators_sql_is_all_that_is_missing(lender: Engine, made_before: bool) -> None:
    """Also where the administrator made the schema first, as an owner of it."""
    if made_before:
        run_sql(lender, "create schema loanwatch")
    needs = check_needs(TABLES, None)
    assert find(needs, "database").is_met
    schema, contract = find(needs, "schema"), find(needs, "contract")
    assert [schema.is_fatal, contract.is_fatal] == [True, True], "both are told at once"
    assert "SECURITY.md, “The database role”" in schema.said
    assert "SECURITY.md, “The database role”" in contract.said
    run_sql(lender, read_sql(schema))
    assert find(check_needs(TABLES, None), "schema").is_met
    run_sql(lender, read_sql(contract))
    assert all(need.is_met for need in check_needs(TABLES, None))
    assert Path("SECURITY.md").read_text(encoding="utf-8").count("## The database role") == 1


def test_an_empty_database_is_no_fault_of_the_setup(database) -> None:
    needs = check_needs(TABLES, None)
    contract = find(needs, "contract")
    assert (contract.is_met, contract.is_fatal) == (False, False)
    assert "flows.load" in contract.said
    assert "deployments.worker" in describe_next("process", needs)


def test_a_database_that_does_not_answer_and_an_unknown_contract_are_told(database, monkeypatch) -> None:
    assert "There is no contract 'no_such'" in find(check_needs({"contract": "no_such"}, None), "contract").said
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    needs = check_needs(TABLES, None)
    assert find(needs, "database").is_fatal
    assert describe_next("process", needs).startswith("Next: correct what is not ready")


def test_without_a_database_a_process_has_its_own_and_a_container_none(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "resolve_database", lambda _: Database("embedded", str(tmp_path)))
    assert find(check_needs({}, tmp_path), "database").is_met
    assert find(check_needs({}, None), "database").is_fatal


def test_folders_that_cannot_be_made_are_told(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "resolve_database", lambda _: Database("embedded", str(tmp_path)))
    needs = check_needs({"models": "s3://bucket/models", "results": "/proc/nowhere"}, tmp_path)
    assert not find(needs, "results").is_met
    assert not [need for need in needs if need.name.startswith("models")], "a store elsewhere is not tried"
    assert not (tmp_path / "results").exists(), "trying leaves nothing behind"


def test_a_slack_block_is_looked_at_and_nothing_is_sent(monkeypatch, tmp_path: Path) -> None:
    class Webhook:
        url = "http://hooks.example/services/secret"

    monkeypatch.setattr(module, "resolve_database", lambda _: Database("embedded", str(tmp_path)))
    monkeypatch.setattr(module, "find_webhook", Webhook)
    slack = find(check_needs({}, tmp_path), "Slack")
    assert not slack.is_met
    assert "not encrypted" in slack.said
    assert "secret" not in slack.said
    Webhook.url = "https://hooks.example/services/secret"
    assert find(check_needs({}, tmp_path), "Slack").is_met
    check_webhook(Webhook.url, "it")
