"""Expressions to terms: names are resolved to their bindings, however imported, and calls to what they call.

Runs after the walk, when every binding of the module is known, and only for what the walk recorded.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, Any, cast

from flake8_backend.semantic import checks, terms
from flake8_backend.semantic.scopes import Binding, Frame
from flake8_backend.semantic.terms import UNKNOWN, Term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flake8_backend.semantic.visit import Visit

_BUILTINS = frozenset(dir(builtins))
_DEPTH = 40
_LONGEST_TEXT = 400
_LONGEST_DISPLAY = 64
_OPERATORS = {ast.Add: "+", ast.Mod: "%", ast.Div: "/", ast.BitOr: "|", ast.Mult: "*", ast.Sub: "-", ast.LShift: "<<"}
_ON_TEXT = (ast.Add, ast.Mod)
_UNPLACED = 4  # items of a BINARY term that has no place
_LOOKING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log", "dumps", "append"})
_DISPLAYS = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}
_EMPTY = {ast.List: "list", ast.Tuple: "tuple", ast.Dict: "dict"}
_COMPREHENSIONS = {ast.ListComp: "list", ast.SetComp: "set", ast.GeneratorExp: "generator", ast.DictComp: "dict"}


class Lowering:
    """The term table of one module under construction."""

    def __init__(self, visit: Visit, module: str, *, is_package: bool) -> None:
        self.module = module
        self._package = module if is_package else module.rpartition(".")[0]
        self._frames = visit.frames
        self._imported_as = visit.imported_as
        self._globals = visit.frames[0].bindings
        self.terms: list[Term] = [("?",)]
        self._known: dict[Any, int] = {}
        self._memo: dict[ast.AST, int] = {}
        self._bindings: dict[int, int] = {}  # by identity: what reaches a use is looked up again and again
        self._active: set[int] = set()
        self._cuts = 0  # how often something was made of itself
        self._depth = 0

    def intern(self, *term: Any) -> int:
        """The index of ``term``, which is added when it is new."""
        found = self._known.get(term)
        if found is None:
            found = self._known[term] = len(self.terms)
            self.terms.append(term)
        return found

    def _fresh(self, *term: Any) -> int:
        self.terms.append(term)
        return len(self.terms) - 1

    def union(self, options: list[int]) -> int:
        """One of ``options``; the unknown ones are left out, and beside them None, which would be all that is left."""
        known = sorted({option for option in options if option != UNKNOWN})
        if UNKNOWN in options:
            known = [option for option in known if tuple(self.terms[option][:2]) != (terms.CONSTANT, None)]
        if not known:
            return UNKNOWN
        return known[0] if len(known) == 1 else self.intern(terms.UNION, tuple(known))

    # --- names -------------------------------------------------------------------------------------------------

    def absolute(self, level: int, module: str | None) -> str:
        """The dotted name that a ``from`` import means here."""
        if not level:
            return module or ""
        base = self._package
        for _ in range(level - 1):
            base = base.rpartition(".")[0]
        return f"{base}.{module}" if module and base else (module or base)

    def name(self, name: str, frame: Frame, block: int, order: int) -> int:
        """What ``name`` denotes at a place."""
        index = block
        blocks = frame.blocks
        while index >= 0:
            names = blocks[index].names
            if names is not None and name in names:
                return self._bound(names[name], name, frame)
            index = blocks[index].parent
        if frame.kind != "module" and name in frame.bindings and name not in frame.global_names:
            found = frame.reaching(name, block, order)
            return self.union([self._bound(binding, name, frame) for binding in found[:6]])
        outer = frame.parent
        while outer is not None and outer.kind != "module":
            if outer.kind != "class" and name in outer.bindings and name not in frame.global_names:
                return self.union([self._bound(b, name, outer) for b in outer.bindings[name][-4:]])
            comprehended = self._enclosing_comprehension(name, frame, outer)
            if comprehended is not None:
                return comprehended
            frame, outer = outer, outer.parent
        if outer is not None:
            comprehended = self._enclosing_comprehension(name, frame, outer)
            if comprehended is not None:
                return comprehended
        if name not in self._globals and name in _BUILTINS:
            return self.intern(terms.NAME, "builtins." + name)
        return self.intern(terms.NAME, f"{self.module}.{name}" if self.module else name)

    def _enclosing_comprehension(self, name: str, frame: Frame, outer: Frame) -> int | None:
        """A lambda inside a comprehension sees the comprehension's variables."""
        index = frame.decorated_in[0] if frame.kind == "lambda" else -1
        while index >= 0:
            names = outer.blocks[index].names
            if names is not None and name in names:
                return self._bound(names[name], name, outer)
            index = outer.blocks[index].parent
        return None

    def _checked(self, node: ast.expr, term: int, frame: Frame, block: int, order: int) -> int:
        """``term``, marked when a check before this place tells that it is harmless as text."""
        key = checks.key_of(node)
        for checked, where, at, unless_returns in frame.allowed:
            if checked != key or at > order or not frame.dominates(where, block):
                continue
            if any(at < binding.order <= order for binding in frame.bindings.get(checked, ())):
                continue
            callee = self.lower(unless_returns.func, frame, where, at) if unless_returns is not None else UNKNOWN
            if unless_returns is None or callee:
                return self.intern(terms.ALLOWED, term, callee)
        return term

    def _owner(self, node: ast.expr, frame: Frame, block: int, order: int) -> int:
        """What something is read from or called on: there, a check of the name says nothing."""
        if frame.allowed and node.__class__ is ast.Name and node not in self._memo:
            self._memo[node] = self.name(node.id, frame, block, order)
        return self.lower(node, frame, block, order)

    def _bound(self, binding: Binding, name: str, frame: Frame) -> int:
        key = id(binding)
        found = self._bindings.get(key)
        if found is not None:
            return found
        if key in self._active or self._depth > _DEPTH:
            self._cuts += 1
            return UNKNOWN
        self._active.add(key)
        self._depth += 1
        try:
            term = self._bindings[key] = self._binding(binding, name, frame)
        finally:
            self._active.discard(key)
            self._depth -= 1
        return term

    def _binding(self, binding: Binding, name: str, frame: Frame) -> int:
        how, _, unpacked = binding.how.partition("/")
        # what stands on the right is evaluated before the name is bound
        value, block, order = binding.value, binding.block, binding.order - 1
        if how == "parameter":
            return self._parameter(name, frame, binding)
        if how == "import":
            return self.intern(terms.NAME, str(binding.detail))
        if how == "import from":
            level, module, imported = cast("tuple[int, str, str]", binding.detail)
            base = self.absolute(level, module)
            return self.intern(terms.NAME, f"{base}.{imported}" if base else imported)
        if how == "function":
            if frame.kind == "module":
                return self.intern(terms.NAME, f"{self.module}.{name}")
            return self.intern(terms.FUNCTION, binding.detail)
        if how == "class":
            return self.intern(terms.CLASS, binding.detail)
        if how == "augmented" and isinstance(value, ast.AugAssign):
            before = self.name(name, frame, block, order)
            return self._binary(type(value.op), before, self.lower(value.value, frame, block, order))
        if value is None or how in ("opaque", "caught"):
            return UNKNOWN
        if how == "annotated":
            return self._annotated(binding, frame)
        if isinstance(binding.detail, Frame):
            frame, block, order = binding.detail, 0, order
        term = self.lower(value, frame, block, order)
        if how == "element":
            if (frame.grown or frame.stores) and isinstance(value, (ast.Name, ast.Call)):
                term = self._grown(value, frame, block, order)
            term = self._wrap(terms.ELEMENT, term)
        elif how == "entered":
            term = self._wrap(terms.ENTER, term)
        if unpacked and isinstance(binding.detail, tuple):
            for position in binding.detail:
                term = self.intern(terms.UNPACK, position, term) if term else UNKNOWN
        return term

    def _annotated(self, binding: Binding, frame: Frame) -> int:
        annotation = self.annotation(binding.value, frame, binding.block, binding.order - 1)
        value = binding.detail
        term = self.lower(value, frame, binding.block, binding.order - 1) if isinstance(value, ast.expr) else UNKNOWN
        return self.intern(terms.ANNOTATED, annotation, term) if annotation else term

    def _parameter(self, name: str, frame: Frame, binding: Binding) -> int:
        if frame.kind == "method" and name == frame.self_name and binding.detail == 0:
            is_class = any(
                isinstance(d, ast.Name) and d.id == "classmethod" for d in getattr(frame.node, "decorator_list", ())
            )
            return self.intern(terms.CLASS if is_class else terms.SELF, frame.class_index)
        return self.intern(terms.PARAMETER, frame.index, binding.detail)

    def _wrap(self, operator: str, term: int) -> int:
        return self.intern(operator, term) if term else UNKNOWN

    # --- expressions -------------------------------------------------------------------------------------------

    def lower(self, node: ast.AST | None, frame: Frame, block: int, order: int) -> int:
        """The term of an expression at a place, ``UNKNOWN`` where nothing can be said."""
        if node is None:
            return UNKNOWN
        found = self._memo.get(node)
        if found is not None:
            return found
        if self._depth > _DEPTH:
            return UNKNOWN
        self._depth += 1
        handler = _HANDLERS.get(node.__class__)
        term = handler(self, node, frame, block, order) if handler is not None else UNKNOWN
        self._depth -= 1
        self._memo[node] = term
        return term

    def _name(self, node: ast.Name, frame: Frame, block: int, order: int) -> int:
        term = self.name(node.id, frame, block, order)
        return self._checked(node, term, frame, block, order) if frame.allowed else term

    def _attribute(self, node: ast.Attribute, frame: Frame, block: int, order: int) -> int:
        owner = self._owner(node.value, frame, block, order)
        if not owner:
            return UNKNOWN
        term = self.terms[owner]
        if term[0] == terms.NAME:
            return self.intern(terms.NAME, f"{term[1]}.{node.attr}")
        found = self.intern(terms.ATTRIBUTE, owner, node.attr)
        return self._checked(node, found, frame, block, order) if frame.allowed else found

    def _constant(self, node: ast.Constant, frame: Frame, block: int, order: int) -> int:
        value = node.value
        if isinstance(value, str):
            if len(value) > _LONGEST_TEXT:
                value = value[: _LONGEST_TEXT // 2] + "\n" + value[-_LONGEST_TEXT // 2 :]
            if not value.isprintable():
                value = value.encode("utf-8", "replace").decode()
        elif not (value is None or isinstance(value, (bool, int, float))):
            return UNKNOWN
        if (isinstance(value, float) and value - value != 0) or (isinstance(value, int) and abs(value) > 1 << 62):
            return UNKNOWN
        return self.intern(terms.CONSTANT, value, value.__class__.__name__)

    def _call(self, node: ast.Call, frame: Frame, block: int, order: int) -> int:
        func = node.func
        if func.__class__ is ast.Name and func.id == "super" and frame.class_index >= 0:
            return self.intern(terms.SUPER, frame.class_index)
        callee = self._owner(func, frame, block, order)
        if not callee:
            return UNKNOWN
        positional = []
        keywords = []
        joins = (frame.grown or frame.stores) and func.__class__ is ast.Attribute and func.attr == "join"
        for argument in node.args:
            if joins:
                positional.append(self._grown(argument, frame, block, order))
            elif argument.__class__ is ast.Starred:
                keywords.append((terms.STAR, self.lower(argument.value, frame, block, order)))
            else:
                positional.append(self.given(argument, frame, block, order))
        for keyword in node.keywords:
            if keyword.arg is None:
                keywords.append((terms.DOUBLE_STAR, self._spread(keyword.value, frame, block, order)))
            else:
                keywords.append((keyword.arg, self.given(keyword.value, frame, block, order)))
        return self._fresh(
            terms.CALL,
            callee,
            tuple(positional),
            tuple(keywords),
            node.lineno,
            node.col_offset,
            node.end_lineno,
            node.end_col_offset,
        )

    def _spread(self, node: ast.expr, frame: Frame, block: int, order: int) -> int:
        """A mapping given as ``**options``, with what was put into it before."""
        term = self.lower(node, frame, block, order)
        base = self.terms[term]
        if base[0] == terms.ANNOTATED:
            base = self.terms[base[2]]
        if base[0] == terms.DISPLAY and base[1] == "dict" and len(base[2]) == 2 * base[3]:
            parts = list(base[2])
        elif base[0] == terms.CALL and self.terms[base[1]] == (terms.NAME, "builtins.dict") and not base[2]:
            parts = []
            for name, value in base[3]:
                key = self.intern(terms.CONSTANT, name, "str") if name != terms.DOUBLE_STAR else UNKNOWN
                parts += [key, value]
        else:
            parts = [UNKNOWN, term]
        added = self._stored(node.id, frame, block, order) if isinstance(node, ast.Name) else []
        if parts == [UNKNOWN, term] and not added:
            return term
        parts += added
        return self.intern(terms.DISPLAY, "dict", tuple(parts), len(parts) // 2)

    def _stored(self, name: str, frame: Frame, block: int, order: int) -> list[int]:
        """Keys and values put into a mapping before a place: ``options["timeout"] = 5``, ``options.update(…)``."""
        loop = frame.loop_around(block)
        anything = self.intern(terms.DISPLAY, "dict", (UNKNOWN, UNKNOWN), 1)
        found: list[int] = [UNKNOWN, anything] if _is_handed_over(name, frame, order) else []
        for store in frame.stores.get(name, ()):
            key, value, where, at = store
            if id(store) in self._active or not (at <= order or (loop >= 0 and frame.is_inside(where, loop))):
                continue
            self._active.add(id(store))
            if key is not None:
                key_term = self.lower(key, frame, where, at)
                found += [key_term, self.lower(value, frame, where, at) if key_term else anything]
            elif isinstance(value, ast.Call):
                found += self._updated(value, frame, where, at)
            self._active.discard(id(store))
        return found

    def _updated(self, call: ast.Call, frame: Frame, block: int, order: int) -> list[int]:
        found: list[int] = []
        for argument in call.args:
            added = self.terms[self._spread(argument, frame, block, order)]
            found += added[2] if added[0] == terms.DISPLAY and added[1] == "dict" else (UNKNOWN, UNKNOWN)
        for keyword in call.keywords:
            key = self.intern(terms.CONSTANT, keyword.arg, "str") if keyword.arg else UNKNOWN
            found += [key, self.lower(keyword.value, frame, block, order)]
        return found

    def _grown(self, node: ast.expr, frame: Frame, block: int, order: int) -> int:
        """What is joined or gone through, with what was put in before: ``clauses.append(…)``, ``row["id"] = …``."""
        term = self.lower(node, frame, block, order)
        place, view = _collection_of(node)
        if not isinstance(place, ast.Name):
            return term
        loop = frame.loop_around(block)
        appended: list[int] = []
        extended: list[int] = []

        def counts(node: ast.AST, where: int, at: int) -> bool:
            is_before = at <= order or (loop >= 0 and frame.is_inside(where, loop))
            return is_before and id(node) not in self._active

        for call, where, at in frame.grown.get(place.id, ()):
            if counts(call, where, at):
                added = self._lowered_once(call, call.args, frame, where, at)
                is_many = getattr(call.func, "attr", "") in ("extend", "update")
                (extended if is_many else appended).extend(added if is_many else added[-1:])
        for key, value, where, at in frame.stores.get(place.id, ()):
            if key is not None and counts(key, where, at):
                cuts = self._cuts
                wanted = (key, value) if view == "items" else (value,) if view == "values" else (key,)
                stored = self._lowered_once(key, wanted, frame, where, at)
                if view == "items":
                    appended.append(self.intern(terms.DISPLAY, "tuple", tuple(stored), 2))
                elif stored[0] or cuts == self._cuts:  # what is put back under its own key adds nothing
                    appended.append(stored[0])
        return self.intern(terms.GROWN, term, tuple(appended), tuple(extended)) if appended or extended else term

    def _lowered_once(
        self, owner: ast.AST, nodes: Iterable[ast.AST | None], frame: Frame, block: int, order: int
    ) -> list[int]:
        """The terms of ``nodes``, in which ``owner`` counts for nothing."""
        self._active.add(id(owner))
        found = [self.lower(node, frame, block, order) for node in nodes]
        self._active.discard(id(owner))
        return found

    def _await(self, node: ast.Await, frame: Frame, block: int, order: int) -> int:
        return self._wrap(terms.AWAIT, self.lower(node.value, frame, block, order))

    def _subscript(self, node: ast.Subscript, frame: Frame, block: int, order: int) -> int:
        owner = self._owner(node.value, frame, block, order)
        if not owner:
            return UNKNOWN
        if isinstance(node.slice, ast.Slice):
            upper = self.lower(node.slice.upper, frame, block, order) if node.slice.upper is not None else UNKNOWN
            bounded = node.slice.upper is not None
            return self.intern(terms.ITEM, owner, self.intern(terms.DISPLAY, "slice", (upper,) if bounded else ()))
        found = self.intern(terms.ITEM, owner, self.lower(node.slice, frame, block, order))
        return self._checked(node, found, frame, block, order) if frame.allowed else found

    def _display(self, node: Any, frame: Frame, block: int, order: int) -> int:
        elements = tuple(self.lower(element, frame, block, order) for element in node.elts[:_LONGEST_DISPLAY])
        return self.intern(terms.DISPLAY, _DISPLAYS[node.__class__], elements, len(node.elts))

    def _dict(self, node: ast.Dict, frame: Frame, block: int, order: int) -> int:
        parts = []
        for key, value in zip(node.keys[:64], node.values[:64], strict=True):
            parts += [self.lower(key, frame, block, order), self.lower(value, frame, block, order)]
        return self.intern(terms.DISPLAY, "dict", tuple(parts), len(node.keys))

    def given(self, node: ast.AST | None, frame: Frame, block: int, order: int) -> int:
        """The term of an argument or a default; a literal that is empty there is not filled before it is used."""
        kind = _EMPTY.get(node.__class__)
        if kind is not None and not (getattr(node, "elts", None) or getattr(node, "keys", None)):
            return self.intern(terms.DISPLAY, kind, (), 0, terms.STAYS_EMPTY)
        return self.lower(node, frame, block, order)

    def _comprehension(self, node: Any, frame: Frame, block: int, order: int) -> int:
        inner = next((i for i, b in enumerate(frame.blocks) if b.nodes and b.nodes[0] is node.generators[-1]), None)
        if inner is None:
            return UNKNOWN
        result = node.value if isinstance(node, ast.DictComp) else node.elt
        element = self.lower(result, frame, inner, order + 1_000_000)
        iterable = self.lower(node.generators[0].iter, frame, block, order)
        if isinstance(node, ast.DictComp):
            key = self.lower(node.key, frame, inner, order + 1_000_000)
            return self.intern(terms.COMPREHENSION, "dict", element, iterable, key)
        return self.intern(terms.COMPREHENSION, _COMPREHENSIONS[node.__class__], element, iterable)

    def _binary_expression(self, node: ast.BinOp, frame: Frame, block: int, order: int) -> int:
        left = self.lower(node.left, frame, block, order)
        right = self.lower(node.right, frame, block, order)
        operator = node.op.__class__
        if operator in _ON_TEXT and (self._is_text(left) or self._is_text(right)):
            place = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
            return self._fresh(terms.BINARY, _OPERATORS[operator], left, right, *place)
        return self._binary(operator, left, right)

    def _is_text(self, index: int) -> bool:
        """Whether a term is plainly text: a literal, or text put together from one."""
        term = self.terms[index]
        if term[0] == terms.CONSTANT:
            return bool(term[2] == "str")
        return term[0] == terms.STRING or (term[0] == terms.BINARY and len(term) > _UNPLACED)

    def _unary(self, node: ast.UnaryOp, frame: Frame, block: int, order: int) -> int:
        """A sign makes a number of a number; anything else is unknown."""
        operand = self.lower(node.operand, frame, block, order)
        if not isinstance(node.op, ast.USub) or not operand:
            return UNKNOWN
        value = self.terms[operand][1] if self.terms[operand][0] == terms.CONSTANT else None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self.intern(terms.CONSTANT, -value, value.__class__.__name__)
        return self.intern(terms.BINARY, "-", UNKNOWN, operand)

    def _binary(self, operator: type[ast.operator], left: int, right: int) -> int:
        symbol = _OPERATORS.get(operator)
        return self.intern(terms.BINARY, symbol, left, right) if symbol and (left or right) else UNKNOWN

    def _boolean(self, node: ast.BoolOp, frame: Frame, block: int, order: int) -> int:
        return self.union([self.lower(value, frame, block, order) for value in node.values])

    def _equality(self, node: ast.Compare, frame: Frame, block: int, order: int) -> int:
        if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq):
            return UNKNOWN
        left = self.lower(node.left, frame, block, order)
        return self.intern(terms.EQUAL, left, self.lower(node.comparators[0], frame, block, order)) if left else UNKNOWN

    def _conditional(self, node: ast.IfExp, frame: Frame, block: int, order: int) -> int:
        options = []
        for branch, holds in ((node.body, True), (node.orelse, False)):
            term = self.lower(branch, frame, block, order)
            key = checks.key_of(branch)
            if key is not None and key in checks.checked(node.test, self._imported_as, holds=holds):
                term = self.intern(terms.ALLOWED, term, UNKNOWN)
            options.append(term)
        return self.union(options)

    def _walrus(self, node: ast.NamedExpr, frame: Frame, block: int, order: int) -> int:
        return self.lower(node.value, frame, block, order)

    def _starred(self, node: ast.Starred, frame: Frame, block: int, order: int) -> int:
        return self._wrap(terms.ELEMENT, self.lower(node.value, frame, block, order))

    def _joined(self, node: ast.JoinedStr, frame: Frame, block: int, order: int) -> int:
        parts = []
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                term = self.lower(value.value, frame, block, order)
                conversion = terms.NUMBER_PART if _is_number_format(value.format_spec) else value.conversion
                parts.append((term, conversion, ast.unparse(value.value)[:60]))
            else:
                parts.append((self.lower(value, frame, block, order), terms.LITERAL_PART, ""))
        if all(conversion == terms.LITERAL_PART for _, conversion, _ in parts):
            text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
            return self.intern(terms.CONSTANT, text[:_LONGEST_TEXT], "str")
        return self._fresh(
            terms.STRING, tuple(parts), node.lineno, node.col_offset, node.end_lineno, node.end_col_offset
        )

    def _lambda(self, node: ast.Lambda, frame: Frame, block: int, order: int) -> int:
        for candidate in self._frames[frame.index :]:
            if candidate.node is node:
                return self.intern(terms.FUNCTION, candidate.index)
        return UNKNOWN

    # --- annotations -------------------------------------------------------------------------------------------

    def annotation(self, node: ast.AST | None, frame: Frame, block: int, order: int) -> int:
        """The term of a type expression; strings in it are parsed, and left unknown when they cannot be."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.strip()
            if text.isidentifier():
                return self.name(text, frame, block, order)
            try:
                node = ast.parse(text, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return UNKNOWN
        if isinstance(node, ast.Subscript):
            owner = self.lower(node.value, frame, block, order)
            if not owner:
                return UNKNOWN
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            arguments = tuple(self.annotation(part, frame, block, order) for part in parts)
            return self.intern(terms.ITEM, owner, self.intern(terms.DISPLAY, "tuple", arguments, len(arguments)))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            left = self.annotation(node.left, frame, block, order)
            return self.union([left, self.annotation(node.right, frame, block, order)])
        return self.lower(node, frame, block, order)


def _collection_of(node: ast.expr) -> tuple[ast.expr, str]:
    """``names`` of ``sorted(names)`` and of ``names.items()``, and by which method it is gone through."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        node = node.args[0]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        return node.func.value, node.func.attr
    return node, ""


def _is_handed_over(name: str, frame: Frame, order: int) -> bool:
    """Whether a function was given the object that a name holds, and may have changed it."""
    return any(
        record.order <= order
        and any(argument.__class__ is ast.Name and argument.id == name for argument in record.node.args)
        and not _only_looks(record.node.func)
        for record in frame.calls
    )


def _only_looks(callee: ast.expr) -> bool:
    if isinstance(callee, ast.Name):
        return callee.id in _BUILTINS
    return isinstance(callee, ast.Attribute) and callee.attr in _LOOKING


def _is_number_format(spec: ast.expr | None) -> bool:
    """``{limit:d}``: formatting raises for anything that is no number."""
    last = spec.values[-1] if isinstance(spec, ast.JoinedStr) and spec.values else None
    return isinstance(last, ast.Constant) and str(last.value)[-1:] in tuple("bcdoxXneEfFgG%")


_HANDLERS: dict[type[ast.AST], Any] = {
    ast.Name: Lowering._name,
    ast.Attribute: Lowering._attribute,
    ast.Constant: Lowering._constant,
    ast.Call: Lowering._call,
    ast.Await: Lowering._await,
    ast.Subscript: Lowering._subscript,
    ast.List: Lowering._display,
    ast.Tuple: Lowering._display,
    ast.Set: Lowering._display,
    ast.Dict: Lowering._dict,
    ast.ListComp: Lowering._comprehension,
    ast.SetComp: Lowering._comprehension,
    ast.GeneratorExp: Lowering._comprehension,
    ast.DictComp: Lowering._comprehension,
    ast.BinOp: Lowering._binary_expression,
    ast.UnaryOp: Lowering._unary,
    ast.BoolOp: Lowering._boolean,
    ast.Compare: Lowering._equality,
    ast.IfExp: Lowering._conditional,
    ast.NamedExpr: Lowering._walrus,
    ast.Starred: Lowering._starred,
    ast.JoinedStr: Lowering._joined,
    ast.Lambda: Lowering._lambda,
}
