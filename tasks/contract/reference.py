"""The fields of a contract as the tables of docs/your-data.md: `python -m tasks.contract.reference` prints them."""

from __future__ import annotations

from tasks.contract.columns import Column, Derived, Entry, Parts, Source
from tasks.contract.contract import Contract
from tasks.contract.lender_model import LenderModel, Profit

_TABLES: dict[str, type[Entry]] = {
    "At the top": Contract,
    "`[[column]]`": Column,
    "`[[derived]]`": Derived,
    "`[[source]]`": Source,
    "`[parts]`": Parts,
    "`[model]`": LenderModel,
    "`[profit]`": Profit,
}


def write_reference() -> str:
    """A table for each kind of entry: every field that a person may write, and what it means."""
    return "\n\n".join(_write_table(title, entry) for title, entry in _TABLES.items())


def _write_table(title: str, entry: type[Entry]) -> str:
    rows = [f"| {title} | meaning |", "|---|---|"]
    for name, field in entry.model_fields.items():
        if field.description:
            rows.append(f"| `{field.alias or name}` | {field.description} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(write_reference())
