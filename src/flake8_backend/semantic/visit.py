"""The one walk over a module's tree: it fills frames, blocks, bindings and the records of calls and reads.

Nothing is resolved here, because a name may be bound further down; ``lowering`` does that once the walk is done. What
is done with each kind of node stands in ``visiting``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flake8_backend.semantic import checks, once, scopes
from flake8_backend.semantic.scopes import Binding, Block, ClassRecord, Frame
from flake8_backend.semantic.visiting import definitions, expressions, statements

_EXIT_KINDS: dict[type[ast.AST], int] = {
    ast.Continue: scopes.CONTINUES,
    ast.Break: scopes.BREAKS,
    ast.Return: scopes.LEAVES,
    ast.Raise: scopes.LEAVES,
}


class Visit:
    """The walk over one module; afterwards ``frames`` and ``classes`` hold what was found."""

    def __init__(self, tree: ast.Module, wanted: Mapping[type[ast.AST], object] = {}) -> None:
        self.frames: list[Frame] = []
        self.classes: list[ClassRecord] = []
        self.imported_as: dict[str, str] = {}  # what renamed names are called where they come from
        self.matches: list[tuple[ast.AST, Frame, int, int]] = []
        self.attribute_targets: list[tuple[ast.Attribute, Frame, Binding]] = []
        self.wanted = wanted
        self.order = 0
        self.block = 0
        self.outer = -1
        self.class_record: ClassRecord | None = None
        self.frame = self.open("module", tree, "<module>", "")
        # functions, not bound methods: a cycle would keep every tree alive until the collector comes
        self.dispatch = _HANDLERS
        if wanted:
            self.dispatch = dict(_HANDLERS)
            for kind in wanted:
                self.dispatch[kind] = _noting(_HANDLERS.get(kind, expressions.children))
        self.body(tree.body)

    def note(self, node: ast.AST) -> None:
        """Remember a node and where it was met."""
        self.matches.append((node, self.frame, self.block, self.order))

    def open(self, kind: str, node: ast.AST, name: str, qualname: str, parent: Frame | None = None) -> Frame:
        """A new frame, in which nothing stands yet."""
        frame = Frame(kind, node, name, qualname, parent, len(self.frames))
        frame.blocks.append(Block(scopes.BODY, -1, 0))
        self.frames.append(frame)
        return frame

    def enter(self, kind: str, *nodes: ast.AST, transparent: bool = False) -> int:
        """Open a block below the current one and make it current; gives the block that was current."""
        blocks = self.frame.blocks
        before = self.block
        index = len(blocks)
        blocks.append(Block(kind, before, blocks[before].region if transparent else index, nodes, None, self.order))
        self.block = index
        return before

    def within(self, kind: str, body: Sequence[ast.stmt], *nodes: ast.AST, transparent: bool = False) -> None:
        """Walk statements as a block of their own."""
        before = self.enter(kind, *nodes, transparent=transparent)
        if body:
            self.frame.blocks[self.block].exits = _EXIT_KINDS.get(body[-1].__class__, scopes.FALLS_THROUGH)
        self.body(body)
        self.block = before

    def body(self, statements: Sequence[ast.stmt]) -> None:
        """Walk statements one after the other."""
        dispatch = self.dispatch
        for position, statement in enumerate(statements, 1):
            dispatch.get(statement.__class__, expressions.children)(self, statement)
            if statement.__class__ is ast.If:
                place = once.answers_from(statement, self.frame)
                if place is not None and once.assigns(statements[position:], place, self.frame):
                    self.within(scopes.ONCE, statements[position:], transparent=True)
                    return

    def expression(self, node: ast.AST | None) -> None:
        """Walk an expression that no call takes directly as an argument."""
        if node is not None:
            self.outer = -1
            self.dispatch.get(node.__class__, expressions.children)(self, node)

    def bind(self, name: str, how: str, value: ast.AST | None, detail: object = None) -> None:
        """A name gets a value here, in the namespace that it belongs to."""
        self.order += 1
        frame = self.frame
        binding = Binding(how, value, self.block, self.order, detail)
        if name in frame.global_names:
            binding.block = 0
            self.frames[0].bind(name, Binding(how, value, 0, self.order, detail if how != "assign" else frame))
            return
        if name in frame.nonlocal_names and frame.parent is not None:
            outer = frame.parent
            while outer.kind == "class" and outer.parent is not None:
                outer = outer.parent
            outer.bind(name, Binding("opaque", None, 0, self.order))
            return
        frame.bind(name, binding)

    def target(self, target: ast.expr, how: str, value: ast.AST | None, detail: object = None) -> None:
        """What is assigned to gets ``value``, however it is unpacked."""
        kind = target.__class__
        if kind is ast.Name:
            self.bind(target.id, how, value, detail)  # type: ignore[attr-defined]
        elif kind is ast.Attribute:
            self._attribute_target(target, how, value, detail)  # type: ignore[arg-type]
        elif kind is ast.Tuple or kind is ast.List:
            for position, element in enumerate(target.elts):  # type: ignore[attr-defined]
                path = (*detail, position) if isinstance(detail, tuple) else (position,)
                self.target(element, how if how.endswith("/unpack") else f"{how}/unpack", value, path)
        elif kind is ast.Starred:
            self.target(target.value, "opaque", None)  # type: ignore[attr-defined]
        else:
            if kind is ast.Subscript:
                self.frame.stored.add(_root_name(target))
            if kind is ast.Subscript and target.value.__class__ is ast.Name:  # type: ignore[attr-defined]
                stored = value if how == "assign" else None
                self.store(target.value.id, target.slice, stored)  # type: ignore[attr-defined]
            self.expression(target)

    def store(self, name: str, key: ast.expr | None, value: ast.AST | None) -> None:
        """Remember what is put into a mapping: ``options["timeout"] = 5``; without a key, by a call of ``update``."""
        self.order += 1
        self.frame.stores.setdefault(name, []).append((key, value, self.block, self.order))

    def _attribute_target(self, target: ast.Attribute, how: str, value: ast.AST | None, detail: object) -> None:
        self.order += 1
        owner, frame = target.value, self.frame
        if isinstance(owner, ast.Name) and self.class_record is not None and owner.id == frame.self_name:
            binding = Binding(how, value, self.block, self.order, detail)
            self.class_record.attributes.setdefault(target.attr, []).append((frame, binding))
            return
        self.expression(owner)
        if how == "assign":
            self.attribute_targets.append((target, frame, Binding(how, value, self.block, self.order, detail)))

    def note_checks(self, test: ast.expr, block: int, *, holds: bool, unless_returns: ast.Call | None = None) -> None:
        """``if column not in ALLOWED: raise``: below, the name holds one of the allowed values."""
        for key in checks.checked(test, self.imported_as, holds=holds):
            self.order += 1
            self.frame.allowed.append((key, block, self.order, unless_returns))


def _root_name(node: ast.expr) -> str:
    """The name that a chain of attributes and items starts from; empty where it starts from something else."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _noting(inner: Handler) -> Handler:
    """A handler that also remembers the node, for the checks that asked for its type."""

    def handle(visit: Visit, node: ast.AST) -> None:
        visit.note(node)
        inner(visit, node)

    return handle


Handler = Callable[[Visit, Any], None]
_HANDLERS: dict[type[ast.AST], Handler] = {**statements.HANDLERS, **definitions.HANDLERS, **expressions.HANDLERS}
