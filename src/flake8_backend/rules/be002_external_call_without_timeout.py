"""BE002: an external call without a timeout can hold a worker for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.authoring import (
    Category,
    Diagnostic,
    Example,
    Fix,
    FixContext,
    FunctionView,
    Related,
    Rule,
    Safety,
    Severity,
    SiteView,
    Skipped,
    Wait,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

RULE = Rule(
    code="BE002",
    name="external-call-without-timeout",
    summary="External call has no timeout.",
    why="""
    The client waits for ever by default, so one slow upstream can hold every worker of the service. A bounded wait
    turns an outage elsewhere into an error here, which can be handled. In scripts and commands no worker is held:
    there it is told at low severity, for what a scheduler starts hangs unseen, and the next run behind it.
    """,
    mandate="Every call to another machine has a timeout; nothing waits without end.",
    category=Category.RELIABILITY,
    severity=Severity.HIGH,
    fixes=frozenset({Safety.SAFE, Safety.UNSAFE}),
    fix_note="""
    Adds the timeout argument with `default-timeout` seconds (10 unless configured), or with the module's own constant
    for it. How long to wait is the author's decision, so the fix is unsafe; for HTTP requests it is safe once the
    configuration names a value.
    """,
    examples=(
        Example(
            bad="import requests\n\nrequests.get('https://rates.example.com')\n",
            good="import requests\n\nrequests.get('https://rates.example.com', timeout=10)\n",
            fixed=True,
        ),
    ),
    false_alarms="""
    A limit that is set where this tool does not look, such as a proxy object around the client or a connection string
    from the environment, is not seen. In a script that a person starts and watches, waiting may be what is wanted.
    """,
    references=("CWE-400", "OWASP API4:2023"),
    overlap={"ruff": "S113", "bandit": "B113", "pylint": "W3101"},
)


@RULE.on_function
def check(function: FunctionView) -> Iterator[Diagnostic]:
    """Calls that wait for ever."""
    for site, wait in function.waits:
        severity = Severity.LOW if site.is_in_script else None
        if wait.handler is None:
            message = f"`{wait.target}` waits for ever: {_remedy(wait)}"
            yield RULE.report(site, message, severity=severity, fixes=[_fix(site, wait)])
            continue
        handler = function.other(wait.handler)
        message = f"`{wait.target}` waits for ever while `{handler.name}` serves a request: {_remedy(wait)}"
        served = [Related(handler.module.path, handler.span, f"`{handler.name}` serves the request")]
        yield RULE.report(
            site, message, related=served if handler.node != function.node else [], fixes=[_fix(site, wait)]
        )


def _remedy(wait: Wait) -> str:
    if wait.is_guard:
        return f"put it under `{wait.parameter}`"
    if wait.passed:
        return f"what is passed for `{wait.parameter}=` sets no limit"
    return f"pass `{wait.parameter}=`"


def _fix(site: SiteView, wait: Wait) -> Fix | None:
    if wait.is_guard:
        step = RULE.step(guarded_wait, site, "Call", seconds=_number(site.function.options.default_timeout))
        return RULE.fix(Safety.UNSAFE, "Wait for it with a limit", step) if site.is_awaited else None
    if not wait.written:
        return None
    options = site.function.options
    is_safe = options.timeout_is_explicit and wait.role == "http-request" and not wait.passed
    constant = None if options.timeout_is_explicit else site.function.timeout_constant
    seconds = constant or _number(options.default_timeout)
    if wait.unit == "ms":
        seconds = f"{seconds} * 1000" if constant else _number(options.default_timeout * 1000)
    value = wait.written.replace("<seconds>", seconds)
    step = RULE.step(bounded_wait, site, "Call", parameter=wait.parameter, position=wait.position, value=value)
    return RULE.fix(Safety.SAFE if is_safe else Safety.UNSAFE, f"Set `{wait.parameter}=`", step)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


@RULE.codemod
def bounded_wait(
    call: cst.Call, fix: FixContext, *, parameter: str, position: int | None, value: str
) -> cst.Call | Skipped:
    """``get(url)`` becomes ``get(url, timeout=10)``."""
    module = value.partition("(")[0].rpartition(".")[0] if "(" in value else ""
    if module:
        value = fix.require_import(module) + value.removeprefix(module)
    if position is not None:
        if any(arg.star for arg in call.args[: position + 1]):
            return fix.skip("which argument is the timeout depends on what is unpacked before it")
        return call.with_deep_changes(call.args[position], value=fix.value(value))
    if fix.argument(call, parameter) is not None:
        return fix.replace_keyword(call, parameter, value)
    return fix.with_keyword(call, parameter, value)


@RULE.codemod
def guarded_wait(call: cst.Call, fix: FixContext, *, seconds: str) -> cst.BaseExpression:
    """``await connect()`` becomes ``await asyncio.wait_for(connect(), timeout=10)``."""
    module = fix.require_import("asyncio")
    return fix.parse_expression(f"{module}.wait_for({fix.code_of(call)}, timeout={seconds})")
