"""BE002: an external call without a timeout can hold a worker for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_backend.authoring import (
    Category,
    Diagnostic,
    Example,
    Fix,
    FixContext,
    FunctionView,
    Rule,
    Safety,
    Severity,
    SiteView,
    Wait,
    waits,
)

if TYPE_CHECKING:
    import libcst as cst

RULE = Rule(
    code="BE002",
    name="external-call-without-timeout",
    summary="External call has no timeout.",
    why="""
    The client waits for ever by default, so one slow upstream can hold every worker of the service. A bounded wait
    turns an outage elsewhere into an error here, which can be handled.
    """,
    mandate="Every call to another machine has a timeout; nothing waits without end.",
    category=Category.RELIABILITY,
    severity=Severity.HIGH,
    fixes=frozenset({Safety.SAFE, Safety.UNSAFE}),
    fix_note="""
    Adds the timeout argument with `default-timeout` seconds (10 unless configured). How long to wait is the author's
    decision, so the fix is unsafe; for HTTP requests it is safe once the configuration names a value.
    """,
    examples=(
        Example(
            bad="import requests\n\nrequests.get('https://rates.example.com')\n",
            good="import requests\n\nrequests.get('https://rates.example.com', timeout=10)\n",
            fixed=True,
        ),
    ),
    false_alarms="""
    A limit that is set where this tool does not look, such as a proxy object around the client, is not seen.
    """,
    references=("CWE-400", "OWASP API4:2023"),
    overlap={"ruff": "S113", "bandit": "B113", "pylint": "W3101"},
)


@RULE.on_function
def check(function: FunctionView) -> Iterator[Diagnostic]:
    for site in function.sites:
        wait = waits.endless_wait(site)
        if wait is None or not _matters(site, wait) or waits.is_guarded(site) or waits.bounds_itself(site):
            continue
        passed = f": `{wait.parameter}=None` removes the limit" if wait.explicit else f": pass `{wait.parameter}=`"
        yield RULE.report(site, f"`{wait.target}` waits for ever{passed}", fixes=[_fix(site, wait)])


def _matters(site: SiteView, wait: Wait) -> bool:
    return wait.role in waits.REMOTE or (wait.role in waits.LOCAL and site.function.handler is not None)


def _fix(site: SiteView, wait: Wait) -> Fix | None:
    options = site.function.options
    is_safe = options.timeout_is_explicit and wait.role == "http-request" and not wait.explicit
    step = RULE.step(bound_wait, site, "Call", parameter=wait.parameter, seconds=options.default_timeout)
    return RULE.fix(Safety.SAFE if is_safe else Safety.UNSAFE, f"Add `{wait.parameter}=`", step)


@RULE.codemod
def bound_wait(call: cst.Call, fix: FixContext, *, parameter: str, seconds: float) -> cst.Call:
    code = str(int(seconds)) if seconds == int(seconds) else str(seconds)
    value = fix.parse_expression(code)
    if fix.argument(call, parameter) is not None:
        return fix.replace_keyword(call, parameter, value)
    return fix.with_keyword(call, parameter, value)
