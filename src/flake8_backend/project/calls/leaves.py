"""Acts of a function and what they may run: calls of libraries with their facts, other functions of the project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.core.diagnostic import Span
    from flake8_backend.knowledge.facts import CallFact

BLOCKS = "blocks"
CALL, READ, ITERATE, ENTER = "call", "read", "iterate", "enter"
Node = tuple[str, int]
_GRAVITY = {"file-meta": 2, "tls-context": 2, "file-entry": 1, "file-list": 1, "stdout": 9, "log": 9}
_FILE_EFFECTS = frozenset({"fs-read", "fs-write"})
_OFFLOADERS = {"SynchronousOnlyOperation": "asgiref.sync.sync_to_async"}  # what runs the work that raises it
_HEAVY = frozenset({"password-hash", "key-generate", "cpu"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """A library call with an effect: its fact and the name it is known by."""

    name: str
    fact: CallFact
    decided: frozenset[str] = frozenset()  # effects that its arguments decide

    def effects(self) -> Iterator[str]:
        """The effects by which this leaf is looked for; blocking is graded ``blocks``, ``blocks/1``, ``blocks/2``."""
        for effect in self.fact.effects:
            if effect == BLOCKS and self.fact.role in _GRAVITY:
                yield f"{BLOCKS}/{_GRAVITY[self.fact.role]}"
            else:
                yield effect
        if "cpu" in self.fact.effects and self.fact.role in _HEAVY:
            yield "cpu/heavy"
        yield from sorted(self.decided - self.fact.effects)

    @property
    def is_file_work(self) -> bool:
        """Whether it touches files and nothing else that is slow."""
        return bool(self.fact.effects & _FILE_EFFECTS) and "net" not in self.fact.effects

    @property
    def is_on_handle(self) -> bool:
        """Whether it works on a file that was opened before."""
        return self.fact.role in ("file-read", "file-write") and self.name.startswith(("io.", "tempfile._"))

    @property
    def is_free_when_new(self) -> bool:
        """Whether nobody can hold what it waits for as long as only this function knows the object: a lock."""
        return self.fact.role == "lock"

    @property
    def is_lazy(self) -> bool:
        """Whether the work is done while the result is gone through, not in the call."""
        return self.fact.role == "file-list" or self.name.endswith("__iter__")

    @property
    def refusal(self) -> str:
        """The exception that the library raises instead of blocking while an event loop runs in the thread, if any."""
        how, _, exception = (self.fact.in_event_loop or "").partition(" ")
        return exception if how == "raises" else ""

    @property
    def offloader(self) -> str:
        """The function that makes a coroutine function of it, where the library that refuses has one."""
        return _OFFLOADERS.get(self.refusal, "")


@dataclass(frozen=True, slots=True)
class Edge:
    """A function whose body runs within an act; ``offloaded``: in another thread; ``pending``: when it is awaited.

    ``shift`` is the number of parameters that the receiver fills before the arguments of the act's call, None when
    these are not what the function is given.
    """

    target: Node
    offloaded: bool = False
    pending: bool = False
    shift: int | None = None


Doing = tuple["Leaf | Edge", ...]  # what one possible callee does


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a function's own body does at a place: one of ``options``, depending on what objects it meets.

    ``site`` is the index of the call, -1 for other kinds; ``call`` is the term of the call that gives the arguments.
    ``is_rare``: for the first caller alone, or never. ``accepted`` are the code prefixes of a noqa comment there.
    ``flags``: done only where these parameters of the owner, by position, are true or false. ``is_fallback``: done when
    something was raised.
    """

    owner: Node
    kind: str
    span: Span
    block: int
    site: int
    options: tuple[Doing, ...]
    call: int = 0
    is_rare: bool = False
    accepted: tuple[str, ...] = ()
    flags: tuple[tuple[int, bool], ...] = ()
    is_fallback: bool = False
