"""The documents: what they name exists, so that a move in the code cannot leave them behind."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from blocks.environment import Environment, name_variable
from tasks.core.policy import DriftPolicy, MonitorPolicy, Policy
from tests.support import ROOT

TOP_DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md")
DOCUMENTS = sorted([*(ROOT / name for name in TOP_DOCUMENTS), *(ROOT / "docs").glob("*.md")])
FOLDERS = ("flows", "tasks", "blocks", "deployments", "benchmarks", "tests", "docs")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
MODULE = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS[:-1])})(?:\.[A-Za-z_]\w*)+(?![\w/])")
PATH = re.compile(r"(?<![\w./<>-])(?:[\w.-]+/)*[\w-]+\.(?:py|toml|sql|sh|lock|yml|yaml|md|j2|css)\b")
LINK = re.compile(r"\]\(([^)\s]+)\)")
EVERY_DOCUMENT = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))


def read_code(document: Path) -> str:
    """Everything in the document that stands in backticks or in a code block."""
    return "\n".join(CODE.findall(document.read_text(encoding="utf-8")))


def has_module(name: str) -> bool:
    """Whether a dotted name is a module or package, or a name that one of them defines."""
    *parents, last = name.split(".")
    parent, path = ROOT.joinpath(*parents), ROOT.joinpath(*parents, last)
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    source = parent / "__init__.py" if parent.is_dir() else parent.with_suffix(".py")
    defined = rf"^(?:async def|def|class) {last}\b|^{last}\b|^from .* import .*\b{last}\b"
    return source.is_file() and re.search(defined, source.read_text(encoding="utf-8"), re.MULTILINE) is not None


def has_file(path: str, document: Path) -> bool:
    """Whether the file exists, seen from the root or from the document's folder."""
    return (ROOT / path).is_file() or (document.parent / path).is_file()


def is_checked(path: str) -> bool:
    """Files of ours: every Python file, and what lies in one of our folders; the rest is the reader's own."""
    return path.endswith(".py") or path.startswith(tuple(f"{folder}/" for folder in FOLDERS))


def list_headings(document: Path) -> set[str]:
    """The anchors of the document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@EVERY_DOCUMENT
def test_every_module_named_exists(document):
    names = set(MODULE.findall(read_code(document)))
    assert sorted(name for name in names if not has_module(name) and not has_file(name, document)) == []


@EVERY_DOCUMENT
def test_every_file_named_exists(document):
    paths = {path for path in PATH.findall(read_code(document)) if is_checked(path)}
    assert sorted(path for path in paths if not has_file(path, document)) == []


@EVERY_DOCUMENT
def test_every_link_leads_somewhere(document):
    links = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    broken = []
    for link in links:
        name, _, anchor = link.partition("#")
        file = document.parent / name if name else document
        if not file.exists() or (anchor and anchor not in list_headings(file)):
            broken.append(link)
    assert broken == []


@EVERY_DOCUMENT
def test_every_make_target_named_exists(document):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = re.findall(r"(?:^|`)make ((?:[a-z][a-z-]*\s?)+)", read_code(document), re.MULTILINE)
    assert {target for words in named for target in words.split()} <= targets


def list_fields(policy: type[Policy], prefix: str = "") -> set[str]:
    """Every field of a policy and of those that it holds, such as `drift` and `drift.label_limit`."""
    fields = set()
    for name, field in policy.model_fields.items():
        fields.add(f"{prefix}{name}")
        if isinstance(field.annotation, type) and issubclass(field.annotation, Policy):
            fields |= list_fields(field.annotation, f"{prefix}{name}.")
    return fields


@EVERY_DOCUMENT
def test_every_limit_named_is_a_field_of_the_policy(document):
    groups = "|".join(MonitorPolicy.model_fields)
    written = document.read_text(encoding="utf-8")
    named = set(re.findall(rf"`(?:policy\.)?((?:{groups})\.(?!py\b)[a-z_]+)`", written))
    alone = set(re.findall(r"`([a-z]+(?:_[a-z]+)*_(?:limit|floor|level))\b", written))
    fields = list_fields(MonitorPolicy)
    assert sorted(named - fields) == []
    assert sorted(alone - {field.rpartition(".")[2] for field in fields}) == []


def test_the_committees_table_has_the_limits_of_the_policy():
    written = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\d.]+)( points?)?.* \| `(\w+_limit)` \|", written, re.MULTILINE)
    stated = {name: float(number) / (100 if points else 1) for number, points, name in rows}
    limits = {name: limit for name, limit in DriftPolicy().model_dump().items() if name.endswith("_limit")}
    assert stated == pytest.approx(limits)


def test_the_picture_of_the_layers_has_every_package():
    packages = {f"tasks.{folder.name}" for folder in (ROOT / "tasks").iterdir() if (folder / "__init__.py").is_file()}
    picture = next(code for code in CODE.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")) if "|" in code)
    assert set(re.findall(r"\btasks\.\w+", picture)) == packages


@EVERY_DOCUMENT
def test_every_variable_named_is_read_somewhere(document):
    named = set(re.findall(r"LOANWATCH_[A-Z_]*[A-Z]\b", document.read_text(encoding="utf-8")))
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    known = {name_variable(field) for field in Environment.model_fields} | set(re.findall(r"LOANWATCH_\w+", compose))
    assert sorted(named - known) == []


def test_the_readme_is_short_and_the_index_names_every_document():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120
    index = set(LINK.findall((ROOT / "docs" / "README.md").read_text(encoding="utf-8")))
    assert {file.name for file in (ROOT / "docs").glob("*.md")} - {"README.md"} <= index


def test_headings_are_in_order():
    for document in DOCUMENTS:
        text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
        levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]
        assert levels[0] == 1, document
        assert levels.count(1) == 1, document
        assert all(after <= before + 2 for before, after in pairwise(levels)), document


@pytest.mark.parametrize(
    ("name", "exists"),
    [
        ("flows.monitor", True),
        ("tasks.job.stage.stage", True),
        ("tasks.core", True),
        ("flows.replay", False),
        ("tasks.promote", False),
        ("tasks.core.findings.no_such_name", False),
    ],
)
def test_a_name_that_is_gone_is_noticed(name, exists):
    assert has_module(name) is exists
