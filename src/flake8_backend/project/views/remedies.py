"""What messages advise: how work is taken off the event loop, in the words of the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_backend.project.views.siteview import ActView, Reach

_REMOTE = frozenset({"net", "db", "db-read", "db-write"})
_RUNS_LOOP = "loop-run"


def off_the_loop(act: ActView, reach: Reach) -> str:
    """How the work that an act reaches is done without stopping the loop it runs on."""
    fact = reach.leaf.fact
    alternative = fact.async_alt or ""
    if fact.role == _RUNS_LOOP:
        return f"await what `{reach.links[-1].name}` runs" if reach.links else "await the coroutine itself"
    if act.kind == "iterate":
        return "use `async for`" if alternative == "async for" else "go through it in a worker thread"
    if act.kind == "enter":
        return "use an asynchronous context manager, or run the block in a worker thread"
    if act.kind == "read":
        return "read it in a worker thread"
    wait = "await" if act.function.summary.is_async else "make it `async def` and await"
    thread = _in_thread(act, reach)
    if reach.links:
        is_local = reach.leaf.offloader or fact.effects.isdisjoint(_REMOTE)
        return f"{wait} `{thread}`" + ("" if is_local else " or use an async client")
    if "." not in alternative or "to_thread" in alternative:
        return f"{wait} `{thread}`"
    return f"{wait} `{alternative}`" + ("" if reach.leaf.offloader else f" or `{thread}`")


def _in_thread(act: ActView, reach: Reach) -> str:
    """The call that hands the work to a thread, its arguments left out."""
    name = act.site.called if act.site is not None and reach.links else ""
    if reach.leaf.offloader:
        return f"{reach.leaf.offloader.rpartition('.')[2]}({name or '…'})(…)"
    module, function, _ = act.function.solution.thread_runner
    return f"{module}.{function}({name + ', ' if name else ''}…)"
