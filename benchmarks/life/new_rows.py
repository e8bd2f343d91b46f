"""What new rows are worth after the rule has changed: the AUC lost by models of so many, alone or with old ones.

    python -m benchmarks.life.new_rows --seeds 4

The lives are those of the scenario `rule`, and the loss is measured as there.
"""

from __future__ import annotations

from statistics import mean

from cyclopts import App
from joblib import Parallel, delayed, parallel_config

from benchmarks.command_line import run_command
from benchmarks.lenders.rule import expect_area
from benchmarks.life.calendar import MONTHS, month, span
from benchmarks.life.lender import DemoLender
from benchmarks.life.lives import Life
from benchmarks.life.scenarios import RULE_MONTH, SCENARIOS
from benchmarks.life.workshop import Workshop

NEW_MONTHS = (1, 2, 3, 5, 9)
OLD_MONTHS = span(RULE_MONTH - 6, RULE_MONTH - 1)
RULE = next(scenario for scenario in SCENARIOS if scenario.name == "rule")

app = App(name="python -m benchmarks.life.new_rows", help=__doc__, help_format="plaintext")
Loss = tuple[float, float]


def measure_losses(seed: int, per_month: int) -> list[Loss]:
    """The AUC lost by the old months' model (twice), then by models of new months alone and with the old ones."""
    life, workshop = Life(DemoLender(), RULE, seed, per_month), Workshop()
    fresh = life.fresh(month(MONTHS).start)
    best = expect_area(fresh.chances, fresh.chances)
    recipes = [([OLD_MONTHS], [OLD_MONTHS])]
    for count in NEW_MONTHS:
        new = span(RULE_MONTH, RULE_MONTH + count - 1)
        recipes.append(([new], [OLD_MONTHS, new]))
    losses = []
    for recipe in recipes:
        models = [workshop.fit(life, windows) for windows in recipe]
        alone, together = (best - expect_area(model.score(fresh.frame), fresh.chances) for model in models)
        losses.append((alone, together))
    return losses


@app.default
def run(*, seed: int = 0, seeds: int = 4, per_month: int = 2_000, processes: int = 2) -> None:
    """Print the mean losses as a table.

    Parameters
    ----------
    seed
        The first life's seed.
    seeds
        Lives, with successive seeds.
    per_month
        Applications of a month.
    processes
        How many lives at once.
    """
    with parallel_config(backend="loky", inner_max_num_threads=1):
        found = Parallel(n_jobs=processes)(delayed(measure_losses)(seed + one, per_month) for one in range(seeds))
    means = [tuple(mean(each) for each in zip(*row, strict=True)) for row in zip(*found, strict=True)]
    print("| rows of the new rule | fitted on them only | fitted on them and six old months |\n|---|---|---|")
    print(f"| none | – | {means[0][1]:.3f} |")
    for count, (alone, together) in zip(NEW_MONTHS, means[1:], strict=True):
        print(f"| {count * per_month:,} | {alone:.3f} | {together:.3f} |")


if __name__ == "__main__":
    run_command(app)
