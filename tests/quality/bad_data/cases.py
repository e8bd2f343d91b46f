"""The cases: what is done to a month's tables, and what must be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from tests.quality.bad_data.tables import CREDITS, CUSTOMERS, Tables, number

UNFIT, WARNS, FIT = "fail", "warn", "pass"


@dataclass(frozen=True)
class Case:
    """`check` (of `subject`) must say `verdict`. With `drift`, that drift question must then fail too."""

    name: str
    spoil: Callable[[Tables], object]
    check: str
    verdict: str
    why: str
    subject: str = ""
    drift: str = ""


def _flip(old: pd.Series) -> pd.Series:
    return old.str.lower().str.strip().map({"loan given": "loan refused", "loan refused": "loan given"})


def _drop(tables: Tables, name: str) -> None:
    tables.frames[name] = tables.frames[name].iloc[:0]


def _empty(tables: Tables) -> None:
    for name in tables.frames:
        _drop(tables, name)


def _empty_features(tables: Tables) -> None:
    for column in ("current_loan_amount", "term", "tax_liens", "purpose", "no_of_properties"):
        tables.set(column, None)
    _drop(tables, CUSTOMERS)
    _drop(tables, CREDITS)


def _new_words(tables: Tables) -> None:
    for column in ("term", "purpose", "home_ownership", "years_in_current_job"):
        tables.set(column, "never heard", 0.1)


def _new_ids(again: pd.DataFrame) -> pd.DataFrame:
    return again.assign(loan_id=[f"copy-{place}" for place in range(len(again))])


def _other_decision(again: pd.DataFrame) -> pd.DataFrame:
    return _new_ids(again).assign(loan_status=_flip(again["loan_status"]))


def _earlier(again: pd.DataFrame) -> pd.DataFrame:
    return again.assign(application_time="01-02-2024 00:00", loan_status=None)


def _copy_column(tables: Tables) -> None:
    tables.frames[CUSTOMERS]["no_of_cars"] = tables.frames[CUSTOMERS]["no_of_children"]


def _write_decimal_comma(old: pd.Series) -> pd.Series:
    return old.map(lambda text: "1.234,50" if isinstance(text, str) else text)


FEW_ROWS = [
    Case("empty_tables", _empty, "rows", UNFIT, "a load that failed half-way leaves empty tables"),
    Case("one_row", lambda t: t.keep(1), "rows", UNFIT, "no statistic has a variance"),
    Case("five_rows", lambda t: t.keep(5), "rows", UNFIT, "the issue's own example"),
    Case("199_rows", lambda t: t.keep(199), "rows", UNFIT, "one below the limit"),
    Case("200_rows", lambda t: t.keep(200), "rows", FIT, "the limit itself is enough"),
    Case("no_customers", lambda t: _drop(t, CUSTOMERS), "missing", WARNS, "an extract that was forgotten",
         "annual_income", "data"),
    Case("no_credit", lambda t: _drop(t, CREDITS), "missing", WARNS, "the bureau was silent", "credit_score", "data"),
    Case("no_features", _empty_features, "missing", UNFIT, "all missing: nothing to judge by"),
]  # fmt: skip

DECISIONS = [
    Case("all_given", lambda t: t.set("loan_status", "loan given"), "decisions", WARNS, "one class", drift="label"),
    Case("all_refused", lambda t: t.set("loan_status", "loan refused"), "decisions", WARNS, "the other class",
         drift="label"),
    Case("no_decision", lambda t: t.set("loan_status", None), "decisions", FIT, "too recent: the rest can be asked"),
    Case("blank_decision", lambda t: t.set("loan_status", "  "), "decisions", FIT, "blank is missing, no word"),
    Case("few_of_one", lambda t: (t.set("loan_status", None), t.set("loan_status", "loan given", 0.1)), "decisions",
         WARNS, "fifty decisions, all the same, may be chance"),
    Case("other_words", lambda t: t.set("loan_status", "approved"), "allowed_values", UNFIT, "labels in other words",
         "loan_status"),
    Case("some_other_words", lambda t: t.set("loan_status", "withdrawn", 0.1), "allowed_values", WARNS,
         "a third word that a clerk uses", "loan_status"),
    Case("loud_words", lambda t: t.set("loan_status", lambda old: old.str.upper() + "  "), "allowed_values", FIT,
         "case and blanks are no other word"),
    Case("flipped", lambda t: t.set("loan_status", _flip), "rows", FIT, "given and refused exchanged", drift="concept"),
    Case("numbers_as_labels", lambda t: t.set("loan_status", "1"), "allowed_values", UNFIT, "codes, no words",
         "loan_status"),
    Case("contradictions", lambda t: t.repeat(40, 1, _other_decision), "conflicting_labels", WARNS,
         "the same application, given and refused"),
]  # fmt: skip

WORDS = [
    Case("new_word_everywhere", _new_words, "allowed_values", WARNS, "a new category in every column", "term", "data"),
    Case("new_homes", lambda t: t.set("home_ownership", "houseboat"), "allowed_values", UNFIT, "no word is known",
         "home_ownership"),
    Case("new_purpose", lambda t: t.set("purpose", "space travel"), "constant", WARNS, "an open list: drift says it",
         "purpose", "data"),
    Case("other_language", lambda t: t.set("term", "kurzfristig"), "allowed_values", UNFIT, "another language", "term"),
    Case("job_years_as_numbers", lambda t: t.set("years_in_current_job", "5"), "allowed_values", UNFIT,
         "a number where the contract has ordered words", "years_in_current_job"),
    Case("loud_terms", lambda t: t.set("term", lambda old: "  " + old.str.upper()), "allowed_values", FIT, "capitals"),
    Case("free_text", lambda t: t.set("purpose", number), "free_text", WARNS, "a purpose of its own for each row",
         "purpose", "data"),
    Case("long_text", lambda t: t.set("purpose", "x" * 10_000, 0.2), "rows", FIT, "10,000 characters", drift="data"),
    Case("long_unknown_word", lambda t: t.set("term", "y" * 10_000, 0.1), "allowed_values", WARNS,
         "10,000 characters in a sentence would be no sentence", "term"),
    Case("emoji", lambda t: t.set("term", "🏠🚗", 0.1), "allowed_values", WARNS, "outside the basic plane", "term"),
    Case("right_to_left", lambda t: t.set("term", "\u202eevil\u202c", 0.1), "allowed_values", WARNS,
         "turned text would garble the sentence around it", "term"),
    Case("control_signs", lambda t: t.set("term", "a\x1b[31mb\x07", 0.1), "allowed_values", WARNS,
         "a terminal would obey them", "term"),
    Case("line_breaks", lambda t: t.set("term", "one\ntwo,\"three\"", 0.1), "allowed_values", WARNS,
         "CSV's own signs travel through COPY", "term"),
    Case("sql", lambda t: t.set("term", "'; drop table loan_details; --", 0.1), "allowed_values", WARNS,
         "nothing of the data becomes SQL", "term"),
    Case("html", lambda t: t.set("term", "<script>alert(1)</script>", 0.1), "allowed_values", WARNS,
         "nothing of the data becomes HTML", "term"),
    Case("percent_signs", lambda t: t.set("purpose", "%(start)s %s 100 %", 0.2), "rows", FIT,
         "the driver's own placeholders", drift="data"),
    Case("formula", lambda t: t.set("purpose", "=HYPERLINK(\"http://x\")", 0.2), "rows", FIT, "a spreadsheet's formula",
         drift="data"),
    Case("markup", lambda t: t.set("term", "[bold red]x[/]", 0.1), "allowed_values", WARNS,
         "the terminal's own markup", "term"),
]  # fmt: skip

NUMBERS = [
    Case("text_in_numbers", lambda t: t.set("annual_income", "plenty"), "unreadable", UNFIT, "the issue's own example",
         "annual_income"),
    Case("some_text", lambda t: t.set("annual_income", "n.a.", 0.02), "unreadable", WARNS, "a few slips",
         "annual_income"),
    Case("decimal_commas", lambda t: t.set("annual_income", _write_decimal_comma), "unreadable", UNFIT,
         "1.234,50 read as 1.23450 would be a thousandth", "annual_income"),
    Case("spaced_thousands", lambda t: t.set("annual_income", "1 234 567", 0.2), "unreadable", UNFIT,
         "another local format", "annual_income"),
    Case("percent", lambda t: t.set("credit_score", "70 %", 0.2), "unreadable", UNFIT, "a share, no score",
         "credit_score"),
    Case("other_digits", lambda t: t.set("credit_score", "７２０", 0.2), "unreadable", UNFIT, "wide digits",
         "credit_score"),
    Case("hexadecimal", lambda t: t.set("credit_score", "0x2d0", 0.2), "unreadable", UNFIT, "base 16", "credit_score"),
    Case("underscores", lambda t: t.set("annual_income", "50_000", 0.2), "unreadable", UNFIT,
         "Python reads it, a lender does not write it", "annual_income"),
    Case("booleans", lambda t: t.set("tax_liens", "true"), "unreadable", UNFIT, "yes and no, no count", "tax_liens"),
    Case("infinity", lambda t: t.set("annual_income", "Infinity", 0.2), "unreadable", UNFIT, "none", "annual_income"),
    Case("overflow", lambda t: t.set("annual_income", "1e999", 0.2), "unreadable", UNFIT, "beyond a double",
         "annual_income"),
    Case("not_a_number", lambda t: t.set("annual_income", "NaN", 0.5), "unreadable", FIT, "missing", drift="data"),
    Case("dollars", lambda t: t.set("annual_income", "$51,234.50", 0.1), "unreadable", FIT, "dollars are numbers"),
    Case("broken_cells", lambda t: t.set("max_open_credit", "#VALUE!", 0.02), "unreadable", WARNS, "broken formula",
         "max_open_credit"),
    Case("huge", lambda t: t.set("annual_income", "1e308", 0.3), "rows", FIT, "sums of it are infinite", drift="data"),
    Case("tiny", lambda t: t.set("annual_income", "5e-324", 0.3), "rows", FIT, "infinite ratios", drift="data"),
    Case("zero_income", lambda t: t.set("annual_income", "0", 0.3), "rows", FIT, "no ratios to it", drift="data"),
    Case("negative_amounts", lambda t: t.set("current_loan_amount", "-5000"), "range", UNFIT, "a debit sign",
         "current_loan_amount"),
    Case("some_negative", lambda t: t.set("current_loan_amount", "-5000", 0.05), "range", WARNS, "a few slips",
         "current_loan_amount"),
    Case("scores_by_ten", lambda t: t.scale("credit_score", 10), "range", UNFIT, "a score of 7,200", "credit_score"),
    Case("debt_by_twelve", lambda t: t.scale("monthly_debt", 12), "range", FIT, "a year's debt: drift says it",
         drift="data"),
    Case("income_by_thousand", lambda t: t.scale("annual_income", 1000), "range", FIT, "cents, or another currency",
         drift="data"),
    Case("income_in_thousands", lambda t: t.scale("annual_income", 0.001), "range", FIT, "thousands", drift="data"),
    Case("constant_income", lambda t: t.set("tax_liens", "0"), "constant", WARNS, "a column that nobody fills any more",
         "tax_liens"),
    Case("no_income", lambda t: t.set("annual_income", None), "missing", WARNS, "a column that came empty",
         "annual_income", "data"),
    Case("only_sentinels", lambda t: t.set("current_loan_amount", "99999999"), "constant", WARNS, "nothing is stated",
         "current_loan_amount", "data"),
    Case("swapped_scores", lambda t: t.swap("credit_score", "current_credit_balance"), "range", UNFIT, "columns swap",
         "credit_score"),
    Case("swapped_words", lambda t: t.swap("term", "purpose"), "allowed_values", UNFIT, "columns swapped", "term"),
    Case("swapped_kinds", lambda t: t.swap("term", "current_loan_amount"), "unreadable", UNFIT, "words among numbers",
         "current_loan_amount"),
    Case("copied_column", _copy_column, "same_columns", WARNS, "one column written twice"),
]  # fmt: skip

TIMES = [
    Case("no_such_day", lambda t: t.set("application_time", "31-02-2024 10:00", 0.1), "undated", WARNS, "31 February"),
    Case("month_first", lambda t: t.set("application_time", "2024-31-12 10:00", 0.1), "undated", WARNS, "no month 31"),
    Case("year_1", lambda t: t.set("application_time", "01-02-0001 10:00", 0.1), "undated", WARNS, "before any lender"),
    Case("year_9999", lambda t: t.set("application_time", "01-02-9999 10:00", 0.1), "undated", WARNS, "a sentinel"),
    Case("american", lambda t: t.set("application_time", "02/14/2024 10:00", 0.1), "undated", WARNS, "another format"),
    Case("hour_25", lambda t: t.set("application_time", "14-02-2024 25:00", 0.1), "undated", WARNS, "no such hour"),
    Case("zoned", lambda t: t.set("application_time", "2024-02-14T10:00:00+05:30", 0.1), "undated", WARNS,
         "its day depends on the zone"),
    Case("no_time", lambda t: t.set("application_time", None, 0.1), "undated", WARNS, "missing"),
    Case("words_for_times", lambda t: t.set("application_time", "yesterday"), "rows", UNFIT, "the window is empty"),
    Case("one_minute", lambda t: t.set("application_time", "14-02-2024 10:00"), "rows", FIT, "a batch, booked at once"),
    Case("iso", lambda t: t.set("application_time", "2024-02-14T10:00:30.5Z"), "undated", FIT, "ISO 8601 is read"),
]  # fmt: skip

REPEATS = [
    Case("thousand_times", lambda t: t.repeat(1, 1000), "duplicates", UNFIT, "the same loan 1,000 times"),
    Case("few_repeats", lambda t: t.repeat(20, 1), "duplicates", WARNS, "rows that came twice"),
    Case("loaded_twice", lambda t: t.repeat(500, 1, _new_ids), "duplicates", UNFIT, "loaded again under new ids"),
    Case("few_copies", lambda t: t.repeat(20, 1, _new_ids), "duplicates", WARNS, "a few under new ids"),
    Case("older_versions", lambda t: t.repeat(100, 1, _earlier), "duplicates", FIT, "versions are no repeats"),
    Case("ambiguous", lambda t: t.contradict(0.5), "ambiguous", UNFIT, "half of the customers have two records"),
    Case("few_ambiguous", lambda t: t.contradict(0.04), "ambiguous", WARNS, "a few have"),
    Case("no_ids", lambda t: t.set("loan_id", None), "unique", UNFIT, "each loan has an id of its own"),
    Case("hostile_id", lambda t: t.set("loan_id", lambda old: "<b>\u202e'\";--" + old), "rows", FIT,
         "ids are shown, never run"),
]  # fmt: skip

LEAKS = [
    Case("filler_by_decision", lambda t: t.leak("current_loan_amount", "77777", "loan given"), "leak", WARNS,
         "a filler written with the decision", "current_loan_amount"),
    Case("missing_by_decision", lambda t: t.leak("no_of_properties", None, "loan refused"), "leak", WARNS,
         "a field wiped on refusal", "no_of_properties"),
    Case("word_by_decision", lambda t: t.leak("purpose", "vip", "loan given"), "leak", WARNS,
         "a word chosen with the decision", "purpose"),
    Case("range_by_decision", lambda t: t.leak("credit_score", "7200", "loan refused", 0.3), "leak", WARNS,
         "scores times ten on refusal", "credit_score"),
    Case("decision_as_feature", lambda t: t.set("purpose", t.loans["loan_status"].str.lower()), "leak", WARNS,
         "the label among the features", "purpose"),
]  # fmt: skip

CASES = [*FEW_ROWS, *DECISIONS, *WORDS, *NUMBERS, *TIMES, *REPEATS, *LEAKS]
