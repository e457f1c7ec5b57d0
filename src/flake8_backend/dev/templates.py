"""What a new rule starts from: a small rule that works, about calls that sleep, to be rewritten."""

RULE = '''"""@CODE@: a call that sleeps holds its worker for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_backend.authoring import Category, Diagnostic, Example, FunctionView, Rule, Severity

RULE = Rule(
    code="@CODE@",
    name="@NAME@",
    summary="Call sleeps.",
    why="""
    A worker that sleeps serves nobody. Waiting for the event itself is quicker and costs nothing.
    """,
    mandate="Never wait by the clock for what can tell that it has happened.",
    category=Category.PERFORMANCE,
    severity=Severity.MEDIUM,
    examples=(
        Example(
            bad="import time\\n\\n\\ndef settle():\\n    time.sleep(1)\\n",
            good="import threading\\n\\n\\ndef settle(done: threading.Event):\\n    done.wait(1)\\n",
        ),
    ),
)


@RULE.on_function
def check(function: FunctionView) -> Iterator[Diagnostic]:
    """Calls that sleep, directly or through functions of the project."""
    for site in function.sites:
        reach = site.reach("sleep")
        if reach is not None:
            message = f"{reach.told()} sleeps: wait for the event itself"
            yield RULE.report(site, message, related=function.related(reach))
'''

BAD = '''"""Calls that sleep."""

import time


def settle():
    time.sleep(1)  # @CODE@: `time.sleep`


def deploy():
    settle()  # @CODE@
'''

GOOD = '''"""Calls that look as if they slept."""

import time


def started():
    return time.monotonic()  # guard: monotonic() -> sleep(1)


def nap(time):  # some other object of this name
    time.sleep(1)
'''

FRAGMENT = """@CODE@ (@NAME@) reports calls that sleep.
"""
