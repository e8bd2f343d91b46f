"""Template: a page of any kind as one file that requests nothing.

Its only script sorts and filters tables: a page is complete without it.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tasks.core.notices import place_of
from tasks.core.positive import name_check
from tasks.core.wording import OUTCOMES, TONES, VERDICTS, join_list, name_outcome, name_verdict
from tasks.reports.page import wording
from tasks.reports.page.glossary import PageGlossary, anchor

TEMPLATES = Path(__file__).parent.parent / "templates"


def render_page(template: str, **given: Any) -> str:
    """A template with its values, all of them escaped. The page's policy allows its style and its script, no more."""
    tones = "".join(f"--{tone.style}:{tone.colour};" for tone in TONES)
    style = f":root{{{tones}}}\n{(TEMPLATES / 'page.css').read_text(encoding='utf-8')}"
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    return render_fragment(template, style=style, script=script, policy=policy, glossary=PageGlossary(), **given)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def render_fragment(template: str, **given: Any) -> str:
    """A template that needs nothing but its values, all of them escaped."""
    return _make_environment().get_template(template).render(**given)


@cache
def _make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": format_day,
        "moment": lambda text: datetime.fromisoformat(text).strftime("%-d %b %Y, %H:%M UTC"),
        "value": wording.format_value,
        "effect": wording.format_effect,
        "number": wording.format_number,
        "check": name_check,
        "kind": wording.name_kind,
        "model": wording.describe_champion,
        "external": wording.find_external,
        "promoted": wording.describe_promoted,
        "listed": join_list,
        "prose": wording.set_names,
        "breakable": wording.let_break,
        "place": place_of,
        "anchor": anchor,
    }
    environment.globals |= {
        "QUESTIONS": wording.describe_questions(),
        "VERDICTS": VERDICTS,
        "OUTCOMES": OUTCOMES,
        "MEASURES": wording.MEASURES,
        "name_verdict": name_verdict,
        "name_outcome": name_outcome,
    }
    return environment


def format_day(day: str | date | None) -> str:
    """A day in the form 1 Aug 2024."""
    return "" if day is None else date.fromisoformat(str(day)).strftime("%-d %b %Y")
