"""Names and bindings: what a name denotes at a place, and what its binding gave it."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, cast

from flake8_backend.semantic import checks, terms
from flake8_backend.semantic.lowered import contents, expressions
from flake8_backend.semantic.outline import absolute
from flake8_backend.semantic.scopes import Binding, Frame
from flake8_backend.semantic.terms import UNKNOWN

if TYPE_CHECKING:
    from flake8_backend.semantic.lowering import Lowering

BUILTINS = frozenset(dir(builtins))
DEEPEST = 40


def name(lowering: Lowering, name: str, frame: Frame, block: int, order: int) -> int:
    """What ``name`` denotes at a place."""
    index = block
    blocks = frame.blocks
    while index >= 0:
        names = blocks[index].names
        if names is not None and name in names:
            return lowering.bound(names[name], name, frame)
        index = blocks[index].parent
    if frame.kind != "module" and name in frame.bindings and name not in frame.global_names:
        found = frame.reaching(name, block, order)
        return lowering.union([lowering.bound(binding, name, frame) for binding in found[:6]])
    outer = frame.parent
    while outer is not None and outer.kind != "module":
        if outer.kind != "class" and name in outer.bindings and name not in frame.global_names:
            return lowering.union([lowering.bound(b, name, outer) for b in outer.bindings[name][-4:]])
        comprehended = _enclosing_comprehension(lowering, name, frame, outer)
        if comprehended is not None:
            return comprehended
        frame, outer = outer, outer.parent
    if outer is not None:
        comprehended = _enclosing_comprehension(lowering, name, frame, outer)
        if comprehended is not None:
            return comprehended
    if name not in lowering.globals and name in BUILTINS:
        return lowering.intern(terms.NAME, "builtins." + name)
    return lowering.intern(terms.NAME, f"{lowering.module}.{name}" if lowering.module else name)


def _enclosing_comprehension(lowering: Lowering, name: str, frame: Frame, outer: Frame) -> int | None:
    """A lambda inside a comprehension sees the comprehension's variables."""
    index = frame.decorated_in[0] if frame.kind == "lambda" else -1
    while index >= 0:
        names = outer.blocks[index].names
        if names is not None and name in names:
            return lowering.bound(names[name], name, outer)
        index = outer.blocks[index].parent
    return None


def checked(lowering: Lowering, node: ast.expr, term: int, frame: Frame, block: int, order: int) -> int:
    """``term``, marked when a check before this place tells that it is harmless as text."""
    key = checks.key_of(node)
    for checked, where, at, unless_returns in frame.allowed:
        if checked != key or at > order or not frame.dominates(where, block):
            continue
        if any(at < binding.order <= order for binding in frame.bindings.get(checked, ())):
            continue
        callee = lowering.lower(unless_returns.func, frame, where, at) if unless_returns is not None else UNKNOWN
        if unless_returns is None or callee:
            return lowering.intern(terms.ALLOWED, term, callee)
    return term


def bound(lowering: Lowering, binding: Binding, name: str, frame: Frame) -> int:
    """What a binding gives to its name."""
    key = id(binding)
    found = lowering.bindings.get(key)
    if found is not None:
        return found
    if key in lowering.active or lowering.depth > DEEPEST:
        lowering.cuts += 1
        return UNKNOWN
    lowering.active.add(key)
    lowering.depth += 1
    try:
        term = lowering.bindings[key] = _binding(lowering, binding, name, frame)
    finally:
        lowering.active.discard(key)
        lowering.depth -= 1
    return term


def _binding(lowering: Lowering, binding: Binding, name: str, frame: Frame) -> int:
    how, _, unpacked = binding.how.partition("/")
    # what stands on the right is evaluated before the name is bound
    value, block, order = binding.value, binding.block, binding.order - 1
    if how == "parameter":
        return _parameter(lowering, name, frame, binding)
    if how == "import":
        return lowering.intern(terms.NAME, str(binding.detail))
    if how == "import from":
        level, module, imported = cast("tuple[int, str, str]", binding.detail)
        base = absolute(lowering.package, level, module)
        return lowering.intern(terms.NAME, f"{base}.{imported}" if base else imported)
    if how == "function":
        if frame.kind == "module":
            return lowering.intern(terms.NAME, f"{lowering.module}.{name}")
        return lowering.intern(terms.FUNCTION, binding.detail)
    if how == "class":
        return lowering.intern(terms.CLASS, binding.detail)
    if how == "augmented" and isinstance(value, ast.AugAssign):
        before = lowering.name(name, frame, block, order)
        return expressions.binary(lowering, type(value.op), before, lowering.lower(value.value, frame, block, order))
    if value is None or how in ("opaque", "caught"):
        return UNKNOWN
    if how == "annotated":
        return _annotated(lowering, binding, frame)
    if isinstance(binding.detail, Frame):
        frame, block, order = binding.detail, 0, order
    term = lowering.lower(value, frame, block, order)
    if how == "element":
        if (frame.grown or frame.stores) and isinstance(value, (ast.Name, ast.Call)):
            term = contents.grown(lowering, value, frame, block, order)
        term = lowering.wrap(terms.ELEMENT, term)
    elif how == "entered":
        term = lowering.wrap(terms.ENTER, term)
    if unpacked and isinstance(binding.detail, tuple):
        for position in binding.detail:
            term = lowering.intern(terms.UNPACK, position, term) if term else UNKNOWN
    return term


def _annotated(lowering: Lowering, binding: Binding, frame: Frame) -> int:
    annotation = lowering.annotation(binding.value, frame, binding.block, binding.order - 1)
    value = binding.detail
    term = lowering.lower(value, frame, binding.block, binding.order - 1) if isinstance(value, ast.expr) else UNKNOWN
    return lowering.intern(terms.ANNOTATED, annotation, term) if annotation else term


def _parameter(lowering: Lowering, name: str, frame: Frame, binding: Binding) -> int:
    if frame.kind == "method" and name == frame.self_name and binding.detail == 0:
        is_class = any(
            isinstance(d, ast.Name) and d.id == "classmethod" for d in getattr(frame.node, "decorator_list", ())
        )
        return lowering.intern(terms.CLASS if is_class else terms.SELF, frame.class_index)
    return lowering.intern(terms.PARAMETER, frame.index, binding.detail)
