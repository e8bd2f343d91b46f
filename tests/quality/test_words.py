"""Words that are wrong are named: the most frequent with their counts, escaped wherever they are shown."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from sqlalchemy import Engine

from flows.cli.console import show_verdict
from tasks.alerts.block_kit import Message, render_message
from tasks.core.findings import Question, Verdict, summarise
from tasks.core.policy import QualityPolicy
from tasks.extract.extract import Unreadable, extract_window
from tasks.extract.query_results import LONGEST_START, MOST_WORDS
from tasks.prefect_ui.verdict_artifact import render_verdict
from tasks.quality.check import measure_quality
from tasks.reports.page.page import render_report
from tasks.source_tables.tables import create_tables
from tests.reports.test_page import make_evidence, make_summary
from tests.support.card_frames import make_frame as make_requests
from tests.support.page_script import leave_out_script
from tests.support.quality_frames import CONTRACT, make_extract, make_frame, pick
from tests.support.source_rows import CONTRACT as LOANS
from tests.support.source_rows import LOAN, MAY, insert

HOSTILE = "<script>x</script> [red]*_|`[/]"
SHOWN = "<script>x</script> [red]*_|`[/…"


@pytest.mark.parametrize("parts", [True, False], ids=["in parts", "in one query"])
def test_texts_that_are_no_numbers_are_counted(engine: Engine, parts: bool) -> None:
    with engine.begin() as connection:
        create_tables(connection, LOANS.sources)
    words = ["plenty"] * 3 + [" n.a. "] * 2 + ["3", "", "x" * 500]
    rows = [LOAN | {"loan_id": f"l{number}", "tax_liens": word} for number, word in enumerate(words)]
    insert(engine, "loan_details", *rows)
    contract = LOANS if parts else LOANS.model_copy(update={"parts": None})
    ((name, found),) = extract_window(engine, contract, MAY).unreadable.items()
    assert (name, found.count) == ("tax_liens", 6)
    assert found.words == {"plenty": 3, "n.a.": 2, "x" * LONGEST_START: 1}
    assert found.examples == ("l0", "l1", "l2", "l3", "l4")


def test_so_many_different_texts_need_little_memory() -> None:
    import pyarrow as pa

    unreadable, many = Unreadable(), [f"w{number}" for number in range(MOST_WORDS + 50)]
    for _ in range(2):
        unreadable.add(pa.array(many), pa.array(many))
    assert unreadable.count == 2 * len(many)
    assert len(unreadable.words) == MOST_WORDS
    assert set(unreadable.words.values()) == {2}


def test_words_that_are_no_numbers_are_named():
    extract = make_extract(unreadable={"debt": Unreadable(7, ("l1",), {"n.a.": 2, "plenty": 4, HOSTILE: 1})})
    finding = pick(measure_quality(CONTRACT, extract, QualityPolicy()), "unreadable", "debt")
    assert finding.sentence.startswith(
        f'debt: 7 values are not a valid number and count as missing: "plenty" (4), "n.a." (2), "{SHOWN}" (1). Correct'
    )


def test_words_that_are_not_allowed_are_named():
    frame = make_frame()
    words = ["barn"] * 6 + ["boat"] * 3 + ["a", "b", "c", "d"]
    frame["home"] = frame["home"].astype(object)
    frame.loc[: len(words) - 1, "home"] = words
    frame["home"] = frame["home"].astype("category")
    finding = pick(measure_quality(CONTRACT, make_extract(frame), QualityPolicy()), "allowed_values", "home")
    assert 'home: 13 values are not allowed: "barn" (6), "boat" (3), "a" (1), "b" (1), "c" (1) and 1 more.' in (
        finding.sentence
    )


def test_hostile_words_are_plain_text_everywhere():
    extract = make_extract(unreadable={"debt": Unreadable(1, ("l1",), {HOSTILE: 1})})
    finding = pick(measure_quality(CONTRACT, extract, QualityPolicy()), "unreadable", "debt")
    assert finding.verdict is Verdict.WARN
    verdicts = {str(question): str(summarise([finding], question)) for question in Question}
    changes = {"findings": [finding.as_record()], "verdicts": verdicts, "start_up_seconds": 1.0}
    summary = make_summary(make_evidence(make_requests(3)), **changes)
    screen = io.StringIO()
    show_verdict(Console(file=screen, width=400), summary)
    assert SHOWN in screen.getvalue()
    page = leave_out_script(render_report(summary, None))
    assert "<script" not in page
    assert "&lt;script&gt;x&lt;/script&gt; [red]*_|`[/…" in page
    assert "\\<script\\>x\\</script\\> \\[red\\]\\*\\_\\|\\`\\[/…" in render_verdict(summary, None)
    message = render_message(Message("info", "", finding.sentence, {"New": [finding.sentence]}, {}, {}, "id"))
    assert str(message).count("&lt;script&gt;x&lt;/script&gt; [red]*_|`[/…") == 3
