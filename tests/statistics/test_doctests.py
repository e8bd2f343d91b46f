"""The examples in the docstrings of formulas, drift questions and words are true, and every formula has one."""

import doctest
import inspect
import pkgutil
from importlib import import_module

import pytest

from tasks import bank, core, drift, statistics

MODULES = [
    import_module(f"{package.__name__}.{module.name}")
    for package in (statistics, drift, core, bank)
    for module in pkgutil.iter_modules(package.__path__)
]
FORMULAS = [
    function
    for module in MODULES
    for name, function in vars(module).items()
    if module.__name__.startswith("tasks.statistics.")
    and not name.startswith("_")
    and callable(function)
    and not inspect.isclass(function)
    and getattr(function, "__module__", "") == module.__name__
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_examples_are_true(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda function: function.__name__)
def test_every_formula_has_an_example(formula):
    assert any(found.examples for found in doctest.DocTestFinder().find(inspect.unwrap(formula)))


def test_the_formulas_are_found():
    assert {"measure_auc", "smallest_share_beyond", "correct_by_holm"} <= {formula.__name__ for formula in FORMULAS}
