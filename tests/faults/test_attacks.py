"""Somebody means harm: with a model bundle, a contract, a parameter, a file name, or by looking for secrets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from blocks.postgres.errors import WriteRefusedError
from blocks.postgres.single_statement import refuse_many_statements
from tasks.contract.load import ContractError, load_contract
from tasks.job.job import is_job_id
from tests.faults.lender import next_run_works, write_contract
from tests.faults.planted import plant
from tests.support.postgres import PASSWORD, run_postgres
from tests.support.second_lender import CONTRACT, fill_table, make_requests

pytestmark = pytest.mark.attack
SELECT = Path(CONTRACT).with_suffix(".sql").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("mend_manifest", [False, True], ids=["file", "file-and-manifest"])
def test_a_planted_pickle_is_never_read(grown, mend_manifest):
    (row,) = grown.read("select artifact from loanwatch.model_version")
    own, marker = grown.folder / "own", grown.folder / "was-run"
    shutil.copytree(row["artifact"].removeprefix("file://"), own)
    plant(own, marker, mend_manifest=mend_manifest)
    with grown.engine.begin() as connection:
        connection.execute(text("update loanwatch.model_version set artifact = :place"), {"place": f"file://{own}"})
    code, said = grown.monitor()
    assert (code, "was changed or damaged" in " ".join(said.split())) == (1, True), said
    assert not marker.exists()


WRITES = {
    "a deletion whose rows are the answer": f"with gone as (delete from card_request returning *) {SELECT}",
    "a second statement": f"{SELECT}; drop table card_request",
    "a way out of the transaction": "select 1) to stdout; commit; drop table card_request; copy (select 1",
    "a function that writes": f"with w as (select lo_from_bytea(0, 'x')) {SELECT.replace('where', ', w where')}",
    "a program": "select 1) to program 'touch /tmp/loanwatch-was-here'; copy (select 1",
}


@pytest.mark.slow
@pytest.mark.parametrize("query", WRITES.values(), ids=WRITES.keys())
def test_a_query_that_writes_is_refused(grown, query):
    before = grown.read("select count(*) from card_request")
    contract = write_contract(grown, query)
    arguments = tuple(contract if word == CONTRACT else word for word in grown.arguments)
    code, said = grown.monitor(arguments=arguments)
    assert code == 1, said
    assert "loanwatch did not expect this" not in said
    assert grown.read("select count(*) from card_request") == before
    assert not Path("/tmp/loanwatch-was-here").exists()
    assert not grown.read("select 1 from pg_largeobject_metadata")
    assert grown.find_champion() == 1


@pytest.mark.parametrize(
    "query",
    [
        "select 1; drop table x",
        "select 1) to stdout; commit; copy (select 1",
        "select a$x$ ; drop table x --$x$",
        "/* /* */ ' */ ; drop table x --'",
        "select a$E'\\' ; drop table x --'",
        "select 'open",
    ],
)
def test_hidden_statements_are_found(query):
    with pytest.raises(WriteRefusedError):
        refuse_many_statements(query)


def test_harmless_queries_are_let_through():
    refuse_many_statements("select ';', E'\\';', $a$;)$a$ -- ;\n, \"odd;(\" /* ; ( */ from (select 1) as x;")


@pytest.mark.parametrize(
    "job",
    ["../../etc/passwd", "..", "/etc", "20240901T060000-3f9a1c/../..", "20240901T060000-3f9a1c\n", "'; drop--", ""],
)
def test_a_job_id_leads_nowhere_else(job):
    assert not is_job_id(job)


@pytest.mark.slow
def test_an_evidence_pack_of_another_folder_is_refused(grown, tmp_path):
    (tmp_path / "secret.txt").write_text("s3cret", encoding="utf-8")
    arguments = ("../secret", "--results", str(tmp_path / "results"), "--output", str(tmp_path / "pack.zip"))
    code, said = grown.monitor(arguments=arguments, module="flows.evidence")
    assert code == 2, said
    assert not (tmp_path / "pack.zip").exists()


@pytest.mark.parametrize("query", ["../card_requests.sql", "/etc/passwd", "a/b.sql", "card_requests.txt"])
def test_a_contract_names_no_file_elsewhere(tmp_path, query):
    described = Path(CONTRACT).read_text(encoding="utf-8").replace('"card_requests.sql"', json.dumps(query))
    (tmp_path / "contract.toml").write_text(described, encoding="utf-8")
    with pytest.raises(ContractError, match="plain name"):
        load_contract(str(tmp_path / "contract.toml"))


@pytest.mark.slow
def test_sql_and_html_in_every_value_and_parameter_stay_text(grown):
    harm = "'; drop table card_request; --<script>alert(1)</script>"
    with grown.engine.begin() as connection:
        for column in ("channel", "age_band", "rating"):
            march = "asked_at >= '2023-03-01' and request_no % 2 = 0"
            connection.execute(text(f"update card_request set {column} = :harm where {march}"), {"harm": harm})
    code, said = grown.monitor()
    assert code == 0, said
    assert grown.read("select count(*) from card_request")[0]["count"] == 1500
    for page in (grown.folder / "results").rglob("*.html"):
        assert "<script>alert(1)" not in page.read_text(encoding="utf-8")
    for option in ("--contract", "--database", "--start", "--policy"):
        given = dict(zip(grown.arguments[::2], grown.arguments[1::2], strict=True)) | {option: harm}
        code, said = grown.monitor(arguments=tuple(word for pair in given.items() for word in pair))
        assert code == 2, (option, said)
        assert "loanwatch did not expect this" not in said, option
    assert grown.read("select count(*) from card_request")[0]["count"] == 1500
    next_run_works(grown)


@pytest.mark.slow
def test_the_password_is_in_nothing_that_a_run_leaves(young, prefect_server):
    """Searched for in results, models, the output, and Prefect's own database: as it is, quoted, and in base64."""
    import base64
    from urllib.parse import quote

    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, PREFECT_HOME

    from blocks.postgres.connect import Patience, make_engine

    with run_postgres() as (url, _):
        engine = make_engine(url, Patience())
        fill_table(engine, make_requests(months=3))
        engine.dispose()
        young.environment["LOANWATCH_DATABASE_URL"] = url.render_as_string(hide_password=False)
        code, said = young.monitor()
        assert code == 0, said
        young.environment["LOANWATCH_DATABASE_URL"] = url.set(database="missing").render_as_string(hide_password=False)
        code, refused = young.monitor()
        assert code == 1, refused
    secrets = [PASSWORD, quote(PASSWORD, safe=""), base64.b64encode(PASSWORD.encode()).decode().rstrip("=")]
    places = [*young.folder.rglob("*"), *Path(PREFECT_HOME.value()).rglob("*")]
    server = str(PREFECT_API_DATABASE_CONNECTION_URL.value() or "").rpartition("///")[2]
    places += [Path(server)] if server and Path(server).is_file() else []
    left = {str(place): place.read_bytes() for place in places if place.is_file()} | {
        "output": (said + refused).encode()
    }
    assert any(name.endswith("report.html") for name in left)
    for name, content in left.items():
        for secret in secrets:
            assert secret.encode() not in content, name


@pytest.mark.slow
def test_a_role_that_may_only_read_is_enough(young):
    """The GRANTs of SECURITY.md: SELECT on the source tables, and a schema of its own."""
    from blocks.postgres.connect import Patience, make_engine

    with run_postgres() as (url, _):
        admin = make_engine(url, Patience())
        fill_table(admin, make_requests(months=3))
        with admin.begin() as connection:
            connection.execute(text("create role watcher login password 'w'"))
            connection.execute(text("create schema loanwatch authorization watcher"))
            connection.execute(text("grant select on card_request to watcher"))
        young.environment["LOANWATCH_DATABASE_URL"] = url.set(username="watcher", password="w").render_as_string(False)
        code, said = young.monitor()
        assert code == 0, said
        with admin.connect() as connection:
            assert connection.execute(text("select count(*) from card_request")).scalar_one() == 1500
        admin.dispose()
