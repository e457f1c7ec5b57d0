"""How effects travel: what is accepted for one rule, what hangs on a flag, where a chain leads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from flake8_backend.project.views.view import FunctionView
from tests.project.solving import solve

if TYPE_CHECKING:
    from flake8_backend.project.calls.effects import Way
    from flake8_backend.project.solution import Solution


def way(solution: Solution, function: str, *, code: str = "", effect: str = "blocks") -> Way | None:
    """How the first act of a function of ``app`` has an effect."""
    module = solution.table.by_name["app"]
    index = next(i for i, each in enumerate(module.summary.functions) if each.name == function)
    acts = FunctionView(solution, module, index).acts
    found = [solution.effects.way(act.act, (effect,), code) for act in acts]
    return next((each for each in found if each is not None), None)


def names(found: Way | None) -> list[str]:
    return [] if found is None else [*(link.name for link in found.links), found.leaf.name]


ACCEPTED = """
import time

def nap():
    time.sleep(1)

def rest():
    nap()

def go():
    rest()
"""


@pytest.mark.parametrize(
    ("line", "codes", "silent", "told"),
    [
        (5, ["BE001"], "BE001", "BE005"),
        (5, ["BE0"], "BE005", "BE101"),
        (8, ["BE001"], "BE001", "BE209"),
        (5, [""], "BE001", None),
    ],
)
def test_an_accepted_place_stops_an_effect_for_its_codes(
    line: int, codes: list[str], silent: str, told: str | None
) -> None:
    solution = solve({"app": ACCEPTED})
    module = solution.table.by_name["app"]
    module.summary = replace(module.summary, accepted=[[line, codes]])
    assert names(way(solution, "go", code=silent)) == []
    if told is not None:
        assert names(way(solution, "go", code=told)) == ["rest", "nap", "time.sleep"]


def test_codes_accepted_on_the_way_add_up() -> None:
    solution = solve({"app": ACCEPTED})
    module = solution.table.by_name["app"]
    module.summary = replace(module.summary, accepted=[[5, ["BE001"]], [8, ["BE005"]]])
    assert [names(way(solution, "go", code=code)) == [] for code in ("BE001", "BE005", "BE101")] == [True, True, False]


FLAGS = """
import time

def wait(*, quick=False, times: int = 1):
    if not quick:
        time.sleep(times)

class Waiter:
    def wait(self, quick=True):
        if quick:
            return
        else:
            time.sleep(1)

def through(quick, times):
    wait(quick=quick, times=times)

def slow():
    wait()

def fast():
    wait(quick=True)

def slow_through():
    through(False, 1)

def fast_through():
    through(True, 1)

def unknown(options):
    wait(**options)

def by_position(waiter: Waiter):
    waiter.wait(False)

def by_default(waiter: Waiter):
    waiter.wait()
"""


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("slow", True),
        ("fast", False),
        ("slow_through", True),
        ("fast_through", False),
        ("unknown", True),
        ("by_position", True),
        ("by_default", False),
    ],
)
def test_a_flag_of_the_call_decides(function: str, *, expected: bool) -> None:
    assert (way(solve({"app": FLAGS}), function) is not None) is expected


def test_generators_work_where_they_are_gone_through() -> None:
    text = """
    import time

    def ticks():
        while True:
            time.sleep(1)
            yield 1

    def made():
        return ticks()

    def counted():
        for number, tick in enumerate(ticks()):
            print(number, tick)

    def passed_on():
        yield from ticks()

    def listed():
        list(passed_on())
    """
    solution = solve({"app": text})
    assert names(way(solution, "made")) == []
    assert names(way(solution, "counted")) == ["ticks", "time.sleep"]
    assert names(way(solution, "listed")) == ["passed_on", "ticks", "time.sleep"]


def test_every_object_it_may_be_has_to_block() -> None:
    text = """
    import time

    class Slow:
        def go(self):
            time.sleep(1)

    class Quick:
        def go(self):
            return 1

    def either(flag):
        worker = Slow() if flag else Quick()
        worker.go()

    def slow(flag):
        worker = Slow() if flag else Slow()
        worker.go()
    """
    solution = solve({"app": text})
    assert names(way(solution, "either")) == []
    assert names(way(solution, "slow")) == ["Slow.go", "time.sleep"]


def test_the_way_without_an_exception_is_told() -> None:
    text = """
    import time
    import subprocess

    def deeper():
        subprocess.run(["true"])

    def go():
        try:
            deeper()
        except OSError:
            time.sleep(1)

    def start():
        go()
    """
    assert names(way(solve({"app": text}), "start")) == ["go", "deeper", "subprocess.run"]
