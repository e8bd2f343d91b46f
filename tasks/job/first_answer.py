"""First answer: what an earlier run said of the same window, before all of its decisions had come in."""

from __future__ import annotations

from collections.abc import Sequence

from blocks.postgres.connect import connect
from tasks.core.findings import Finding, Question, Verdict, find_gravest, summarise
from tasks.core.wording import VERDICTS, join_list
from tasks.job.job import Job
from tasks.schema.queries import read_query

ASKED = (Question.LABEL, Question.CONCEPT, Question.MODEL)


def recall_first_answer(job: Job, findings: Sequence[Finding]) -> list[Finding]:
    """What became of the answers of the latest run that had to wait for decisions; nothing where none had to."""
    window = {"contract": job.contract.name, "window_start": job.window.start, "window_end": job.window.end}
    with connect(job.database).connect() as connection:
        rows = connection.execute(read_query("journal/first_answer"), {**window, "job_id": job.job_id}).all()
    if not rows:
        return []
    said = {question: find_gravest(row.verdict for row in rows if row.question == question) for question in ASKED}
    return [compare_answers(f"run {rows[0].job_id} of {rows[0].finished_at:%Y-%m-%d}", said, findings)]


def compare_answers(who: str, said: dict[Question, Verdict], findings: Sequence[Finding]) -> Finding:
    """The earlier verdict of each question about decisions, and whether it stands."""
    now = {question: summarise(findings, question) for question in said}
    changed = [
        f"{question} was “{VERDICTS[said[question]].name}” and is “{VERDICTS[now[question]].name}”"
        for question in said
        if said[question] is not now[question]
    ]
    kept = [str(question) for question in said if said[question] is now[question]]
    became = join_list(changed) if changed else "all answers stand"
    stands = f"; {join_list(kept)} {'stand' if len(kept) > 1 else 'stands'}" if changed and kept else ""
    sentence = f"The {who} had to wait for decisions of this window. Since then: {became}{stands}."
    return Finding(Question.QUALITY, "first_answer", Verdict.PASS, sentence)
