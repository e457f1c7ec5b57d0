"""Scopes of a module while it is visited: frames, the blocks inside them, and the bindings of names.

A *frame* is a namespace with code: the module, a class body, a function, a lambda. A *block* is a piece of a frame that
runs under one condition: a branch, a loop body, a ``with`` body, a comprehension. A definition *dominates* a use when
its block is the use's block or one around it.
"""

from __future__ import annotations

import ast  # noqa: TC003 - this module has a TYPE_CHECKING of its own
from dataclasses import dataclass, field

BODY = "body"
IF = "if"
ELSE = "else"
FOR = "for"
ASYNC_FOR = "async for"
WHILE = "while"
COMPREHENSION = "comprehension"
WITH = "with"
ASYNC_WITH = "async with"
TRY = "try"
EXCEPT = "except"
FINALLY = "finally"
CASE = "case"
TYPE_CHECKING = "type checking"
ONCE = "once"
MEMO = "memo"
MAIN = "main"
OFF = "off"
NAMED = "named"  # a branch of a loop for the one item that it names
FALLS_THROUGH, CONTINUES, BREAKS, LEAVES = range(4)
LOOPS = frozenset({FOR, ASYNC_FOR, WHILE, COMPREHENSION})


@dataclass(slots=True)
class Binding:
    """One place that gives a name its value. ``how`` tells what ``value`` means for the name."""

    how: str
    value: ast.AST | None
    block: int
    order: int
    detail: object = None


@dataclass(slots=True)
class Block:
    """A piece of a frame; ``region`` is the block whose definitions count as this block's own."""

    kind: str
    parent: int
    region: int
    nodes: tuple[ast.AST, ...] = ()
    names: dict[str, Binding] | None = None
    order: int = 0
    exits: int = 0  # how it ends: one of the constants below


@dataclass(slots=True)
class CallRecord:
    """A call met in the visit. ``outer`` is the index of the call that takes it directly as an argument, or -1."""

    node: ast.Call
    block: int
    order: int
    awaited: bool
    outer: int


@dataclass(slots=True)
class Frame:
    """One namespace with code, as the visit fills it."""

    kind: str
    node: ast.AST
    name: str
    qualname: str
    parent: Frame | None
    index: int
    class_index: int = -1
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    calls: list[CallRecord] = field(default_factory=list)
    reads: list[tuple[ast.Attribute, int, int]] = field(default_factory=list)
    loads: list[tuple[ast.Attribute, int, int]] = field(default_factory=list)
    stored: set[str] = field(default_factory=set)  # names of what items are assigned to: `found[key] = …`
    awaits: list[tuple[ast.Name, int, int]] = field(default_factory=list)
    iterations: list[tuple[ast.expr, int, int, bool]] = field(default_factory=list)
    returns: list[tuple[ast.expr, int, int]] = field(default_factory=list)
    yields: list[tuple[ast.expr, int, int]] = field(default_factory=list)
    is_generator: bool = False
    is_async: bool = False
    parameters: list[ast.arg] = field(default_factory=list)
    global_names: set[str] = field(default_factory=set)
    nonlocal_names: set[str] = field(default_factory=set)
    self_reads: dict[str, int] = field(default_factory=dict)  # the block of all reads of a name, 0 for several
    self_name: str | None = None
    row_names: set[str] = field(default_factory=set)
    allowed: list[tuple[str, int, int, ast.Call | None]] = field(default_factory=list)
    grown: dict[str, list[tuple[ast.Call, int, int]]] = field(default_factory=dict)
    stores: dict[str, list[tuple[ast.expr | None, ast.AST | None, int, int]]] = field(default_factory=dict)
    decorated_in: tuple[int, int] = (0, 0)

    def bind(self, name: str, binding: Binding) -> None:
        """Add a binding of ``name``, in visiting order."""
        found = self.bindings.get(name)
        if found is None:
            self.bindings[name] = [binding]
        else:
            found.append(binding)

    def dominates(self, definition: int, use: int) -> bool:
        """Whether code in block ``use`` runs only after code before it in block ``definition``."""
        blocks = self.blocks
        wanted = blocks[definition].region
        current = use
        while current >= 0:
            if blocks[current].region == wanted:
                return True
            current = blocks[current].parent
        return False

    def loop_around(self, block: int) -> int:
        """The innermost loop block at or around ``block``, or -1."""
        blocks = self.blocks
        while block >= 0 and blocks[block].kind not in LOOPS:
            block = blocks[block].parent
        return block

    def is_inside(self, block: int, outer: int) -> bool:
        """Whether ``block`` is ``outer`` or lies in it."""
        while block >= 0:
            if block == outer:
                return True
            block = self.blocks[block].parent
        return False

    def reaching(self, name: str, block: int, order: int) -> list[Binding]:
        """The bindings that may give ``name`` its value at a use, the nearest first."""
        found = self.bindings.get(name)
        if not found:
            return []
        if len(found) == 1:
            return found
        reaching = []
        for binding in reversed(found):
            if binding.order > order:
                continue
            reaching.append(binding)
            if self.dominates(binding.block, block):
                break
        loop = self.loop_around(block)
        if loop >= 0:
            reaching += [b for b in found if b.order > order and self.is_inside(b.block, loop)]
        return reaching or found


@dataclass(slots=True)
class ClassRecord:
    """A class as the visit meets it: its body frame, and what its methods assign to ``self``."""

    node: ast.ClassDef
    frame: Frame
    index: int
    owner: Frame
    order: int
    block: int
    attributes: dict[str, list[tuple[Frame, Binding]]] = field(default_factory=dict)
    methods: dict[str, int] = field(default_factory=dict)
