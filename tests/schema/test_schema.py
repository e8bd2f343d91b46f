"""Our schema: made on first use, once, in order, and refused where it does not fit."""

import pytest
from sqlalchemy import text

from tasks.schema.migrate import MIGRATIONS, SchemaError, prepare_schema, read_migrations


def test_a_first_use_makes_the_schema_and_a_second_changes_nothing(engine):
    assert prepare_schema(engine) == len(read_migrations(MIGRATIONS))
    assert prepare_schema(engine) == 0
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from loanwatch.promotion")).scalar() == 0


def test_a_migration_that_was_changed_after_its_release_is_refused(engine, tmp_path):
    first = tmp_path / "0001_first.sql"
    first.write_text("create table loanwatch.thing (name text)")
    prepare_schema(engine, tmp_path)
    first.write_text("create table loanwatch.thing (name text, more text)")
    with pytest.raises(SchemaError, match="0001 \\(first\\) was changed"):
        prepare_schema(engine, tmp_path)


def test_a_migration_that_fails_leaves_nothing_of_itself(engine, tmp_path):
    (tmp_path / "0001_first.sql").write_text("create table loanwatch.thing (name text)")
    (tmp_path / "0002_broken.sql").write_text("create table loanwatch.other (name text); select 1 / 0")
    with pytest.raises(Exception, match="division by zero"):
        prepare_schema(engine, tmp_path)
    with engine.connect() as connection:
        assert connection.execute(text("select to_regclass('loanwatch.thing')")).scalar() is None


def test_a_schema_of_a_newer_loanwatch_is_refused(engine, tmp_path):
    (tmp_path / "0001_first.sql").write_text("select 1")
    (tmp_path / "0002_second.sql").write_text("select 2")
    prepare_schema(engine, tmp_path)
    (tmp_path / "0002_second.sql").unlink()
    with pytest.raises(SchemaError, match="newer loanwatch"):
        prepare_schema(engine, tmp_path)


@pytest.mark.parametrize("names", [("0002_second.sql",), ("0001_a.sql", "0001_b.sql"), ("first.sql",)])
def test_misnumbered_migrations_are_refused(tmp_path, names):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(SchemaError, match="not named"):
        read_migrations(tmp_path)
