"""The look-alikes of two files, of another country's format, of Parquet, and of decades."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.support.gallery.files import APPROVALS, INSTALLMENTS, MORTGAGES, SCORECARD
from tests.support.gallery.shape import (
    BOOLEAN,
    CUSTOMER,
    ID,
    IGNORED,
    INTEGER,
    NUMBER,
    TARGET,
    TIME,
    WORDS,
    Shape,
    Truth,
    blank,
    decide,
    draw_words,
    save,
    say,
    write_each,
)


def write_joined(folder: Path) -> list[Path]:
    """Applications and customers in two files, as a German spreadsheet writes them."""
    random, rows, people = np.random.default_rng(5), 4_000, 3_200
    received = pd.to_datetime("2022-01-01") + pd.to_timedelta(np.sort(random.integers(0, 330 * 1440, rows)), unit="min")
    customer, amount = random.integers(1, people + 1, rows), random.integers(10, 600, rows) * 50
    income = random.lognormal(7.8, 0.4, people).round(2)
    approved = decide(random, income[customer - 1], -amount, share=0.65)
    applications = pd.DataFrame(
        {
            "Antragsnummer": [f"A{number:07d}" for number in range(rows)],
            "Kunden_ID": customer + 500_000,
            "Eingang Date": received.strftime("%d.%m.%Y %H:%M"),
            "Kreditbetrag": [_write_german(value) for value in amount],
            "Laufzeit": [f"{value} Monate" for value in random.choice([12, 24, 36, 48, 60, 72], rows)],
            "Zins": [f"{value:.2f}".replace(".", ",") + " %" for value in random.normal(6, 2, rows).clip(1)],
            "Verwendung": draw_words(random, "Möbel|Auto|Umschuldung|Küche|Sonstiges", rows),
            "Entscheidung": np.where(approved, "genehmigt", "abgelehnt"),
        }
    )
    customers = pd.DataFrame(
        {
            "Kunden_ID": np.arange(1, people + 1) + 500_000,
            "Nettoeinkommen": [_write_german(value) for value in income],
            "Beschäftigt_seit": blank(
                random, draw_words(random, "unter 1 Jahr|1 Jahr|2 Jahre|5 Jahre|10 Jahre", people), 0.05, "-"
            ),
            "Eigentum": draw_words(random, "ja|nein", people),
        }
    )
    options = {"sep": ";", "encoding": "cp1252"}
    return save(applications, folder / "antraege.csv", **options) + save(customers, folder / "kunden.csv", **options)


def _write_german(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


JOINED = Shape(
    "joined",
    "Two files with a common key, as a German spreadsheet writes them: semicolons, 1.234,56, Windows-1252",
    ("--target", "Entscheidung", "--id", "Antragsnummer", "--customer", "Kunden_ID", "--timezone", "Europe/Berlin"),
    write_joined,
    {
        "antraege/Antragsnummer": ID, "antraege/Kunden_ID": CUSTOMER,
        "antraege/Eingang Date": say(TIME, formats=["%d.%m.%Y %H:%M"]),
        "antraege/Kreditbetrag": say(NUMBER, decimal=","), "antraege/Laufzeit": say(INTEGER, affixes=["monate"]),
        "antraege/Zins": say(NUMBER, decimal=",", affixes=["%"]), "antraege/Verwendung": WORDS,
        "antraege/Entscheidung": say(TARGET, positive="genehmigt", negative="abgelehnt"),
        "kunden/Kunden_ID": IGNORED, "kunden/Nettoeinkommen": say(NUMBER, decimal=","),
        "kunden/Beschäftigt_seit": WORDS, "kunden/Eigentum": WORDS,
    },
)  # fmt: skip


def write_zoned(folder: Path) -> list[Path]:
    """A Parquet file with types, and times with a zone."""
    random, rows = np.random.default_rng(6), 5_000
    created = pd.to_datetime("2024-01-01", utc=True) + pd.to_timedelta(
        np.sort(random.integers(0, 270 * 86_400, rows)), unit="s"
    )
    amount, score = random.lognormal(9, 0.6, rows).round(2), random.normal(640, 60, rows).clip(300, 850).round()
    frame = pd.DataFrame(
        {
            "application_uuid": [f"{number:08x}-aaaa-4bbb-8ccc-{number:012x}" for number in random.permutation(rows)],
            "client_id": random.integers(1, 4_000, rows),
            "created_at": created.tz_convert("America/New_York"),
            "birth_date": (
                pd.to_datetime("1985-06-01") + pd.to_timedelta(random.integers(-9_000, 6_000, rows), unit="D")
            ),
            "approved": decide(random, score, -np.log(amount), share=0.6),
            "amount": amount,
            "credit_score": pd.array(np.where(random.random(rows) < 0.1, np.nan, score), dtype="Int64"),
            "is_repeat": random.random(rows) < 0.3,
            "channel": pd.Categorical(draw_words(random, "web|branch|broker|phone", rows)),
            "risk_level": draw_words(random, "low|medium|high", rows),
            "open_accounts": random.poisson(5, rows),
        }
    )
    frame["credit_score"] = frame.credit_score.astype("Int64")
    path = folder / "zoned.parquet"
    frame.to_parquet(path, index=False)
    return [path]


ZONED = Shape(
    "zoned",
    "A Parquet file with types and with times in a zone",
    ("--target", "approved", "--timezone", "America/New_York"),
    write_zoned,
    {
        "application_uuid": ID, "client_id": CUSTOMER, "created_at": TIME, "birth_date": IGNORED,
        "approved": say(Truth("target", "boolean"), positive="true"), "amount": NUMBER, "credit_score": INTEGER,
        "is_repeat": BOOLEAN, "channel": WORDS, "risk_level": say(WORDS, ordered=["low", "medium", "high"]),
        "open_accounts": INTEGER,
    },
)  # fmt: skip


def write_small_business(folder: Path) -> list[Path]:
    """Guaranteed loans of small businesses, over decades."""
    random, rows = np.random.default_rng(7), 6_000
    approved = pd.to_datetime("1995-01-01") + pd.to_timedelta(np.sort(random.integers(0, 5_000, rows)), unit="D")
    amount, term = random.lognormal(11, 1, rows).round(-2), random.choice([12, 24, 36, 60, 84, 120, 240], rows)
    zips = random.integers(1_000, 99_000, 1_500)
    good = decide(random, np.log(term), np.log(amount), share=0.8)
    frame = pd.DataFrame(
        {
            "LoanNr_ChkDgt": random.permutation(np.arange(1_000_014_003, 1_000_014_003 + rows)),
            "Name": write_each("{} {} LLC", draw_words(random, "ABC|Best|Sunny|Prime", rows), range(rows)),
            "City": [f"City {number}" for number in random.zipf(1.3, rows).clip(max=900)],
            "State": draw_words(random, "CA|TX|NY|FL|OH|PA|IL|WA|MN|CO|UT|AZ", rows),
            "Zip": write_each("{:05d}", zips[random.zipf(1.2, rows).clip(max=1_500) - 1]),
            "NAICS": random.choice([0, 722110, 811111, 445110, 561730, 621210], rows),
            "ApprovalDate": [day.strftime("%d-%b-%y") for day in approved],
            "Term": term,
            "NoEmp": random.poisson(8, rows),
            "NewExist": blank(random, draw_words(random, "1.0|2.0", rows, [0.7, 0.3]), 0.01),
            "UrbanRural": random.choice([0, 1, 2], rows),
            "RevLineCr": draw_words(random, "N|Y|0|T", rows, [0.5, 0.25, 0.2, 0.05]),
            "LowDoc": draw_words(random, "N|Y", rows, [0.85, 0.15]),
            "ChgOffDate": np.where(good, "", [day.strftime("%d-%b-%y") for day in approved + pd.Timedelta(days=700)]),
            "DisbursementGross": [f"${value:,.2f} " for value in amount],
            "BalanceGross": "$0.00 ",
            "MIS_Status": np.where(good, "P I F", "CHGOFF"),
            "ChgOffPrinGr": [f"${value:,.2f} " for value in np.where(good, 0, amount * 0.6)],
        }
    )  # fmt: skip
    return save(frame, folder / "small_business.csv")


SMALL_BUSINESS = Shape(
    "small_business",
    "Loans of small businesses over decades, with amounts such as $60,000.00 and days such as 28-Feb-97",
    ("--target", "MIS_Status"),
    write_small_business,
    {
        "LoanNr_ChkDgt": ID, "Name": IGNORED, "City": WORDS, "State": WORDS, "Zip": WORDS, "NAICS": WORDS,
        "ApprovalDate": say(TIME, formats=["%d-%b-%y"]), "Term": INTEGER, "NoEmp": INTEGER, "NewExist": INTEGER,
        "UrbanRural": INTEGER, "RevLineCr": WORDS, "LowDoc": BOOLEAN, "ChgOffDate": IGNORED,
        "DisbursementGross": say(NUMBER, unit="USD"), "BalanceGross": IGNORED,
        "MIS_Status": say(TARGET, positive="p i f", negative="chgoff"), "ChgOffPrinGr": IGNORED,
    },
    (
        "--start", "2008-01-01", "--end", "2008-06-30",
        "--reference-start", "2000-01-01", "--reference-end", "2007-12-31",
    ),
)  # fmt: skip


def write_cards(folder: Path) -> list[Path]:
    """Credit cards: codes, six months of bills, a default as 0 or 1."""
    random, rows = np.random.default_rng(8), 4_000
    limit, late = random.integers(1, 60, rows) * 10_000, random.integers(-2, 6, rows)
    frame = pd.DataFrame({"ID": np.arange(1, rows + 1), "LIMIT_BAL": limit})
    frame["SEX"], frame["EDUCATION"], frame["MARRIAGE"] = (random.integers(1, most, rows) for most in (3, 5, 4))
    frame["AGE"] = random.integers(21, 70, rows)
    for month in range(1, 4):
        frame[f"PAY_{month}"] = np.where(random.random(rows) < 0.7, late, random.integers(-2, 6, rows))
        frame[f"BILL_AMT{month}"] = (limit * random.beta(1, 3, rows)).astype(int)
        frame[f"PAY_AMT{month}"] = (limit * random.beta(1, 20, rows)).astype(int)
    frame["default payment next month"] = decide(random, late, -limit, share=0.25).astype(int)
    return save(frame, folder / "cards.csv")


CARDS = Shape(
    "cards",
    "A card file with codes, six months of bills, and a default as 0 or 1",
    ("--target", "default payment next month", "--rows-as-time"),
    write_cards,
    {
        "ID": ID, "LIMIT_BAL": INTEGER, "SEX": Truth("protected", "integer"), "EDUCATION": INTEGER, "MARRIAGE": INTEGER,
        "AGE": INTEGER,
        **{f"{name}{month}": INTEGER for month in range(1, 4) for name in ("PAY_", "BILL_AMT", "PAY_AMT")},
        "default payment next month": say(TARGET, positive="1", negative="0"),
    },
)  # fmt: skip

SHAPES = (APPROVALS, INSTALLMENTS, MORTGAGES, SCORECARD, JOINED, ZONED, SMALL_BUSINESS, CARDS)
