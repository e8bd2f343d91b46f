"""The look-alikes that need no time of their own, or are one plain file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

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

STATES = "CA|NY|TX|FL|IL|NJ|PA|OH|GA|VA|NC|MI|MD|AZ|MA|CO|WA|MN|IN|CT|MO|NV|TN|WI"
DEBT_STEPS = ["<20%", "20%-<30%", "30%-<36%", "36", "40", "45", "49", "50%-60%", ">60%"]
EMPLOYED = ("< 1 year", *(f"{years} year{'s' * (years > 1)}" for years in range(1, 10)), "10+ years")


def write_approvals(folder: Path) -> list[Path]:
    """614 applications without a time; Y or N."""
    random, rows = np.random.default_rng(1), 614
    history, income = random.random(rows) < 0.84, random.lognormal(8.4, 0.5, rows).round()
    frame = pd.DataFrame(
        {
            "Loan_ID": [f"LP{1000 + number:06d}" for number in random.permutation(rows)],
            "Gender": blank(random, draw_words(random, "Male|Female", rows, [0.8, 0.2]), 0.02),
            "Married": blank(random, draw_words(random, "Yes|No", rows, [0.65, 0.35]), 0.01),
            "Dependents": blank(random, draw_words(random, "0|1|2|3+", rows, [0.57, 0.17, 0.17, 0.09]), 0.02),
            "Education": draw_words(random, "Graduate|Not Graduate", rows, [0.78, 0.22]),
            "Self_Employed": blank(random, draw_words(random, "No|Yes", rows, [0.86, 0.14]), 0.05),
            "ApplicantIncome": income.astype(int),
            "CoapplicantIncome": np.where(random.random(rows) < 0.45, 0, random.lognormal(7.6, 0.5, rows).round(1)),
            "LoanAmount": blank(random, (income / 40 + random.normal(60, 20, rows)).clip(20).astype(int), 0.04),
            "Loan_Amount_Term": blank(random, random.choice([360, 180, 480, 300, 84], rows), 0.02),
            "Credit_History": blank(random, history.astype(int), 0.08),
            "Property_Area": draw_words(random, "Urban|Semiurban|Rural", rows),
            "Loan_Status": np.where(decide(random, history, random.normal(size=rows)), "Y", "N"),
        }
    )
    return save(frame, folder / "approvals.csv")


APPROVALS = Shape(
    "approvals",
    "A 600-row approval file with Y/N, and no time at all",
    ("--target", "Loan_Status", "--rows-as-time"),
    write_approvals,
    {
        "Loan_ID": ID, "Gender": Truth("protected", "category"), "Married": BOOLEAN,
        "Dependents": say(WORDS, ordered=["0", "1", "2", "3+"]), "Education": WORDS, "Self_Employed": BOOLEAN,
        "ApplicantIncome": INTEGER, "CoapplicantIncome": NUMBER, "LoanAmount": INTEGER, "Loan_Amount_Term": INTEGER,
        "Credit_History": INTEGER, "Property_Area": WORDS, "Loan_Status": say(TARGET, positive="y"),
    },
)  # fmt: skip


def write_installments(folder: Path) -> list[Path]:
    """A book of installment loans, with columns that are filled in after the decision."""
    random, rows = np.random.default_rng(2), 6_000
    issued = pd.to_datetime("2017-01-01") + pd.to_timedelta(np.sort(random.integers(0, 540, rows)), unit="D")
    amount, income = random.integers(10, 400, rows) * 100, random.lognormal(11, 0.5, rows).round(-2)
    grade, rate = (
        random.choice(list("ABCDEFG"), rows, p=[0.2, 0.28, 0.28, 0.13, 0.07, 0.03, 0.01]),
        random.normal(13, 4, rows).clip(5),
    )
    good = decide(random, -rate, np.log(income), share=0.78)
    status = np.where(good, "Fully Paid", "Charged Off")
    status = np.where(
        random.random(rows) < 0.12,
        draw_words(random, "Current|Late (31-120 days)|In Grace Period", rows, [0.9, 0.07, 0.03]),
        status,
    )
    paid = np.where(status == "Fully Paid", amount * 1.1, amount * random.uniform(0, 0.7, rows)).round(2)
    jobs = draw_words(random, "Teacher|Nurse|Driver|Manager|Owner|Sales", rows)
    opened = issued - pd.to_timedelta(random.integers(1_200, 12_000, rows), unit="D")
    frame = pd.DataFrame(
        {
            "id": random.permutation(np.arange(1_077_000, 1_077_000 + rows)),
            "member_id": None,
            "loan_amnt": amount,
            "funded_amnt": amount,
            "term": draw_words(random, " 36 months| 60 months", rows, [0.7, 0.3]),
            "int_rate": [f"{value:.2f}%" for value in rate],
            "installment": (amount * random.uniform(0.028, 0.038, rows)).round(2),
            "grade": grade,
            "sub_grade": write_each("{}{}", grade, random.integers(1, 6, rows)),
            "emp_title": blank(random, write_each("{} {}", jobs, random.zipf(1.4, rows).clip(max=900)), 0.06),
            "emp_length": blank(random, draw_words(random, "|".join(EMPLOYED), rows), 0.05, "n/a"),
            "home_ownership": draw_words(random, "RENT|MORTGAGE|OWN", rows, [0.4, 0.5, 0.1]),
            "annual_inc": income,
            "verification_status": draw_words(random, "Verified|Source Verified|Not Verified", rows),
            "issue_d": issued.strftime("%b-%Y"),
            "loan_status": status,
            "pymnt_plan": "n",
            "url": [f"https://example.org/loan/{number}" for number in range(rows)],
            "desc": blank(random, write_each("I would like a car as a {}, number {}", jobs, range(rows)), 0.6),
            "purpose": draw_words(random, "credit_card|debt_consolidation|car|medical|house|other", rows),
            "zip_code": [f"{number:03d}xx" for number in random.zipf(1.2, rows).clip(max=950)],
            "addr_state": draw_words(random, STATES, rows),
            "dti": random.normal(18, 8, rows).clip(0).round(2),
            "delinq_2yrs": random.poisson(0.3, rows),
            "earliest_cr_line": opened.strftime("%b-%Y"),
            "fico_range_low": random.integers(132, 169, rows) * 5,
            "inq_last_6mths": random.poisson(0.8, rows),
            "mths_since_last_delinq": blank(random, random.integers(1, 90, rows), 0.5),
            "open_acc": random.poisson(11, rows) + 1,
            "pub_rec": random.poisson(0.2, rows),
            "revol_bal": random.lognormal(9, 1, rows).astype(int),
            "revol_util": [f"{value:.1f}%" for value in random.uniform(0, 100, rows)],
            "total_acc": random.poisson(25, rows) + 2,
            "out_prncp": np.where(status == "Current", amount * 0.5, 0).round(2),
            "total_pymnt": paid,
            "recoveries": np.where(status == "Charged Off", random.lognormal(5, 1, rows), 0).round(2),
            "last_pymnt_d": (issued + pd.to_timedelta(300, unit="D")).strftime("%b-%Y"),
            "last_pymnt_amnt": (paid / 10).round(2),
        }
    )  # fmt: skip
    return save(frame, folder / "installments.csv")


INSTALLMENTS = Shape(
    "installments",
    "A book of installment loans with a default status and columns from after the decision",
    ("--target", "loan_status"),
    write_installments,
    {
        "id": ID, "member_id": IGNORED, "loan_amnt": INTEGER, "funded_amnt": IGNORED,
        "term": say(INTEGER, affixes=["months"]), "int_rate": say(NUMBER, affixes=["%"]), "installment": NUMBER,
        "grade": say(WORDS, ordered=list("gfedcba")), "sub_grade": WORDS, "emp_title": WORDS,
        "emp_length": say(WORDS, ordered=list(EMPLOYED)), "home_ownership": WORDS, "annual_inc": NUMBER,
        "verification_status": WORDS, "issue_d": say(TIME, formats=["%b-%Y"]),
        "loan_status": say(TARGET, positive="fully paid", negative="charged off"), "pymnt_plan": IGNORED,
        "url": IGNORED,
        "desc": IGNORED, "purpose": WORDS, "zip_code": WORDS, "addr_state": WORDS, "dti": NUMBER,
        "delinq_2yrs": INTEGER,
        "earliest_cr_line": IGNORED, "fico_range_low": INTEGER, "inq_last_6mths": INTEGER,
        "mths_since_last_delinq": INTEGER, "open_acc": INTEGER, "pub_rec": INTEGER, "revol_bal": INTEGER,
        "revol_util": say(NUMBER, affixes=["%"]), "total_acc": INTEGER, "out_prncp": IGNORED, "total_pymnt": IGNORED,
        "recoveries": IGNORED, "last_pymnt_d": IGNORED, "last_pymnt_amnt": IGNORED,
    },
)  # fmt: skip


def write_mortgages(folder: Path) -> list[Path]:
    """A register of mortgages: booleans, many gaps, words for what is missing."""
    random, rows = np.random.default_rng(3), 5_000
    received = pd.to_datetime("2023-01-02") + pd.to_timedelta(np.sort(random.integers(0, 300 * 86_400, rows)), unit="s")
    amount, value = random.integers(5, 90, rows) * 10_000 + 5_000, random.lognormal(12.6, 0.4, rows).round(-3)
    income = random.lognormal(4.5, 0.5, rows).round()
    approved = decide(random, np.log(income), -amount / value, share=0.75)
    status = np.where(approved, "Approved", "Denied")
    status = np.where(random.random(rows) < 0.08, draw_words(random, "Withdrawn|Incomplete", rows), status)
    frame = pd.DataFrame(
        {
            "Application Number": [f"M-2023-{number:06d}" for number in range(rows)],
            "Received At": received.strftime("%m/%d/%Y %H:%M:%S"),
            "Outcome": status,
            "First Home": draw_words(random, "true|false", rows),
            "Preapproval": draw_words(random, "true|false", rows, [0.1, 0.9]),
            "Business Purpose": blank(random, draw_words(random, "true|false", rows, [0.1, 0.9]), 0.7),
            "Loan Amount": amount,
            "Property Value": blank(random, value.astype(int), 0.1, "NA"),
            "Income (thousands)": blank(random, income.astype(int), 0.1, "NA"),
            "Debt To Income Ratio": blank(random, draw_words(random, "|".join(DEBT_STEPS), rows), 0.25, "NA"),
            "Rate Spread": blank(random, random.normal(0.5, 0.8, rows).round(3), 0.55, "Exempt"),
            "Co-Applicant Age": np.where(random.random(rows) < 0.5, 9999, random.integers(20, 80, rows)),
            "Race": draw_words(random, "White|Black|Asian|Not provided", rows),
            "Denial Reason": np.where(status == "Denied", draw_words(random, "Credit|Income|Collateral", rows), ""),
            "County": random.integers(1001, 56045, 300)[random.zipf(1.3, rows).clip(max=300) - 1],
        }
    )
    return save(frame, folder / "mortgages.csv")


MORTGAGES = Shape(
    "mortgages",
    "A register of mortgages with booleans, many gaps, and words for them",
    ("--target", "Outcome"),
    write_mortgages,
    {
        "Application Number": ID, "Received At": say(TIME, formats=["%m/%d/%Y %H:%M:%S"]),
        "Outcome": say(TARGET, positive="approved", negative="denied"), "First Home": BOOLEAN, "Preapproval": BOOLEAN,
        "Business Purpose": BOOLEAN, "Loan Amount": INTEGER, "Property Value": INTEGER,
        "Income (thousands)": INTEGER,
        "Debt To Income Ratio": say(WORDS, ordered=DEBT_STEPS),
        "Rate Spread": NUMBER, "Co-Applicant Age": say(INTEGER, special=["9999"]),
        "Race": Truth("protected", "category"), "Denial Reason": IGNORED, "County": WORDS,
    },
)  # fmt: skip


def write_scorecard(folder: Path) -> list[Path]:
    """A scorecard's file: no identifier, no time, negative codes for what is not known."""
    random, rows = np.random.default_rng(4), 3_000
    risk = random.integers(35, 95, rows)
    frame = pd.DataFrame({"RiskPerformance": np.where(decide(random, risk, share=0.48), "Good", "Bad")})
    is_empty = random.random(rows) < 0.05
    columns = {
        "ExternalRiskEstimate": risk,
        "MSinceOldestTradeOpen": random.integers(20, 400, rows),
        "AverageMInFile": random.integers(10, 200, rows),
        "NumSatisfactoryTrades": random.integers(1, 60, rows),
        "MaxDelqEver": random.integers(2, 9, rows),
        "NetFractionRevolvingBurden": random.integers(0, 120, rows),
        "NumInqLast6M": random.poisson(1.5, rows),
        "PercentInstallTrades": random.integers(0, 100, rows),
    }
    for name, values in columns.items():
        coded = np.where(random.random(rows) < 0.03, -8, values)
        frame[name] = np.where(is_empty, -9, np.where(random.random(rows) < 0.02, -7, coded))
    return save(frame, folder / "scorecard.csv")


SCORECARD = Shape(
    "scorecard",
    "A scorecard's file with codes for what is not known, and neither identifier nor time",
    ("--target", "RiskPerformance", "--rows-as-time"),
    write_scorecard,
    {
        "RiskPerformance": say(TARGET, positive="good", negative="bad"),
        **{
            name: say(INTEGER, special=["-9", "-8", "-7"])
            for name in (
                "ExternalRiskEstimate", "MSinceOldestTradeOpen", "AverageMInFile", "NumSatisfactoryTrades",
                "MaxDelqEver", "NetFractionRevolvingBurden", "NumInqLast6M", "PercentInstallTrades",
            )
        },
    },
)  # fmt: skip

__all__ = ["APPROVALS", "CUSTOMER", "INSTALLMENTS", "MORTGAGES", "SCORECARD"]
