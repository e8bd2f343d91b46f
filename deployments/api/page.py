"""The page at /docs: what can be asked and with which columns, in one file that needs no other server."""

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
    "GET /ping": "200 where a model can be served, else 503.",
    "GET /model": "The model in production: version, kind, days it was fitted on, metrics and model card.",
    "POST /predict": "One application or a list of at most 1,000: probability, decision, model version, three reasons.",
}


def write_page(contract: Contract) -> str:
    """The page for one contract, as HTML."""
    routes = "".join(f"<tr><td><code>{route}</code></td><td>{escape(told)}</td></tr>" for route, told in ROUTES.items())
    columns = "".join(
        f"<tr><td><code>{escape(column.name)}</code></td><td>{column.type}</td><td>{escape(_tell(column))}</td></tr>"
        for column in contract.features
    )
    example = json.dumps({column.name: _exemplify(column) for column in contract.features}, indent=2)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>loanwatch: {escape(contract.name)}</title>
<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>
<h1>What the model in production says</h1>
<p>{escape(contract.description)}</p>
<table>{routes}</table>
<p>The full description is in <a href="openapi.json">openapi.json</a>. Where an API key is set, send it in the header
<code>X-API-Key</code>.</p>
<h2>An application</h2>
<p>Every column has to be there; <code>null</code> says that the value is not known. Numbers may be texts such as
<code>"$1,234.50"</code>, words in any case. <code>{escape(contract.id.name)}</code> may be added and is given back.</p>
<table><tr><th>column</th><th>type</th><th>what may stand there</th></tr>{columns}</table>
<pre>curl -H 'Content-Type: application/json' -d @application.json http://HOST:PORT/predict</pre>
<pre>{escape(example)}</pre>
</body></html>
"""


def _tell(column: Column) -> str:
    limits = [f"{word} {limit:,g}" for word, limit in (("from", column.min), ("to", column.max)) if limit is not None]
    special = [f"{value:.15g} means {meaning}" for value, meaning in column.special.items()]
    told = [column.description, column.unit, " ".join(limits), ", ".join(column.categories or ()), *special]
    return "; ".join(part for part in told if part)


def _exemplify(column: Column) -> str | float | None:
    if column.type == "number":
        return column.min
    return column.categories[0] if column.categories else None
