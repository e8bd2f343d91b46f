"""One vocabulary: the terminal, the Prefect UI and every page show a verdict by the same mark, name and colour."""

from __future__ import annotations

import html
import io
import re

import pytest
from rich.console import Console

from flows.cli.console import show_end, show_verdict
from tasks.contract.load import load_contract
from tasks.core.findings import Finding, Outcome, Question, Verdict, summarise
from tasks.core.glossary import find_term, load_glossary
from tasks.core.positive import Positive
from tasks.core.wording import OUTCOMES, TONES, VERDICTS, VIOLET, name_outcome, name_verdict
from tasks.job.findings import save_findings
from tasks.job.journal import write_entry
from tasks.prefect_ui.verdict_artifact import render_verdict
from tasks.reports.deepchecks.content import Content, sample_applications
from tasks.reports.deepchecks.draw import draw_pages
from tasks.reports.history import write_history
from tasks.reports.page.glossary import PageGlossary
from tasks.reports.page.page import render_report
from tasks.reports.page.template import render_page
from tasks.reports.page.wording import MEASURES, describe_questions
from tasks.schema.migrate import prepare_schema
from tests.reports.test_evidence_pack import make_job
from tests.reports.test_page import make_evidence, make_frame, make_summary

# Every verdict once.
ASKED = dict(
    zip(Question, (Verdict.WARN, Verdict.FAIL, Verdict.NOT_ENOUGH_DATA, Verdict.NOT_RUN, Verdict.PASS), strict=True)
)
FINDINGS = [Finding(question, "rows", verdict, f"About {question}.") for question, verdict in ASKED.items()]
SHOWN = {question: (VERDICTS[verdict].mark, name_verdict(question, verdict)) for question, verdict in ASKED.items()}


@pytest.fixture(scope="module")
def summary() -> dict:
    evidence = make_evidence(make_frame(2))
    changes = {
        "findings": [finding.as_record() for finding in FINDINGS],
        "verdicts": {str(question): str(summarise(FINDINGS, question)) for question in Question},
        "outcome": "kept", "start_up_seconds": 1.0,
    }  # fmt: skip
    return make_summary(evidence, **changes)


def read_text(page: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", page.rsplit("</style>", maxsplit=1)[-1])).split())


def test_every_verdict_and_outcome_has_one_label():
    assert set(VERDICTS) == set(Verdict)
    assert set(OUTCOMES) == set(Outcome)
    assert len({label.mark for label in VERDICTS.values()}) == len(Verdict)
    assert len({label.name for label in VERDICTS.values()}) == len(Verdict)
    assert {VERDICTS[verdict].tone for verdict in (Verdict.NOT_ENOUGH_DATA, Verdict.NOT_RUN)} == {VIOLET}
    assert all(find_term(name) for name in (*(label.name for label in VERDICTS.values()), *Outcome, *MEASURES.values()))
    assert name_outcome("kept") == "retrained, champion kept"
    assert name_outcome("kept", was_retrained=False) == "not retrained, champion kept"


def test_the_terminal_shows_the_labels(summary):
    screen = io.StringIO()
    show_verdict(Console(file=screen, width=200), summary)
    for question, (mark, name) in SHOWN.items():
        assert re.search(rf"^ +{re.escape(mark)} +{question} +{name}\b", screen.getvalue(), re.MULTILINE), question
    assert "\n  not retrained, champion kept\n  verdict after" in screen.getvalue()
    show_end(Console(file=screen, width=200), summary)
    assert screen.getvalue().endswith("\noutcome: kept\n")


def test_the_prefect_ui_shows_the_labels(summary):
    page = render_verdict(summary, None)
    for question, (mark, name) in SHOWN.items():
        assert f"| {question} | {mark}\N{NO-BREAK SPACE}{name} |" in page
    assert "not retrained, champion kept" in page.splitlines()[0]


def test_the_report_shows_the_labels(summary):
    page = read_text(render_report(summary, None))
    for question, (mark, name) in SHOWN.items():
        title, asks = describe_questions(Positive("yes"))[question]
        assert f"{title} {asks} {mark} {name}" in page


def test_the_history_shows_the_labels(engine, tmp_path):
    prepare_schema(engine)
    job = make_job(tmp_path)
    write_entry(job, "extract", "started")
    save_findings.fn(job, FINDINGS, Outcome.KEPT, "Because.")
    with engine.connect() as connection:
        page = read_text(write_history(connection, tmp_path).read_text(encoding="utf-8"))
    assert "not retrained, champion kept " + " ".join(f"{mark} {name}" for mark, name in SHOWN.values()) in page


@pytest.mark.slow
def test_the_deepchecks_pages_show_the_labels(tmp_path):
    contract = load_contract("tests/support/second_lender/card_requests.toml")
    rows = sample_applications(contract, make_frame(1, 0))  # without rows no check runs
    pages, _ = draw_pages(tmp_path, Content(contract, tuple(FINDINGS), rows, (rows, rows)))
    page = "".join((tmp_path / file).read_text(encoding="utf-8") for file in pages.values())
    for question, (mark, name) in SHOWN.items():
        assert f'{question}: <span class="verdict {ASKED[question]}">{mark} {name}</span>' in page
    for verdict, label in VERDICTS.items():
        assert f".{verdict} {{ color: {label.tone.colour}; }}" in page


def test_the_pages_take_their_colours_from_the_table():
    page = render_page("history.html.j2", sections=[], reports=set())
    for tone in TONES:
        assert f"--{tone.style}:{tone.colour};" in page
        assert page.count(f"--{tone.style}:") == 2 or re.search(rf"--{tone.style}: #", page), (
            "the dark scheme has its own"
        )


def test_terms_link_to_the_glossary_of_the_page(summary):
    page = render_report(summary, make_evidence(make_frame(2)))
    links = re.findall(r'<a class="term" href="#([^"]+)" title="([^"]+)">', page)
    meanings = dict(re.findall(r'<dt id="([^"]+)">[^<]+</dt><dd>([^<]+)</dd>', page))
    assert {place for place, _ in links} == set(meanings)
    assert all(meanings[place] == meaning for place, meaning in links)
    known = {term.meaning for term in load_glossary().values()}
    assert {html.unescape(meaning) for meaning in meanings.values()} <= known
    assert {"term-auc", "term-holm-correction", "term-power", "term-reference", "term-champion"} <= set(meanings)
    assert {"term-calibration", "term-out-of-fold-score"} <= set(meanings)
    for section in page.split("<section")[1:]:
        places = re.findall(r'<a class="term" href="#([^"]+)"', section)
        assert len(places) == len(set(places)), "a term is linked once in a section"


def test_a_term_that_the_glossary_lacks_is_refused():
    with pytest.raises(KeyError, match=r"glossary\.toml"):
        PageGlossary().link("what nobody explains")
