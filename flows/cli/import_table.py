"""The table of a dry run."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from tasks.promotion.dry_run import Beside, DryRun, Figures


def show_dry_run(console: Console, dry_run: DryRun) -> None:
    """What the dry run has shown, on the terminal."""
    table = Table("", "reference", "window", box=None, padding=(0, 2, 0, 0))
    before, now = _spell(dry_run.reference), _spell(dry_run.window)
    for name, value in before.items():
        table.add_row(name, value, now[name])
    console.print()
    console.print(table)
    console.print()
    for sentence in _list_sentences(dry_run):
        console.print(sentence, markup=False, soft_wrap=True)


def _spell(figures: Figures) -> dict[str, str]:
    return {
        "days": figures.days,
        "applications": f"{figures.rows:,}",
        "decided": f"{figures.decided:,}",
        "AUC": _round(figures.auc),
        "Gini": _round(figures.gini),
        "KS": _round(figures.ks),
        "calibration error": _round(figures.calibration_error),
        "given a loan": f"{figures.given:.1%}",
    }


def _list_sentences(dry_run: DryRun) -> list[str]:
    said = [f"Its decision: {dry_run.cut_off.sentence}"]
    if dry_run.beside is not None:
        said.append(_compare(dry_run.beside))
    if dry_run.idle:
        said.append(
            f"note: no value of {', '.join(dry_run.idle)} changes a probability. If the model uses them, it knows "
            "their values by other words: the contract spells categories in lower case."
        )
    return said


def _compare(beside: Beside) -> str:
    told = f"Beside the table's scores in `{beside.column}` ({beside.rows:,} applications): "
    if beside.largest is None:
        return f"{told}rank correlation {beside.correlation:.4f}; these are points, which have another scale."
    return f"{told}correlation {beside.correlation:.4f}, largest difference {beside.largest:.3g}."


def _round(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"
