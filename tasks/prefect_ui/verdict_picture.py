"""The picture of a run's verdict: each question's largest change, in multiples of its limit."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.core.excess import count_limits, has_multiple
from tasks.core.findings import Question, Verdict
from tasks.core.wording import VERDICTS, name_verdict

LONGEST_BAR = 5.0  # times the limit; a longer bar would leave no room for the others


def draw_picture(summary: Mapping[str, Any]) -> str:
    """Each question's largest change in multiples of its limit, as a PNG in a data URI of a few kB."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    questions = [str(question) for question in Question]
    ratios = [measure_ratio(summary["findings"], question) for question in questions]
    verdicts = [Verdict(summary["verdicts"][question]) for question in questions]
    figure = Figure(figsize=(6.4, 1.9), dpi=80)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.12, 0.26, 0.86, 0.7))  # to measure the texts for it would take longer than to draw
    lengths = [min(max(ratio or 0.0, 0.0), LONGEST_BAR) for ratio in ratios]
    bars = axes.barh(questions, lengths, color=[VERDICTS[verdict].tone.colour for verdict in verdicts])
    said = [label_bar(ratio, question, verdict)
            for ratio, question, verdict in zip(ratios, questions, verdicts, strict=True)]  # fmt: skip
    axes.bar_label(bars, said, padding=4, fontsize=8)
    axes.axvline(1, color="black", linewidth=1)
    axes.set(xlim=(0, LONGEST_BAR + 1), xlabel="largest change, in multiples of its limit")
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return "data:image/png;base64," + base64.b64encode(image.getvalue()).decode()


def measure_ratio(findings: Sequence[Mapping[str, Any]], question: str) -> float | None:
    """The question's largest change in multiples of its limit, at least 0; None where no change has such a multiple."""
    ratios = [
        count_limits(finding["effect"], finding["limit"], finding["unit"])
        for finding in findings
        if finding["question"] == question and has_multiple(finding["effect"], finding["limit"], finding["unit"])
    ]
    return max(0.0, *ratios) if ratios else None


def label_bar(ratio: float | None, question: str, verdict: Verdict) -> str:
    """The number at a bar's end, and the verdict where no bar can show it.

    Examples
    --------
    >>> label_bar(2.04, "data", Verdict.FAIL), label_bar(None, "quality", Verdict.FAIL)
    ('2.0', 'unfit')
    """
    return name_verdict(question, verdict) if ratio is None else f"{ratio:.1f}"
