"""Curves: smoothing against its definition, thinning that keeps what can be seen, the crosshair."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from gui.context import AppContext
from gui.widgets.chart import Chart, ChartLine
from gui.widgets.chart_math import (
    LEAST_AMOUNT,
    Smoother,
    even_ticks,
    finite,
    log_ticks,
    nearest,
    smoothed,
    thinned,
)

values = st.lists(st.floats(-100, 100), min_size=0, max_size=300)
amounts = st.floats(0.0, 0.999)


def by_definition(x: list[float], amount: float) -> list[float]:
    told, average = [], 0.0
    for t, value in enumerate(x, 1):
        average = amount * average + (1 - amount) * value
        told.append(average / (1 - amount**t))
    return told


@given(values, amounts)
def test_smoothing_is_the_average_it_says(x: list[float], amount: float) -> None:
    told = smoothed(np.array(x, np.float64), amount).tolist()
    assert told == pytest.approx(
        by_definition(x, amount) if amount >= LEAST_AMOUNT else x, abs=1e-6
    )


@given(values, amounts, st.lists(st.integers(0, 300), max_size=4))
def test_a_curve_that_grows_is_smoothed_the_same(
    x: list[float], amount: float, cuts: list[int]
) -> None:
    whole, smoother = np.array(x, np.float64), Smoother()
    for cut in sorted(min(cut, len(x)) for cut in cuts):
        smoother.of(whole[:cut], amount)
    assert smoother.of(whole, amount).tolist() == pytest.approx(
        smoothed(whole, amount).tolist(), abs=1e-9
    )


def test_a_curve_that_became_another_is_smoothed_anew() -> None:
    smoother, first = Smoother(), np.array([4.0, 3.0, 2.0, 1.0])
    smoother.of(first, 0.9)
    other = np.array([4.0, 3.0, 9.0])
    assert smoother.of(other, 0.9).tolist() == smoothed(other, 0.9).tolist()
    assert smoother.of(other, 0.5).tolist() == smoothed(other, 0.5).tolist()


def test_a_long_curve_does_not_overflow() -> None:
    told = smoothed(np.full(100_000, 2.0), 0.5)
    assert np.allclose(told, 2.0)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=2_000), st.integers(4, 200))
@settings(max_examples=60)
def test_thinning_keeps_ends_and_extremes(y: list[float], most: int) -> None:
    x, all_y = np.arange(len(y), dtype=np.float64), np.array(y)
    kept_x, kept_y = thinned(x, all_y, most)
    assert (kept_x[0], kept_x[-1]) == (x[0], x[-1])
    assert kept_y.min() == all_y.min() and kept_y.max() == all_y.max()
    assert np.all(np.diff(kept_x) > 0) and len(kept_x) <= max(most, 4) * 2 + 2
    assert np.array_equal(all_y[kept_x.astype(int)], kept_y)


def test_points_that_cannot_be_drawn_are_bridged() -> None:
    x, y = finite(np.arange(4.0), np.array([1.0, np.nan, np.inf, 2.0]))
    assert (x.tolist(), y.tolist()) == ([0.0, 3.0], [1.0, 2.0])


def test_the_nearest_point_is_found() -> None:
    x = np.array([1.0, 2.0, 5.0])
    assert [nearest(x, at) for at in (0.0, 1.4, 1.6, 3.4, 3.6, 9.0)] == [0, 0, 1, 1, 2, 2]
    assert nearest(np.zeros(0), 1.0) == -1


def test_ticks_are_round_and_few() -> None:
    assert even_ticks(0.0, 180.0) == [0.0, 50.0, 100.0, 150.0]
    assert even_ticks(0.0, 5.2, 6) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert [round(10**one, 3) for one in log_ticks(-1.0, 1.0)] == [0.1, 0.2, 0.5, 1, 2, 5, 10]


@pytest.fixture
def chart(qtbot: QtBot, context: AppContext) -> Chart:
    chart = Chart(context.theme, "Loss", lambda value: f"{value:.2f}", 200)
    qtbot.addWidget(chart)
    chart.resize(500, 200)
    chart.show()
    return chart


def test_values_under_the_crosshair_are_told(chart: Chart) -> None:
    steps = np.arange(1.0, 101.0)
    faint = ChartLine("raw", steps, steps * 2, is_faint=True)
    chart.set_lines(
        [faint, ChartLine("train", steps, steps), ChartLine("few", steps[::50], steps[::50])]
    )
    chart.choose(30.0)
    assert chart.readout.text() == "step 30 · train 30.00 · few 51.00"
    assert chart.accessibleDescription() == chart.readout.text()
    chart.choose(math.nan)
    assert chart.readout.isHidden()
    assert chart.accessibleDescription().startswith("step 100 · train 100.00")


def test_a_logarithmic_axis_leaves_out_what_has_no_place(chart: Chart) -> None:
    chart.set_lines([ChartLine("a", np.arange(3.0), np.array([0.0, 1.0, 10.0]))])
    chart.set_log(True)
    assert chart._curves[0].getData()[1].tolist() == [0.0, 1.0]


def test_the_mark_and_nothing_at_all_are_described(chart: Chart) -> None:
    assert chart.accessibleDescription() == "nothing yet"
    chart.set_lines([ChartLine("a", np.array([5.0]), np.array([1.0]))])
    chart.set_mark(5.0, "best: step 5")
    assert chart.accessibleDescription() == "step 5 · a 1.00 · best: step 5"


def test_colours_follow_the_theme(chart: Chart, context: AppContext) -> None:
    chart.set_lines([ChartLine("a", np.arange(3.0), np.arange(3.0))])
    for mode in ("light", "dark"):
        context.theme.set_mode(mode)
        colour = chart._curves[0].opts["pen"].color().name().upper()
        assert colour == context.theme.palette.series[0]
