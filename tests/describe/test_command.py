"""The command: what it writes, what it asks, and what it refuses, each with one clear sentence."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from flows.describe import app, command
from tasks.contract.load import load_contract
from tasks.describe import read_files
from tasks.files import csv_files

HEADER = "Loan No,Applied At,Outcome,Amount\n"


def make_rows(rows: int = 300) -> str:
    return "".join(
        f"L{n},{n % 28 + 1:02d}.0{n // 28 % 9 + 1}.2024 10:30,{'approved' if n % 3 else 'refused'},{100 + n * 7}\n"
        for n in range(rows)
    )


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loans.csv").write_text(HEADER + make_rows(), encoding="utf-8")
    return tmp_path


def say(capsys) -> str:
    out, err = capsys.readouterr()
    return " ".join((out + err).split())


def test_it_writes_a_contract_that_loads_and_says_what_it_decided(folder, capsys):
    assert command("loans.csv", target="Outcome") == 0
    said = say(capsys)
    contract = load_contract("loans.toml")
    assert (contract.id.name, contract.time.name, contract.target.positive) == ("loan_no", "applied_at", "approved")
    assert [(column.name, column.source) for column in contract.features] == [("amount", "Amount")]
    for told in (
        "300 rows, 4 columns: 1 features, 0 left out",
        "Look at: Outcome: 'approved' counts as positive; --positive chooses",
        "written: loans.toml and loans.sql",
        "python -m flows.load . --contract loans.toml",
        "python -m flows.monitor --contract loans.toml",
    ):
        assert told in said


@pytest.mark.parametrize(("name", "is_pointed_at"), [("Model Score", True), ("credit_score", False)])
def test_a_column_that_may_be_the_lenders_own_score_is_pointed_at(folder, name, is_pointed_at):
    lines = (HEADER + make_rows()).splitlines()
    rows = [f"{lines[0]},{name}", *(f"{line},{500 + 7 * place % 300}" for place, line in enumerate(lines[1:]))]
    (folder / "scored.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert command("scored.csv", target="Outcome") == 0
    assert ('its role is "score"' in (folder / "scored.toml").read_text(encoding="utf-8")) is is_pointed_at


def test_it_never_overwrites_without_being_told(folder, capsys):
    (folder / "loans.sql").write_text("mine")
    assert command("loans.csv", target="Outcome") == 2
    assert "loans.sql exist already. Overwrite with --force, or choose another --name." in say(capsys)
    assert not (folder / "loans.toml").exists()
    assert (folder / "loans.sql").read_text() == "mine"
    assert command("loans.csv", target="Outcome", name="other") == 0
    assert command("loans.csv", target="Outcome", force=True) == 0
    assert (folder / "loans.sql").read_text() != "mine"


def test_at_a_terminal_it_asks_for_what_only_a_person_knows(folder, capsys, monkeypatch):
    text = (HEADER + make_rows()).replace("Outcome", "Colour").replace("approved", "red").replace("refused", "blue")
    (folder / "loans.csv").write_text(text)
    answers = io.StringIO("Colour\nRed\n")
    answers.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", answers)
    assert command("loans.csv") == 0
    assert load_contract("loans.toml").target.positive == "red"
    assert "Which column holds the outcome?" in say(capsys)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", b"", "empty.csv is empty"),
        ("one.csv", b"status\napproved\nrefused\n", "one column only"),
        ("bare.csv", b"1,2024-01-01,approved\n2,2024-01-02,refused\n", "has no header"),
        ("twice.csv", b"id,applied_at,status\nid,applied_at,status\n1,2024-01-01,approved\n", "two headers"),
        ("ragged.csv", HEADER.encode() + make_rows().encode() + b"L1,2024\n", "line 302"),
        ("open.csv", HEADER.encode() + b'L1,01.01.2024,"approved,5\n' * 3, "quote"),
        ("zip.csv", b"PK\x03\x04 x", "zip archive"),
        ("only_header.csv", HEADER.encode(), "has no rows below its header"),
        ("same.csv", b"id,id,status\n1,2,approved\n2,3,refused\n", "has the column 'id' twice"),
    ],
)
def test_bad_files_are_told_in_one_sentence_and_nothing_is_written(folder, capsys, name, content, told):
    (folder / name).write_bytes(content)
    before = sorted(folder.iterdir())
    assert command(name, target="status" if b"status" in content else "Outcome") == 2
    said = say(capsys)
    assert told in said
    assert "did not expect" not in said
    assert "Traceback" not in said
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("sources", "options", "told"),
    [
        ((), {}, "Name a file"),
        (("nowhere.csv",), {}, "nowhere.csv cannot be read: it is not there"),
        (("loans.csv", "some_table"), {}, "either files or tables"),
        (("loans.csv",), {"target": "Outcom"}, "There is no column 'Outcom' for --target"),
        (("loans.csv",), {"target": "Amount"}, "cannot be the outcome"),
        (("loans.csv",), {"target": "Outcome", "positive": ["given"]}, "does not occur in the target"),
        (("loans.csv",), {"target": "Outcome", "time": "Amount"}, "does not look like a time"),
        (("loans.csv",), {"target": "Outcome", "timezone": "Mars/Olympus"}, "time zone"),
        (("loans.csv",), {"target": "Outcome", "name": "../x"}, "name: '../x' is not a plain name"),
    ],
)
def test_wrong_answers_are_told_and_nothing_is_written(folder, capsys, sources, options, told):
    assert command(*sources, **options) == 2
    assert told in say(capsys)
    assert [path.name for path in folder.iterdir()] == ["loans.csv"]


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8-sig", ","), ("cp1252", ";"), ("utf-16", "\t"), ("latin-1", "|")]
)
def test_encodings_and_separators_are_found(folder, encoding, separator):
    text = (HEADER + make_rows()).replace("Amount", "Größe").replace(",", separator)
    (folder / "loans.csv").write_bytes(text.encode(encoding))
    assert command("loans.csv", target="Outcome") == 0
    contract = load_contract("loans.toml")
    assert contract.features[0].source == "Größe"
    assert (contract.sources[0].separator or ",") == separator


def test_texts_with_quotes_and_line_ends_are_no_features(folder, capsys):
    rows = "".join(
        f'"L{n}","{n % 28 + 1:02d}.01.2024","{"approved" if n % 3 else "refused"}","{n}\n,""x"""\n' for n in range(200)
    )
    (folder / "loans.csv").write_text(HEADER + rows)
    assert command("loans.csv", target="Outcome") == 2
    assert "no column has the role feature" in say(capsys)


def test_of_a_large_file_the_beginning_is_read_and_that_is_said(folder, capsys, monkeypatch):
    monkeypatch.setattr(read_files, "MOST_BYTES", 5_000)
    (folder / "loans.csv").write_text(HEADER + make_rows(5_000))
    monkeypatch.setattr(csv_files, "BLOCK", 4_096)
    assert command("loans.csv", target="Outcome") == 0
    said = say(capsys)
    assert "of this large file only the beginning was read" in said
    assert "5,000 rows" not in said


def test_the_help_names_every_option(capsys):
    app.help_print()
    said = say(capsys)
    for option in (
        "--target",
        "--positive",
        "--undecided",
        "--time",
        "--rows-as-time",
        "--timezone",
        "--force",
        "--load",
    ):
        assert option in said
