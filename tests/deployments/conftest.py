"""What the tests of the scoring API share: a database with one champion, and the API in front of it."""

from __future__ import annotations

import pytest

from blocks.postgres.connect import Database, Patience, make_engine
from tasks.schema.migrate import prepare_schema
from tests.support.scoring_api import CONTRACT, serve
from tests.support.small_model import find_bundle, install


@pytest.fixture(scope="module")
def place(make_database, tmp_path_factory):
    """A database with one champion, for the tests that change nothing."""
    url, store = make_database(), tmp_path_factory.mktemp("models")
    engine = make_engine(url, Patience())
    prepare_schema(engine)
    with engine.begin() as connection:
        install(connection, CONTRACT, store, find_bundle())
    yield url
    engine.dispose()


@pytest.fixture(scope="module")
def api(place):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOANWATCH_DATABASE_URL", place.render_as_string(hide_password=False))
        with serve(database=Database("environment"), contract=CONTRACT) as client:
            yield client
