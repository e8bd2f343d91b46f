"""Lives: the same by the same seed, changed from the day on that the scenario says, and measured as the records say."""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from threadpoolctl import threadpool_limits

from benchmarks.life.__main__ import main
from benchmarks.life.calendar import MONTHS, TRAINING, WATCHED, Cadence, Visit, list_visits, month, number_of, span
from benchmarks.life.jobs import Job, Seeds, plan_jobs
from benchmarks.life.lender import DemoLender
from benchmarks.life.lives import Life
from benchmarks.life.measure import count_alarms, measure_life
from benchmarks.life.oracle import find_months
from benchmarks.life.policies import Look
from benchmarks.life.run import Losses, Seen, live
from benchmarks.life.scenarios import RULE_MONTH, SCENARIOS, UNIT_FACTOR, find_scored_months
from benchmarks.life.table import as_markdown, share_of_years
from benchmarks.life.today import Champion, Today, find_champion
from benchmarks.life.workshop import Workshop, join_windows
from tasks.core.windows import Window

LENDER = DemoLender()
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
ONE_DAY = timedelta(days=1)


@lru_cache
def make_life(scenario: str = "nothing", seed: int = 5, per_month: int = 300) -> Life:
    return Life(LENDER, BY_NAME[scenario], seed, per_month)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    with threadpool_limits(limits=1):
        yield


@pytest.mark.slow
def test_the_same_seed_gives_the_same_life_and_rows_look_like_an_extract():
    one, two = (Life(LENDER, BY_NAME["nothing"], 5, 300).rows(TRAINING) for _ in range(2))
    pd.testing.assert_frame_equal(one.frame, two.frame)
    np.testing.assert_array_equal(one.chances, two.chances)
    assert not make_life(seed=6).rows(TRAINING).frame["annual_income"].equals(one.frame["annual_income"])
    assert list(one.frame) == [column.name for column in LENDER.contract.columns]
    types = {"number": "float64", "time": "datetime64[ns]", "category": "category", "text": "str"}
    for column in LENDER.contract.columns:
        assert str(one.frame[column.name].dtype) == types[column.type], column.name
        if column.type == "category":
            assert set(one.frame[column.name].cat.categories) == set(one.frame[column.name].dropna())
    assert one.frame["loan_id"].is_unique
    assert len(one.frame) == 6 * 300


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [scenario for scenario in SCENARIOS if scenario.changes])
def test_a_life_is_like_the_quiet_one_until_its_first_change(scenario):
    first = scenario.changes[0].days.start
    before = Window(date(2023, 1, 1), first - ONE_DAY)
    quiet, changed = make_life(), make_life(scenario.name)
    pd.testing.assert_frame_equal(quiet.rows(before).frame, changed.rows(before).frame)
    assert quiet.fingerprint([before]) == changed.fingerprint([before])
    after = Window(first, month(number_of(first)).end)
    assert not quiet.rows(after).frame.equals(changed.rows(after).frame)
    assert quiet.fingerprint([after]) != changed.fingerprint([after])


@pytest.mark.slow
def test_incomes_rise_for_good_for_a_month_for_a_season_or_slowly():
    quiet = make_life()

    def find_factor(scenario: str, number: int) -> float:
        incomes = [life.rows(month(number)).frame["annual_income"].mean() for life in (make_life(scenario), quiet)]
        return incomes[0] / incomes[1]

    table = {"covariate": (1, 1.2, 1.2), "blip": (1, 1.2, 1), "season": (1, 1.2, 1)}
    for scenario, factors in table.items():
        found = [find_factor(scenario, number) for number in (8, 12, 14)]
        assert found == pytest.approx(factors, abs=1e-4), scenario
    assert find_factor("season", 23) == pytest.approx(1.2, abs=1e-4)
    grown = [find_factor("trend", number) for number in range(9, 25)]
    assert np.all(np.diff(grown) > 0.008)
    assert grown[0] == pytest.approx(1.015**0.5, abs=0.004)
    assert grown[-1] == pytest.approx(1.015**15.5, abs=0.006)


@pytest.mark.slow
def test_a_broken_unit_changes_what_is_recorded_and_not_what_is_decided():
    quiet, broken = (make_life(name).rows(month(12)) for name in ("nothing", "unit"))
    ratio = broken.frame["monthly_debt"] / quiet.frame["monthly_debt"]
    assert ratio.dropna().to_numpy() == pytest.approx(UNIT_FACTOR)
    np.testing.assert_array_equal(quiet.chances, broken.chances)
    pd.testing.assert_series_equal(quiet.frame["loan_status"], broken.frame["loan_status"])
    pd.testing.assert_frame_equal(*(make_life(name).rows(month(14)).frame for name in ("nothing", "unit")))


@pytest.mark.slow
def test_the_rule_changes_and_the_applicants_do_not():
    quiet, changed = (make_life(name).rows(month(RULE_MONTH)) for name in ("nothing", "rule"))
    decided = ["loan_status"]
    pd.testing.assert_frame_equal(quiet.frame.drop(columns=decided), changed.frame.drop(columns=decided))
    assert np.mean(np.abs(quiet.chances - changed.chances)) > 0.05
    assert quiet.chances.mean() == pytest.approx(changed.chances.mean(), abs=0.03)


def test_half_of_the_applications_arrive_or_all():
    life = make_life("volume")
    assert [len(life.rows(month(number)).frame) for number in (11, 12, 24)] == [300, 150, 150]
    weekdays = life.rows(span(1, 11)).frame["application_time"].dt.day_of_week.value_counts()
    assert weekdays[1] > 2 * weekdays[6]


def test_days_differ_by_as_much_as_the_scenario_says():
    """The same applicants in both lives: what is between them is what their day adds."""
    days, quiet = make_life("days"), make_life()
    whole = span(1, MONTHS)
    with_effects, without = days.rows(whole), quiet.rows(whole)
    of_day = with_effects.frame["application_time"].dt.date
    ratio = (with_effects.frame["annual_income"] / without.frame["annual_income"]).groupby(of_day).median()
    assert np.log(ratio).std() == pytest.approx(0.075, abs=0.007)
    alike = (with_effects.frame["term"] == without.frame["term"]) & without.frame["annual_income"].isna()
    added = pd.Series(logit(with_effects.chances) - logit(without.chances))[alike].groupby(of_day[alike])
    assert added.median().std() == pytest.approx(0.3, abs=0.03)
    assert added.std().dropna().max() < 1e-6
    is_long = with_effects.frame["term"] == "long term"
    assert 0.005 < (is_long != (without.frame["term"] == "long term")).mean() < 0.03
    assert is_long.mean() == pytest.approx((without.frame["term"] == "long term").mean(), abs=0.01)


def test_fresh_applications_follow_the_regime_and_the_life_has_none_of_them():
    life = make_life("rule")
    old, new = life.fresh(month(10).start), life.fresh(month(20).start)
    assert len(old.chances) == 20_000
    assert life.fresh(month(11).start) is old
    np.testing.assert_array_equal(old.frame["annual_income"], new.frame["annual_income"])
    assert np.mean(np.abs(old.chances - new.chances)) > 0.05
    assert old.chances[:300].tolist() != life.rows(month(1)).chances[:300].tolist()


def test_a_schedule_looks_at_days_that_are_over_and_that_no_first_model_has_seen():
    visits = {cadence: list_visits(cadence) for cadence in Cadence}
    assert [len(found) for found in visits.values()] == [18, 78, WATCHED.days]
    for found in visits.values():
        for visit in found:
            assert visit.window.end + ONE_DAY == visit.today
            assert not visit.window.overlaps(TRAINING)
    assert {visit.today.weekday() for visit in visits[Cadence.WEEKLY]} == {0}
    assert {visit.window.days for visit in visits[Cadence.WEEKLY]} == {7}
    daily = visits[Cadence.DAILY]
    assert [visit.is_whole for visit in daily] == [False] * 29 + [True] * (len(daily) - 29)
    assert {visit.window.days for visit in daily if visit.is_whole} == {30}


def test_windows_are_joined_where_they_follow_or_overlap():
    first, second, apart = month(1), month(2), month(4)
    assert join_windows([apart, second, first]) == (span(1, 2), apart)
    assert join_windows([span(1, 3), second]) == (span(1, 3),)


@pytest.mark.slow
def test_the_workshop_makes_nothing_twice():
    workshop, lives = Workshop(), [make_life(name) for name in ("nothing", "rule")]
    one, two = (workshop.fit(life, [month(1), month(2)]) for life in lives)
    assert one is two
    assert workshop.fit(lives[0], [span(1, 2)]) is one
    assert workshop.fit(make_life(seed=6), [span(1, 2)]) is not one
    assert workshop.judge(lives[0], one, month(7)) is workshop.judge(lives[1], one, month(7))
    quiet, changed = (workshop.judge(life, one, month(RULE_MONTH)) for life in lives)
    assert quiet is not changed
    assert len(one.rows) == 600


def test_the_oracle_fits_on_all_rows_of_the_present_rule_whoever_applied():
    chosen = {name: find_months(make_life(name), month(18).start) for name in ("nothing", "covariate", "rule", "unit")}
    assert chosen["nothing"] == chosen["covariate"] == tuple(range(8, 18))
    assert chosen["rule"] == (15, 16, 17)
    assert chosen["unit"] == (6, 7, 8, 9, 10, 11, 14, 15, 16, 17)
    assert find_months(make_life("rule"), month(RULE_MONTH).start) == tuple(range(5, 15))


class Knowing:
    """A policy that scores by the lender's own rule, and is told from which look on by the changed one."""

    name = "knowing"

    def __init__(self, learns_at: date | None = None) -> None:
        self._learns_at = learns_at
        self._is_changed = False

    def begin(self, life, training, workshop):
        self._life = life

    def look(self, visit):
        self._is_changed = learns = visit.today == self._learns_at or self._is_changed
        return Look(promoted=learns and visit.today == self._learns_at)

    def score(self, applications):
        return expit(self._life.lender.find_odds(applications, self._is_changed))


def test_the_loss_is_that_of_the_model_in_production_on_each_day():
    life = make_life("rule")
    learns = date(2024, 5, 13)  # a Monday in month 17
    seen, lost = live(life, Knowing(learns), Cadence.WEEKLY, Workshop())
    assert len(seen) == 78
    assert list(lost) == list(range(7, MONTHS + 1))
    assert [lost[number] for number in range(7, 15)] == pytest.approx([0] * 8, abs=1e-6)
    assert lost[15] == pytest.approx(lost[16])
    assert lost[16] > 0.04
    assert lost[17] == pytest.approx(lost[16] * 12 / 31, rel=1e-6)
    assert [lost[number] for number in range(18, 25)] == pytest.approx([0] * 7, abs=1e-6)


def test_days_of_two_months_count_for_each():
    life = make_life()
    policy = Knowing()
    policy.begin(life, TRAINING, Workshop())
    losses = Losses(life, policy)
    losses.spend(date(2023, 7, 20), date(2023, 9, 2))
    losses.spend(date(2023, 9, 3), date(2023, 9, 2))
    assert losses.days == {7: 12, 8: 31, 9: 2}


def see(alarmed: set[int], promoted: tuple[int, ...] = ()) -> list[Seen]:
    """Monthly looks with alarms and promotions in some months."""
    visits = {number_of(visit.window.start): visit for visit in list_visits(Cadence.MONTHLY)}
    return [Seen(visit, Look(number in alarmed, number in promoted)) for number, visit in visits.items()]


def measure(scenario: str, alarmed: set[int], promoted: tuple[int, ...] = ()):
    identity = {"policy": "any", "seed": 1, "cadence": "monthly"}
    lost = {number: number / 1000 for number in range(7, 25)}
    return measure_life(identity, BY_NAME[scenario], see(alarmed, promoted), lost)


def test_alarms_before_a_change_are_false_and_those_after_it_are_counted():
    record = measure("rule", {8, 9, 12, 16, 17, 20}, (16, 20))
    assert record.false_alarms == pytest.approx(3 / (244 / 365.25), abs=1e-3)
    assert (record.alarmed_runs, record.promotions, record.delay_days) == (3, 2, 61)
    assert record.auc_lost == pytest.approx(0.020)
    assert record.promoted == ["2024-05-01", "2024-09-01"]
    quiet = measure("nothing", {8, 9, 12})
    assert (quiet.alarmed_runs, quiet.delay_days, quiet.auc_lost) == (0, None, pytest.approx(0.0155))
    assert quiet.false_alarms == pytest.approx(3 / (550 / 365.25), abs=1e-3)


def test_alarms_of_windows_that_share_days_are_one_until_a_run_is_quiet():
    visits = list_visits(Cadence.DAILY)[40:60]
    alarmed = {3, 4, 5, 7, 8, 15}
    seen = [Seen(visit, Look(place in alarmed)) for place, visit in enumerate(visits)]
    assert count_alarms(seen) == 3
    assert count_alarms(see({8, 9, 12})) == 3


def test_each_change_has_its_own_alarms():
    record = measure("both", {9, 10, 15, 16, 20}, (15,))
    told = [(one.change, one.runs, one.alarmed_runs, one.promotions, one.delay_days) for one in record.changes]
    assert told == [("covariate", 6, 2, 0, 30), ("rule", 10, 3, 1, 31)]
    assert record.alarmed_runs == 3
    assert list(find_scored_months(BY_NAME["both"])) == list(range(16, 25))
    season = measure("season", {10, 22})
    assert (season.alarmed_runs, [one.alarmed_runs for one in season.changes]) == (2, [1, 1])


def test_a_trailing_window_is_held_against_the_champion_that_was_there_before_it():
    workshop, life = Workshop(), make_life()
    first, second = (workshop.fit(life, windows) for windows in ([TRAINING], [TRAINING, month(7)]))
    champions = [Champion(first, month(7).start), Champion(second, month(8).start)]
    assert find_champion(champions, Window(date(2023, 7, 20), date(2023, 8, 18))) is champions[0]
    assert find_champion(champions, month(8)) is champions[1]
    assert find_champion(champions, Window(date(2023, 6, 20), date(2023, 7, 18))) is None
    champions.append(Champion(workshop.fit(life, [TRAINING, span(7, 8)]), month(8).end))
    assert find_champion(champions, Window(month(8).end, month(9).end)) is None


@pytest.mark.slow
def test_the_policy_so_far_never_goes_quiet_after_a_change_of_the_rule():
    """Eight months of a lender of 1,000 applications a month, on either side of the change."""
    life, policy = make_life("rule", seed=2, per_month=1_000), Today()
    policy.begin(life, TRAINING, Workshop())
    looks = [policy.look(Visit(month(number), month(number).end + ONE_DAY)) for number in range(12, 20)]
    assert [look.alarmed for look in looks] == [False] * 3 + [True] * 5
    assert any(look.promoted for look in looks)
    assert "concept" in looks[3].note
    before = policy.score(life.fresh(month(10).start).frame)
    assert before.shape == (20_000,)


def test_slow_policies_live_fewer_lives_each_by_itself():
    whole = Job(LENDER, 7, 300, Cadence.MONTHLY, ("nothing",), ("today", "previous", "oracle", "nannyml"))
    jobs = plan_jobs(whole, Seeds(lives=2, slow=1), processes=2)
    assert [(job.seed, job.policies) for job in jobs] == [
        (7, ("today", "oracle")),
        (8, ("today", "oracle")),
        (7, ("previous",)),
        (7, ("nannyml",)),
    ]
    alone = plan_jobs(whole, Seeds(lives=1, slow=1), processes=2)
    assert [job.policies for job in alone] == [("today",), ("oracle",), ("previous",), ("nannyml",)]


def test_the_share_of_years_with_a_false_alarm_takes_the_length_of_lives_into_account():
    lives = [{"quiet_years": 1.5, "false_alarms": alarms} for alarms in (0, 0, 0, 0.67)]
    assert share_of_years(lives) == pytest.approx(1 - 0.75 ** (1 / 1.5))
    assert share_of_years(lives[:3]) == 0
    assert share_of_years(lives[3:]) == 1


def test_the_table_says_what_the_records_say_and_never_where_no_alarm_came():
    records = [measure("rule", alarmed).as_json() for alarmed in ({15, 16}, {17}, set())]
    records.append(measure("nothing", {8}).as_json())
    told, quiet = as_markdown(records).splitlines()[2:]
    assert told == "| rule | any | 3 | 0.00 | 0.00 | 1.0 (2) | 61.5, never in 1 | 0.0 | 0.0200 |"
    assert quiet == "| nothing | any | 1 | 0.66 | 1.00 | – | – | 0.0 | 0.0155 |"
    assert "| never |" in as_markdown(records[2:3])
    assert "never" not in as_markdown([records[2] | {"policy": "oracle"}])


def run_command(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["benchmarks.life", *arguments])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.slow
def test_the_command_writes_a_record_for_each_life_and_policy(monkeypatch, tmp_path, capsys):
    file = tmp_path / "life.json"
    options = ["--json", str(file), "--scenario", "blip", "--policy", "oracle", "--seeds", "1"]
    assert run_command(monkeypatch, *options, "--per-month", "150", "--processes", "1", "--seed", "3") == 0
    records = json.loads(file.read_text())
    assert [(record["policy"], record["scenario"], record["seed"]) for record in records] == [("oracle", "blip", 3)]
    needed = {"false_alarms", "alarmed_runs", "promotions", "delay_days", "auc_lost"}
    assert all(needed <= set(record) for record in records)
    assert all(0 < record["auc_lost"] < 0.2 for record in records)
    assert as_markdown(records) in capsys.readouterr().out
    assert run_command(monkeypatch, "--markdown", "--json", str(file)) == 0
    assert "| blip | oracle | 1 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scenario", "flood"), "'flood' is not known"),
        (("--policy", "nobody"), "'nobody' is not known"),
        (("--seeds", "0"), "runs nothing"),
        (("--markdown",), "name it with --json"),
        (("--json", "/nowhere/life.json"), "no folder"),
    ],
)
def test_a_mistake_is_told_before_anything_runs(monkeypatch, capsys, arguments, said):
    assert run_command(monkeypatch, *arguments) == 2
    assert said in capsys.readouterr().err
