"""The page at /docs: the routes and the columns, in one file that loads nothing from another server."""

from __future__ import annotations

import json
from html import escape

from tasks.contract.columns import Column
from tasks.contract.contract import Contract

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .3rem .6rem; vertical-align: top }
tr + tr { border-top: 1px solid #ddd } pre { background: #f4f4f4; padding: 1rem; overflow-x: auto }
"""

ROUTES = {
    "GET /ping": "200 if a model can be served, else 503.",
    "GET /model": "The model in production: version, kind, training days, metrics and model card.",
    "POST /predict": "One application or a list of up to 1,000: probability, decision, model version, three reasons.",
}


def write_page(contract: Contract) -> str:
    """The page for one contract, as HTML."""
    routes = "".join(
        f"<tr><td><code>{route}</code></td><td>{escape(description)}</td></tr>" for route, description in ROUTES.items()
    )
    columns = "".join(
        f"<tr><td><code>{escape(column.name)}</code></td><td>{column.type}</td><td>{escape(_describe(column))}</td></tr>"
        for column in contract.features
    )
    example = json.dumps({column.name: _exemplify(column) for column in contract.features}, indent=2)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>loanwatch: {escape(contract.name)}</title>
<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>
<h1>Predictions of the model in production</h1>
<p>{escape(contract.description)}</p>
<table>{routes}</table>
<p>The full description is in <a href="openapi.json">openapi.json</a>. If an API key is set, send it in the header
<code>X-API-Key</code>.</p>
<h2>An application</h2>
<p>Every column is required; send <code>null</code> if a value is unknown. Numbers may be texts such as
<code>"$1,234.50"</code>; categories may be in any case. <code>{escape(contract.id.name)}</code> is optional and is
returned unchanged.</p>
<table><tr><th>column</th><th>type</th><th>allowed values</th></tr>{columns}</table>
<pre>curl -H 'Content-Type: application/json' -d @application.json http://HOST:PORT/predict</pre>
<pre>{escape(example)}</pre>
</body></html>
"""


def _describe(column: Column) -> str:
    limits = [
        f"{preposition} {limit:,g}"
        for preposition, limit in (("from", column.min), ("to", column.max))
        if limit is not None
    ]
    special = [f"{value:.15g} means {meaning}" for value, meaning in column.special.items()]
    parts = [column.description, column.unit, " ".join(limits), ", ".join(column.categories or ()), *special]
    return "; ".join(part for part in parts if part)


def _exemplify(column: Column) -> str | float | None:
    if column.type == "number":
        return column.min
    return column.categories[0] if column.categories else None
