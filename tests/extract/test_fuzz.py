"""Fuzzing: whatever stands in a contract, a number or a time, the answer is a value or a clear error."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.contract.contract import SHIPPED, Contract
from tasks.contract.load import ContractError, load_contract
from tasks.core.policy import MonitorPolicy, PolicyError, load_policy
from tasks.extract.parsing import UnreadableTextError, read_number, read_numbers, read_time, read_times

pytestmark = pytest.mark.bad_input

GOOD = (SHIPPED / "loan_applications.toml").read_text(encoding="utf-8")
TEXTS = st.text(max_size=30)
NUMBER_LIKE = st.text(alphabet="0123456789.,-+$eE %'_xnaifNAI \u00a0\u202f７", max_size=14)
TIME_LIKE = st.one_of(
    st.text(alphabet="0123456789-/:T Z+.", max_size=26),
    st.datetimes().map(lambda time: time.strftime("%d-%m-%Y %H:%M")),
    st.datetimes().map(datetime.isoformat),
)
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def try_contract(text: str | bytes, folder: Path) -> None:
    file = folder / "contract.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    try:
        assert isinstance(load_contract(str(file)), Contract)
    except ContractError as error:
        assert str(error)


@SLOW
@given(junk=st.one_of(TEXTS, st.binary(max_size=60)))
def test_a_contract_of_junk_is_refused(junk: str | bytes, tmp_path: Path):
    try_contract(junk, tmp_path)


@pytest.mark.slow
@SLOW
@given(place=st.integers(0, len(GOOD)), length=st.integers(0, 40), junk=st.text(max_size=12))
def test_a_damaged_contract_is_read_or_refused(place: int, length: int, junk: str, tmp_path: Path):
    """A piece of the real contract is cut out, and something else put in."""
    try_contract(GOOD[:place] + junk + GOOD[place + length :], tmp_path)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
OPTIONS = st.sampled_from(["name", "role", "type", "min", "max", "allowed", "special", "ordered", "aliases", "odd"])


@SLOW
@given(option=OPTIONS, value=VALUES, place=st.sampled_from(["column", "derived", "source", ""]))
def test_a_wrong_value_anywhere_is_one_clear_error(option: str, value: Any, place: str, tmp_path: Path):
    """TOML of any value that TOML can hold, in any table of the contract."""
    written = _write(value)
    if written is None:
        return
    addition = f"\n[[{place}]]\n{option} = {written}\n" if place else ""
    head = "" if place else f"{option} = {written}\n"
    try_contract(head + GOOD + addition, tmp_path)


@SLOW
@given(name=st.text(max_size=40))
def test_no_name_of_a_contract_is_a_traceback(name: str):
    try:
        load_contract(name)
    except ContractError as error:
        assert str(error)


@SLOW
@given(junk=st.one_of(TEXTS, st.binary(max_size=60)))
def test_a_policy_of_junk_is_refused(junk: str | bytes, tmp_path: Path):
    file = tmp_path / "policy.toml"
    file.write_bytes(junk.encode("utf-8", "surrogatepass") if isinstance(junk, str) else junk)
    try:
        assert isinstance(load_policy(file), MonitorPolicy)
    except PolicyError as error:
        assert str(error)


@given(text=st.one_of(TEXTS, NUMBER_LIKE))
def test_a_text_is_a_finite_number_or_missing_or_refused(text: str):
    try:
        number = read_number(text)
    except UnreadableTextError:
        return
    assert math.isnan(number) or math.isfinite(number)


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_read_as_it_is_written(number: float):
    assert read_number(repr(number)) == number
    if abs(number) < 1e15:
        assert read_number(f"${abs(number):,.2f}") == float(f"{abs(number):.2f}")


@given(texts=st.lists(st.one_of(NUMBER_LIKE, TEXTS), max_size=8))
def test_a_column_of_numbers_is_read_as_its_texts_are(texts: list[str]):
    """Arrow's quick way and the slow one agree."""
    values, refused = read_numbers(pa.array(texts, pa.string()))
    for text, value, is_refused in zip(texts, values.to_pylist(), refused.to_pylist(), strict=True):
        try:
            expected = read_number(text)
        except UnreadableTextError:
            assert is_refused, text
            assert value is None
            continue
        assert not is_refused, text
        assert value == expected or (math.isnan(expected) and (value is None or math.isnan(value)))


@given(texts=st.lists(st.one_of(TIME_LIKE, TEXTS), max_size=8))
def test_a_column_of_times_is_read_as_its_texts_are(texts: list[str]):
    values, refused = read_times(pa.array(texts, pa.string()))
    for text, value, is_refused in zip(texts, values.to_pylist(), refused.to_pylist(), strict=True):
        try:
            expected = read_time(text)
        except UnreadableTextError:
            assert is_refused, text
            continue
        assert (value, is_refused) == (expected, False), text


def _write(value: Any) -> str | None:
    """A value as TOML; None where TOML has no such value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, list):
        parts = [_write(part) for part in value]
        return None if None in parts else f"[{', '.join(map(str, parts))}]"
    if isinstance(value, dict):
        entries = {key: _write(part) for key, part in value.items()}
        if None in entries.values():
            return None
        return "{" + ", ".join(f"{_quote(key)} = {part}" for key, part in entries.items()) + "}"
    return None


def _quote(text: str) -> str:
    plain = text.encode("unicode_escape").decode().replace('"', '\\"')
    return f'"{plain}"'
