"""One stack for all tests of this folder, and the table of figures at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.stack import FIGURES, IMAGE, SLIM, Stack, build_images, docker, find_no_engine, run_stack


@pytest.fixture(scope="session")
def images() -> Iterator[None]:
    """Both images, whose tags go at the end; what was built stays in the engine's cache."""
    if reason := find_no_engine():
        pytest.exit(reason, returncode=2)
    build_images()
    yield
    docker("image", "rm", IMAGE, SLIM, check=False)


@pytest.fixture(scope="session")
def stack(images: None, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The stack, which the tests bring up; its logs are kept where a test fails."""
    folder: Path = tmp_path_factory.mktemp("docker")
    with run_stack(folder) as stack:
        yield stack
    if request.session.testsfailed:
        FIGURES["the stack's logs"] = str(folder / "stack.log")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of figures."""
    if FIGURES:
        terminalreporter.section("figures")
        for name, figure in FIGURES.items():
            terminalreporter.write_line(f"{name:<44} {figure:>12}")
