"""Describe: sampled tables and a person's answers → a draft of their contract and query."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.describe.draft import Answers, ColumnDraft, Draft, Join
from tasks.describe.features import (
    choose_features,
    find_durations,
    find_ratios,
    find_records,
    leave_out_copies,
    leave_out_leaks,
    read_outcomes,
)
from tasks.describe.joins import ReadKeys, find_joins
from tasks.describe.readings import read_column
from tasks.describe.roles import choose_customer, choose_id, choose_time, find_column
from tasks.describe.samples import SampledTable
from tasks.describe.target import choose_target, describe_target
from tasks.describe.vocabulary import write_name, write_names


def describe_tables(tables: Sequence[SampledTable], answers: Answers, read_keys: ReadKeys) -> Draft:
    """The draft of a contract. Raises NeedAnswerError for what only a person knows."""
    columns = [column for table in tables for column in draft_columns(table)]
    target = choose_target(columns, answers)
    if target is not None:
        describe_target(target, answers)
    ordered = sorted(tables, key=lambda table: target is not None and table.name != target.table)
    columns = [column for table in ordered for column in columns if column.table == table.name]
    joins = find_joins(ordered, read_keys)
    _name_columns(columns)
    own = [column for column in columns if column.table == ordered[0].name]
    choose_time(own, answers)
    choose_id(own, answers)
    choose_customer(own, answers)
    _leave_out_keys(columns, joins)
    choose_features(columns)
    if target is not None:
        leave_out_leaks(own, read_outcomes(target))
    leave_out_copies(own)
    draft = Draft(answers.name or write_name(ordered[0].name), tuple(ordered), columns, answers, joins)
    draft.durations = find_durations(draft)
    draft.ratios = find_ratios(draft)
    draft.records = find_records(draft)
    _note_high_blanks(draft)
    return draft


def draft_columns(table: SampledTable) -> list[ColumnDraft]:
    """What the columns of a table are, each by itself."""
    drafts = []
    for column in table.columns:
        reading = read_column(column)
        drafts.append(
            ColumnDraft(
                table.name,
                column,
                reading,
                write_name(column.name),
                options=dict(reading.options),
                notes=list(reading.notes),
                doubts=list(reading.doubts),
            )
        )
    return drafts


def _name_columns(columns: list[ColumnDraft]) -> None:
    """No two alike: of equal names in several tables the first keeps it."""
    used: set[str] = set()
    for column in columns:
        column.name = next(iter(write_names([column.source], used).values()))
        used.add(column.name)


def _leave_out_keys(columns: Sequence[ColumnDraft], joins: Sequence[Join]) -> None:
    for join in joins:
        for column in columns:
            if column.table == join.table and column.source == join.other_key:
                column.ignore(f"joins {join.table} to the applications: {join.coverage:.0%} of them have a record")
        mine = find_column([column for column in columns if column.table == columns[0].table], join.key, "table")
        if not mine.role:
            mine.take_role("customer", f"joins the records of {join.table}")


def _note_high_blanks(draft: Draft) -> None:
    for column in draft.features:
        if column.sampled.blank >= 0.5:
            column.notes.append(f"{column.sampled.blank:.0%} of the rows have no value")
