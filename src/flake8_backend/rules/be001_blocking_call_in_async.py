"""BE001: a blocking call in async code stops every other request of the process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_backend.authoring import (
    ActView,
    Category,
    Diagnostic,
    Example,
    Fix,
    FixContext,
    FunctionView,
    Reach,
    Rule,
    Safety,
    Severity,
    SiteView,
    Span,
)

if TYPE_CHECKING:
    import libcst as cst

RULE = Rule(
    code="BE001",
    name="blocking-call-in-async",
    summary="Blocking call on the event loop.",
    why="""
    An event loop runs one piece of code at a time. While a coroutine waits inside a call that blocks, no other
    request of the process is served, no timeout fires and no heartbeat is sent. The wait belongs in a worker thread
    or in an asynchronous client.
    """,
    mandate="Async all the way: nothing that blocks inside a request handler.",
    category=Category.PERFORMANCE,
    severity=Severity.HIGH,
    fixes=frozenset({Safety.SAFE, Safety.UNSAFE}),
    fix_note="""
    `time.sleep` directly in a coroutine becomes `await asyncio.sleep` (safe where asyncio is known to be the loop).
    Other calls are handed to `asyncio.to_thread`, which is unsafe: the code around them may rely on nothing else
    running in between, or the object may not be shared between threads.
    """,
    examples=(
        Example(
            bad="import asyncio\nimport time\n\n\nasync def retry() -> None:\n    time.sleep(1)\n",
            good="import asyncio\nimport time\n\n\nasync def retry() -> None:\n    await asyncio.sleep(1)\n",
        ),
        Example(
            bad="import requests\n\n\nasync def rates() -> str:\n    return requests.get('https://rates.example.com', timeout=5).text\n",
            good="import httpx\n\n\nasync def rates(client: httpx.AsyncClient) -> str:\n    return (await client.get('https://rates.example.com')).text\n",
        ),
    ),
    false_alarms="""
    A helper that blocks on one branch only is reported for every caller. Work that is short on a local disk is
    reported too, stat-like calls at low severity and once per function.
    """,
    references=("https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",),
    overlap={"ruff": "ASYNC210, ASYNC220, ASYNC221, ASYNC222, ASYNC230, ASYNC240, ASYNC251", "flake8-async": "ASYNC2xx"},
)

_SEVERITIES = (Severity.HIGH, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
_EFFECTS = ("blocks", "cpu/heavy", "blocks/1", "blocks/2")
_METADATA = 3


@RULE.on_function
def check(function: FunctionView) -> Iterator[Diagnostic]:
    if not function.on_event_loop:
        return
    told: set[Span] = set()
    told_metadata = False
    for act in function.acts:
        reach = act.reach(*_EFFECTS, code=RULE.code)
        if reach is None or act.span in told or not _is_worth_telling(act, reach):
            continue
        if function.is_script:
            return
        if reach.gravity == _METADATA:
            if told_metadata:
                continue
            told_metadata = True
        told.add(act.span)
        yield RULE.report(
            act,
            _message(act, reach),
            severity=_SEVERITIES[reach.gravity],
            related=function.related(reach),
            fixes=[_fix(act.site, reach) if act.site is not None else None],
        )


def _is_worth_telling(act: ActView, reach: Reach) -> bool:
    site = act.site
    if site is not None and (site.is_type_checking_only or _is_made_awaitable(site, reach)):
        return False
    if act.function.is_startup and reach.leaf.is_file_work:
        return False
    return not (site is not None and reach.leaf.is_on_handle and not reach.links and site.is_beside_opening)


def _is_made_awaitable(site: SiteView, reach: Reach) -> bool:
    """Awaiting a plain function says that a decorator turned it into another; a library's own function stays plain."""
    if not (site.is_awaited or site.is_awaited_later):
        return False
    return bool(reach.links) or not site.is_called_for_sure


def _message(act: ActView, reach: Reach) -> str:
    if reach.leaf.is_refused:
        return (
            f"`{act.function.name}` runs on the event loop, where {reach.told()} raises SynchronousOnlyOperation:"
            f" {_remedy(reach)}"
        )
    if act.kind == "iterate" and not reach.links:
        return (
            f"`{act.function.name}` blocks the event loop: going through `{reach.leaf.name.removesuffix('.__iter__')}`"
            " reads as it goes: fetch the rows in a worker thread or use an async client"
        )
    return f"`{act.function.name}` blocks the event loop: {reach.told()}: {_remedy(reach)}"


def _remedy(reach: Reach) -> str:
    if not reach.links:
        alternative = reach.leaf.fact.async_alt
        if alternative and "to_thread" not in alternative:
            return f"await `{alternative}` or `asyncio.to_thread(…)`"
        return "await `asyncio.to_thread(…)`"
    return f"await `asyncio.to_thread({reach.links[0].name.rpartition('.')[2]}, …)` or use an async client"


def _fix(site: SiteView, reach: Reach) -> Fix | None:
    if not site.can_be_awaited or not site.function.summary.is_async:
        return None
    if not reach.links and reach.leaf.fact.role == "sleep":
        library = site.function.solution.loop_library
        safety = Safety.SAFE if library is not None and not site.is_in_critical_section else Safety.UNSAFE
        sleep = RULE.step(await_sleep, site, "Call", library=library or "asyncio")
        return RULE.fix(safety, "Await an asynchronous sleep", sleep)
    if reach.leaf.is_lazy or reach.leaf.fact.role == "constructor":
        return None
    return RULE.fix(Safety.UNSAFE, "Run it in a worker thread", RULE.step(await_in_thread, site, "Call"))


@RULE.codemod
def await_sleep(call: cst.Call, fix: FixContext, *, library: str) -> cst.Await:
    module = fix.require_import(library)
    return fix.wrap_await(call.with_changes(func=fix.parse_expression(f"{module}.sleep")))


@RULE.codemod
def await_in_thread(call: cst.Call, fix: FixContext) -> cst.Await:
    module = fix.require_import("asyncio")
    return fix.wrap_await(fix.wrap_call(call, f"{module}.to_thread"))
