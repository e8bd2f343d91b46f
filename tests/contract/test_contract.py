"""The contract file: what it says, and that every mistake in it is told at once."""

import pickle
from pathlib import Path

import pytest

from tasks.contract.columns import Role
from tasks.contract.load import ContractError, load_contract

GOOD = """
name = "cards"
query = "cards.sql"

[[column]]
name = "card"
role = "id"
type = "text"

[[column]]
name = "asked_on"
role = "time"
type = "time"

[[column]]
name = "answer"
role = "target"
type = "category"
allowed = ["no", "yes"]
positive = "yes"

[[column]]
name = "salary"
role = "feature"
type = "number"
min = 0
special = { "-1" = "not stated" }

[[column]]
name = "limit"
role = "feature"
type = "number"

[[derived]]
name = "limit_to_salary"
numerator = "limit"
denominator = "salary"
"""


@pytest.fixture
def write(tmp_path: Path):
    (tmp_path / "cards.sql").write_text("select 1")

    def write_contract(text: str) -> str:
        file = tmp_path / "cards.toml"
        file.write_text(text)
        return str(file)

    return write_contract


def test_own_contract_is_whole():
    contract = load_contract("loan_applications")
    assert contract.target.positive == "loan given"
    assert len(contract.features) == 19
    assert {column.role for column in contract.columns} >= {Role.ID, Role.CUSTOMER, Role.TIME, Role.TARGET}
    assert all("select" in contract.read_query(query).lower() for query in contract.queries)
    assert len(contract.queries) == 6


def test_another_lenders_contract(write):
    contract = load_contract(write(GOOD))
    assert contract.customer is None
    assert contract.column("salary").special == {-1.0: "not stated"}
    assert contract.derived[0].inputs == ("limit", "salary")
    assert contract.read_query() == "select 1"
    assert pickle.loads(pickle.dumps(contract)) == contract


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('role = "id"', 'role = "idd"'), "card › role"),  # no such role
        (("min = 0", "mim = 0"), "salary › mim: no such option"),  # a misspelt option
        (("min = 0", "min = 9\nmax = 1"), "`min` is above `max`"),
        (('positive = "yes"', 'positive = "ja"'), "`positive` must be one of"),
        (('allowed = ["no", "yes"]', 'allowed = ["no"]'), "exactly two `allowed`"),
        (('query = "cards.sql"', 'query = "../cards.sql"'), "plain name"),  # a path out of the folder
        (('query = "cards.sql"', 'query = "nowhere.sql"'), "neither next to the contract"),
        (('numerator = "limit"', 'numerator = "limits"'), "which is not a feature"),
        (('name = "limit"', 'name = "salary"'), "described 2 times"),
        (('name = "card"', 'name = "card; drop table x"'), "name"),  # a name that is no SQL name
        (('type = "time"', 'type = "text"'), "the time column"),
        (("[[derived]]", "[[derive]]"), "derive: no such option"),
        # The query is the lender's own and the parts are not: they would answer in its place.
        (
            ("[[column]]", '[parts]\napplications = "loan_applications_loans.sql"\n[[column]]'),
            "not in the folder of the query",
        ),
        (("[[column]]", '[parts]\nrecords = ["cards.sql"]\n[[column]]'), "parts › applications: Field required"),
        (('type = "text"', 'type = "text"\nmissing = ["n/a"]'), "`missing` belongs to a number, category or time"),
        # A number that means missing is a special value: "-1" as a text would not be "-1.0".
        (("min = 0", 'min = 0\nmissing = ["-1"]'), "salary: `missing` lists '-1', which is a number"),
        (("min = 0", "min = 0\nmissing = 3"), "salary › missing"),
        (('allowed = ["no", "yes"]', 'allowed = ["no", "yes"]\nmissing = ["No"]'), "also an allowed value"),
        (('query = "cards.sql"', 'query = "cards.sql"\nmissing = ["NO "]'), "`answer`: `missing` lists 'no'"),
        (
            ("[[column]]", '[parts]\napplications = "cards.sql"\nrecords = ["cards.sql"]\n[[column]]'),
            "no column has the role customer",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(write, change, told):
    with pytest.raises(ContractError, match=r"1 mistake") as error:
        load_contract(write(GOOD.replace(*change, 1)))
    assert told in str(error.value)


@pytest.mark.parametrize(("part", "told"), [("nowhere.sql", "neither next to"), ("../cards.sql", "plain name")])
def test_a_part_is_a_file_beside_the_query(write, part, told):
    with pytest.raises(ContractError, match=told):
        load_contract(write(GOOD.replace("[[column]]", f'[parts]\napplications = "{part}"\n[[column]]', 1)))


def test_texts_that_mean_missing_are_the_columns_or_the_contracts(write):
    described = GOOD.replace('query = "cards.sql"', 'query = "cards.sql"\nmissing = [" N/A", "?"]', 1)
    contract = load_contract(write(described.replace("min = 0", 'min = 0\nmissing = ["Not Given"]', 1)))
    assert contract.list_missing(contract.column("limit")) == {"n/a", "?"}
    assert contract.list_missing(contract.column("salary")) == {"not given"}
    assert load_contract(write(GOOD)).list_missing(contract.target) == set()


def test_all_mistakes_are_told_at_once(write):
    broken = GOOD.replace('role = "id"', 'role = "idd"').replace("min = 0", "mim = 0").replace('"yes"\n', '"ja"\n')
    with pytest.raises(ContractError) as error:
        load_contract(write(broken))
    for told in ("3 mistakes", "idd", "mim", "positive"):
        assert told in str(error.value).replace("'id', 'customer'", "idd")


def test_a_missing_file_names_the_contracts_there_are():
    with pytest.raises(ContractError, match="loan_applications"):
        load_contract("no_such_contract")


def test_broken_toml_names_its_line(write):
    with pytest.raises(ContractError, match="line 2"):
        load_contract(write("name = 'x'\nquery = nothing\n"))
