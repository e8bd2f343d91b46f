"""A PostgreSQL of its own for a test: on TCP, with a password, and with TLS where the server is built with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from blocks.postgres.embedded import Server, find_server
from tests.support.memory import place_data

PASSWORD = "p@ss/w0rd#S3CRET"


def find_debian_programs() -> Path | None:
    """The programs of an installed PostgreSQL, which has TLS and pg_trgm; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def run_postgres(programs: Path | None = None, *, tls: bool = False) -> Iterator[tuple[URL, Path]]:
    """A server on 127.0.0.1 with the database `loans` of the user `loan`; yields its URL and the CA's file.

    With TLS a plain connection is refused.
    """
    with _place_server(programs) as (server, base):
        _create(server, base, tls=tls)
        url = _start(server, base, tls=tls)
        _run_sql(url.set(database="postgres"), tls=tls)
        yield url, server.data / "server.crt"


@contextmanager
def run_standby(primary: URL) -> Iterator[URL]:
    """A hot standby of such a server, of the embedded programs and without TLS; yields its URL."""
    with _place_server(None) as (server, base):
        source = f"host={primary.host} port={primary.port} user={primary.username} password={primary.password}"
        copied = server.run("pg_basebackup", "-D", str(server.data), "-d", source, "-R", "-c", "fast", "--no-sync")
        if copied.returncode:
            raise RuntimeError(copied.stdout)
        yield _start(server, base, tls=False)


@contextmanager
def _place_server(programs: Path | None) -> Iterator[tuple[Server, Path]]:
    """A server that is still to be made and started, and the folder that it lies in; it is stopped at the end."""
    home = Path(tempfile.mkdtemp(prefix="loanwatch-test-"))
    folder = place_data(home / "embedded")
    embedded = find_server(home / "embedded")
    base = Path(tempfile.mkdtemp(dir=embedded.data.parent if embedded.user else folder, prefix="tcp-"))
    server = Server(base / "data", programs or embedded.programs, embedded.user)
    try:
        base.chmod(0o711)
        if server.user:
            shutil.chown(base, server.user, server.user)
        yield server, base
    finally:
        server.run("pg_ctl", "-D", str(server.data), "-m", "immediate", "stop")
        for made in (folder, home):
            shutil.rmtree(made, ignore_errors=True)


def _start(server: Server, base: Path, *, tls: bool) -> URL:
    port = free_port()
    options = f"-h 127.0.0.1 -p {port} -k {base}" + (" -c ssl=on" if tls else "")
    started = server.run(
        "pg_ctl", "-w", "-s", "-t", "60", "-D", str(server.data), "-l", str(base / "log"), "-o", options, "start"
    )
    if started.returncode:
        raise RuntimeError((base / "log").read_text(encoding="utf-8"))
    return URL.create("postgresql+psycopg2", "loan", PASSWORD, "127.0.0.1", port, "loans")


def _create(server: Server, base: Path, *, tls: bool) -> None:
    secret = base / "pw"
    secret.write_text(PASSWORD, encoding="utf-8")
    if server.user:
        shutil.chown(secret, server.user, server.user)
    made = server.run(
        "initdb", "-D", str(server.data), "-U", "loan", "-A", "scram-sha-256", "--pwfile", str(secret), "--no-sync",
        "--locale=C", "--encoding=UTF8",
    )  # fmt: skip
    if made.returncode:
        raise RuntimeError(made.stdout)
    if not tls:
        return
    certificate, key = server.data / "server.crt", server.data / "server.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    for file in (certificate, key):
        os.chmod(file, 0o600)
        if server.user:
            shutil.chown(file, server.user, server.user)
    (server.data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8")


def _run_sql(url: URL, *, tls: bool) -> None:
    import psycopg2

    connection = psycopg2.connect(
        host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database,
        sslmode="require" if tls else "disable",
    )  # fmt: skip
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("create database loans")
    connection.close()
