"""Registering blocks: against a PostgreSQL with a password, and one with TLS; no secret is shown anywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from sqlalchemy import URL, text

from blocks.postgres.connect import Database, connect
from blocks.postgres.save_block import CredsError, DatabaseSettings, TlsError, read_creds, read_url
from blocks.register import command
from blocks.secrets import SecretError
from blocks.slack import find_bot, find_webhook
from blocks.slack_block import check_webhook
from tests.support import ROOT
from tests.support.postgres import PASSWORD, find_debian_programs, run_postgres
from tests.support.slack_stand_in import run_stand_in

WEBHOOK = "https://hooks.slack.com/services/T000/B000/x-secret"


@pytest.fixture(scope="module")
def postgres() -> Iterator[URL]:
    with run_postgres() as (url, _):
        yield url


@pytest.fixture(scope="module")
def tls_postgres() -> Iterator[tuple[URL, Path]]:
    programs = find_debian_programs()
    if programs is None or shutil.which("openssl") is None:
        pytest.skip("no PostgreSQL built with TLS below /usr/lib/postgresql, or no openssl")
    with run_postgres(programs, tls=True) as (url, certificate):
        yield url, certificate


@pytest.fixture
def creds(postgres: URL, tmp_path: Path) -> Path:
    return write_creds(tmp_path, postgres)


def write_creds(folder: Path, url: URL, **changes: Any) -> Path:
    file = folder / "creds.json"
    record = {
        "user": url.username, "password": url.password, "host": url.host, "port": str(url.port),
        "database": url.database,
    }  # fmt: skip
    file.write_text(json.dumps(record | changes), encoding="utf-8")
    return file


def read_documents() -> str:
    """All that the API says of the blocks to one who does not ask for secrets."""
    with get_client(sync_client=True) as client:
        return json.dumps(
            [document.model_dump(mode="json") for document in client.read_block_documents(include_secrets=False)]
        )


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_creds_of_the_previous_system(creds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(creds=creds) == 0
    assert command(creds=creds) == 0, "registering again changes nothing"
    with connect(Database("block", "loans-postgres")).connect() as connection:
        assert connection.execute(text("select current_user")).scalar() == "loan"
    said = "".join(capsys.readouterr())
    assert "loan at 127.0.0.1" in said
    assert PASSWORD not in said + read_documents()


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_variables_and_a_password_file(postgres: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
    monkeypatch.setenv("LOANWATCH_DATABASE_PASSWORD_FILE", str(secret))
    given = {"host": "127.0.0.1", "port": int(postgres.port or 0), "database": "loans", "user": "loan"}
    assert command(**given, name="from-options") == 0
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", postgres.render_as_string(hide_password=False))
    assert command(name="from-url") == 0
    for name in ("from-options", "from-url"):
        with connect(Database("block", name)).connect() as connection:
            assert connection.execute(text("select 1")).scalar() == 1
    assert PASSWORD not in read_documents()


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_what_does_not_work_is_not_saved(postgres: URL, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(creds=write_creds(tmp_path, postgres, password="wrong-S3CRET"), name="broken") == 1
    said = "".join(capsys.readouterr())
    assert "does not let the user 'loan' in" in said
    assert "wrong-S3CRET" not in said
    assert '"broken"' not in read_documents()


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_tls(
    tls_postgres: tuple[URL, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, certificate = tls_postgres
    mine = tmp_path / "ca.pem"
    mine.write_bytes(certificate.read_bytes())
    monkeypatch.setenv("LOANWATCH_DATABASE_PASSWORD", PASSWORD)
    given: dict[str, Any] = {"port": int(url.port or 0), "database": "loans", "user": "loan"}
    assert command(host="localhost", sslmode="disable", **given) == 1, "the server refuses a plain connection"
    assert command(host="localhost", root_certificate=mine, name="tls", **given) == 0
    assert "sslmode verify-full" in capsys.readouterr().out
    with connect(Database("block", "tls")).connect() as connection:
        assert connection.execute(text("select ssl from pg_stat_ssl where pid = pg_backend_pid()")).scalar() is True
    # The certificate is localhost's: another name of the same machine is another server.
    assert command(host="127.0.0.1", root_certificate=mine, name="tls-other", **given) == 1
    other = tmp_path / "other.pem"
    make_certificate(other)
    assert command(host="localhost", root_certificate=other, name="tls-other", **given) == 1
    assert '"tls-other"' not in read_documents()


def make_certificate(file: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other"]
    subprocess.run([*command, "-keyout", os.devnull, "-out", str(file)], check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_slack_blocks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with run_stand_in() as stand_in:
        monkeypatch.setenv("LOANWATCH_SLACK_WEBHOOK", stand_in.url)
        assert command(slack_name="test-alerts") == 0
        webhook = find_webhook("test-alerts")
        assert webhook.send(text="hello", blocks=[]).status_code == 200
        assert stand_in.seen[0]["text"] == "hello"
        monkeypatch.delenv("LOANWATCH_SLACK_WEBHOOK")
        monkeypatch.setenv("LOANWATCH_SLACK_TOKEN", "xoxb-S3CRET")
        assert command(slack_name="test-alerts") == 2, "a bot needs a channel"
        assert command(slack_name="test-alerts", slack_channel="#loans") == 0
        assert find_webhook("test-alerts") is None, "the bot takes the webhook's place"
        bot = find_bot("test-alerts")
        assert bot is not None
        assert bot[1] == "#loans"
        said = "".join(capsys.readouterr()) + read_documents()
        assert "S3CRET" not in said
        assert stand_in.url not in said


def test_nothing_to_register(capsys: pytest.CaptureFixture[str]) -> None:
    assert command() == 2
    assert "Nothing to register" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "says"),
    [("{", "no JSON"), ("[]", "lacks user, password"), ('{"user": "u", "password": "S3CRET"}', "lacks host, port")],
)
def test_unusable_creds(tmp_path: Path, written: str, says: str) -> None:
    file = tmp_path / "creds.json"
    file.write_text(written, encoding="utf-8")
    with pytest.raises(CredsError, match=says) as told:
        read_creds(file)
    assert "S3CRET" not in str(told.value)


def test_tls_options(tmp_path: Path) -> None:
    settings = DatabaseSettings("db", database="loans", user="loan", password="S3CRET")
    with pytest.raises(TlsError, match="is not there"):
        settings.with_tls("verify-full", tmp_path / "none.pem")
    with pytest.raises(TlsError, match="needs the CA"):
        settings.with_tls("verify-full", None)
    assert settings.with_tls("require", None).build_query() == {"sslmode": "require"}
    assert "S3CRET" not in repr(settings)


def test_url_is_taken_apart(tmp_path: Path) -> None:
    settings = read_url("postgresql://u:p%40ss@db:5433/loans?sslmode=require&options=-csearch_path%3Dx")
    assert (settings.user, settings.password, settings.host, settings.port) == ("u", "p@ss", "db", 5433)
    assert settings.build_query() == {"options": "-csearch_path=x", "sslmode": "require"}


@pytest.mark.parametrize("url", ["not a url S3CRET", "http://hooks.slack.com/S3CRET"])
def test_unusable_webhook(url: str) -> None:
    with pytest.raises(SecretError) as told:
        check_webhook(url, "LOANWATCH_SLACK_WEBHOOK")
    assert "S3CRET" not in str(told.value)
    check_webhook(WEBHOOK, "LOANWATCH_SLACK_WEBHOOK")


@pytest.mark.slow
@pytest.mark.parametrize("module", ["blocks.register", "deployments.setup"])
def test_help_needs_no_server(module: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "LOANWATCH_"))}
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert module in done.stdout


def test_nothing_is_saved_on_a_server_that_ends_with_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("blocks.prefect_server.find_server", lambda: None)
    monkeypatch.setenv("LOANWATCH_SLACK_WEBHOOK", WEBHOOK)
    assert command() == 2
    assert "PREFECT_API_URL is not set" in capsys.readouterr().err
