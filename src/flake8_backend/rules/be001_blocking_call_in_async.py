"""BE001: a blocking call in async code stops every other request of the process."""

from __future__ import annotations

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
    Skipped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    `time.sleep` directly in a coroutine becomes `await asyncio.sleep` (safe where the loop's library is known).
    What has an asynchronous twin of its own, as Django's querysets have, is replaced by it; a loop started inside
    the running one becomes `await`. Other calls are handed to `asyncio.to_thread`, which is unsafe: the code around
    them may rely on nothing else running in between, or the object may not be shared between threads.
    """,
    examples=(
        Example(
            bad="import asyncio\nimport time\n\n\nasync def retry() -> None:\n    time.sleep(1)\n",
            good="import asyncio\nimport time\n\n\nasync def retry() -> None:\n    await asyncio.sleep(1)\n",
            fixed=True,
        ),
        Example(
            bad=(
                "import requests\n\n\n"
                "async def rates() -> str:\n"
                "    return requests.get('https://rates.example.com', timeout=5).text\n"
            ),
            good=(
                "import httpx\n\n\n"
                "async def rates(client: httpx.AsyncClient) -> str:\n"
                "    return (await client.get('https://rates.example.com')).text\n"
            ),
        ),
    ),
    false_alarms="""
    A helper that blocks on one branch only is reported for every caller, unless the branch hangs on a flag that the
    call rules out, fills something once, or looks whether a loop is running. Work that is short on a local disk is
    reported too: entries of folders at medium severity, stat-like calls at low severity and once per function. A
    `# noqa: BE001` where the helper blocks accepts it for all callers.
    """,
    references=("https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",),
    overlap={
        "ruff": "ASYNC210, ASYNC220, ASYNC221, ASYNC222, ASYNC230, ASYNC240, ASYNC251",
        "flake8-async": "ASYNC2xx",
    },
)

_SEVERITIES = (Severity.HIGH, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
_EFFECTS = ("blocks", "cpu/heavy", "blocks/1", "blocks/2")
_METADATA = 3


@RULE.on_function
def check(function: FunctionView) -> Iterator[Diagnostic]:
    if not function.on_event_loop:
        return
    told: set[tuple[int, int]] = set()
    told_metadata = False
    reads = {act.span[:2] for act in function.acts if act.kind == "read" and act.reach(*_EFFECTS, code=RULE.code)}
    for act in function.acts:
        reach = act.reach(*_EFFECTS, code=RULE.code)
        if reach is None or not _is_worth_telling(act, reach):
            continue
        if act.kind != "call" and act.span[:2] in told:  # the call that begins with it was told
            continue
        if function.is_script:
            return
        if reach.gravity == _METADATA:
            if told_metadata:
                continue
            told_metadata = True
        told.add(act.span[:2])
        yield RULE.report(
            act,
            _message(act, reach),
            severity=_SEVERITIES[reach.gravity],
            related=function.related(reach),
            fixes=[_fix(act.site, reach, whole=act.span[:2] in reads) if act.site is not None else None],
        )


def _is_worth_telling(act: ActView, reach: Reach) -> bool:
    site = act.site
    if site is not None and (site.is_type_checking_only or _is_made_awaitable(site, reach)):
        return False
    if reach.leaf.is_file_work and (act.function.is_startup or act.is_rare):
        return False  # once, and nobody else waits yet
    is_told_before = reach.leaf.is_on_handle or reach.leaf.is_free_when_new
    return not (is_told_before and not reach.links and act.is_beside_opening)


def _is_made_awaitable(site: SiteView, reach: Reach) -> bool:
    """Awaiting a plain function says that a decorator turned it into another; a library's own function stays plain."""
    if not (site.is_awaited or site.is_awaited_later):
        return False
    return bool(reach.links) or not site.is_called_for_sure


# --- what is told ---------------------------------------------------------------------------------------------------


def _message(act: ActView, reach: Reach) -> str:
    leaf = reach.leaf
    if leaf.refusal:
        problem = f"runs on the event loop, where {reach.told()} raises {leaf.refusal}"
    elif act.kind == "iterate" and not reach.links:
        problem = f"blocks the event loop: going through `{leaf.name.removesuffix('.__iter__')}` reads as it goes"
    else:
        problem = f"blocks the event loop: {reach.told()}"
    return f"`{act.function.name}` {problem}: {act.off_the_loop(reach)}"


# --- what is repaired -----------------------------------------------------------------------------------------------


def _fix(site: SiteView, reach: Reach, *, whole: bool) -> Fix | None:
    """``whole``: what stands before the dot blocks as well, so that it has to go into the thread, too."""
    fact = reach.leaf.fact
    if not site.can_be_awaited or not site.function.summary.is_async or site.is_awaited:
        return None
    if fact.role == "loop-run":
        if reach.links:
            return None
        return RULE.fix(Safety.UNSAFE, "Await the coroutine itself", RULE.step(await_coroutine, site, "Call"))
    if fact.role == "sleep" and not reach.links:
        return _sleep_fix(site)
    if reach.leaf.offloader:
        return _twin_fix(site, reach)
    if (reach.leaf.is_lazy or fact.thread_bound) and not reach.links:
        return None
    module, function, keywords = site.function.solution.thread_runner
    codemod = await_whole_in_thread if whole or (not keywords and site.keywords) else await_in_thread
    step = RULE.step(codemod, site, "Call", module=module, function=function)
    return RULE.fix(Safety.UNSAFE, "Run it in a worker thread", step)


def _twin_fix(site: SiteView, reach: Reach) -> Fix:
    owner, _, name = (reach.leaf.fact.async_alt or "").rpartition(".")
    if owner == reach.leaf.name.rpartition(".")[0] and not reach.links:
        twin = RULE.step(await_twin, site, "Call", name=name, module="" if site.is_method_call else owner)
        return RULE.fix(Safety.UNSAFE, f"Await `{name}`", twin)
    made = RULE.step(await_made_coroutine, site, "Call", maker=reach.leaf.offloader)
    return RULE.fix(Safety.UNSAFE, "Run it in a worker thread", made)


def _sleep_fix(site: SiteView) -> Fix:
    library = site.function.solution.loop_library
    safety = Safety.SAFE if library is not None and not site.is_in_critical_section else Safety.UNSAFE
    step = RULE.step(await_sleep, site, "Call", library=library or "asyncio")
    return RULE.fix(safety, "Await an asynchronous sleep", step)


@RULE.codemod
def await_sleep(call: cst.Call, fix: FixContext, *, library: str) -> cst.Await:
    module = fix.require_import(library)
    return fix.wrap_await(call.with_changes(func=fix.parse_expression(f"{module}.sleep")))


@RULE.codemod
def await_in_thread(call: cst.Call, fix: FixContext, *, module: str, function: str) -> cst.Await:
    return fix.wrap_await(fix.wrap_call(call, f"{fix.require_import(module)}.{function}"))


@RULE.codemod
def await_whole_in_thread(call: cst.Call, fix: FixContext, *, module: str, function: str) -> cst.Await | Skipped:
    """``self.orders.add(order)`` where reading ``orders`` blocks, or where the thread's runner takes no keywords."""
    if "await " in fix.code_of(call):
        return fix.skip("an argument is awaited, which a lambda cannot do")
    work = fix.libcst.Arg(fix.parse_expression(f"lambda: {fix.code_of(call)}"))
    runner = fix.parse_expression(f"{fix.require_import(module)}.{function}")
    return fix.wrap_await(fix.libcst.Call(runner, [work]))


@RULE.codemod
def await_twin(call: cst.Call, fix: FixContext, *, name: str, module: str) -> cst.Await | Skipped:
    if module:
        return fix.wrap_await(call.with_changes(func=fix.parse_expression(fix.require_import(module, name))))
    if not isinstance(call.func, fix.libcst.Attribute):
        return fix.skip("the method is not called on its object")
    return fix.wrap_await(call.with_changes(func=call.func.with_changes(attr=fix.libcst.Name(name))))


@RULE.codemod
def await_made_coroutine(call: cst.Call, fix: FixContext, *, maker: str) -> cst.Await:
    module, _, name = maker.rpartition(".")
    wrapped = fix.parse_expression(f"{fix.require_import(module, name)}({fix.code_of(call.func)})")
    return fix.wrap_await(call.with_changes(func=wrapped))


@RULE.codemod
def await_coroutine(call: cst.Call, fix: FixContext) -> cst.Await | Skipped:
    """``asyncio.run(send())`` and ``async_to_sync(send)()`` both become ``await send()``."""
    made_of = call.func if isinstance(call.func, fix.libcst.Call) else call
    first = made_of.args[0].value if made_of.args and not made_of.args[0].star else None
    if made_of is not call and first is not None and len(made_of.args) == 1:
        return fix.wrap_await(call.with_changes(func=first))
    if made_of is call and isinstance(first, fix.libcst.Call):
        return fix.wrap_await(first)
    return fix.skip("the coroutine is made elsewhere")
