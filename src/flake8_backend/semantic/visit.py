"""The one walk over a module's tree: it fills frames, blocks, bindings and the records of calls and reads.

Nothing is resolved here, because a name may be bound further down; ``lowering`` does that once the walk is done.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flake8_backend.semantic import checks, once, scopes
from flake8_backend.semantic.scopes import Binding, Block, CallRecord, ClassRecord, Frame

_LEAVES = (ast.Constant, ast.Name, ast.Pass, ast.Break, ast.Continue)
_EXITS = (ast.Raise, ast.Return, ast.Continue, ast.Break)
_EXIT_KINDS: dict[type[ast.AST], int] = {
    ast.Continue: scopes.CONTINUES,
    ast.Break: scopes.BREAKS,
    ast.Return: scopes.LEAVES,
    ast.Raise: scopes.LEAVES,
}
_GROWING = frozenset({"append", "add", "extend", "update", "insert", "appendleft"})


def ends_path(body: Sequence[ast.stmt]) -> bool:
    """Whether a statement list never falls through to what follows it."""
    return bool(body) and isinstance(body[-1], _EXITS)


class Visit:
    """The walk over one module; afterwards ``frames`` and ``classes`` hold what was found."""

    def __init__(self, tree: ast.Module, wanted: Mapping[type[ast.AST], object] = {}) -> None:
        self.frames: list[Frame] = []
        self.classes: list[ClassRecord] = []
        self.star_imports: list[tuple[int, str | None]] = []
        self.imported: set[str] = set()
        self.imported_as: dict[str, str] = {}  # what renamed names are called where they come from
        self.matches: list[tuple[ast.AST, Frame, int, int]] = []
        self.attribute_targets: list[tuple[ast.Attribute, Frame, Binding]] = []
        self._wanted = wanted
        self._order = 0
        self._block = 0
        self._outer = -1
        self._class: ClassRecord | None = None
        self._frame = self._open("module", tree, "<module>", "")
        # functions, not bound methods: a cycle would keep every tree alive until the collector comes
        self._dispatch = _HANDLERS
        if wanted:
            self._dispatch = dict(_HANDLERS)
            for kind in wanted:
                self._dispatch[kind] = _noting(_HANDLERS.get(kind, Visit._generic))
        self._body(tree.body)

    def note(self, node: ast.AST) -> None:
        """Remember a node and where it was met."""
        self.matches.append((node, self._frame, self._block, self._order))

    # --- frames and blocks -------------------------------------------------------------------------------------

    def _open(self, kind: str, node: ast.AST, name: str, qualname: str, parent: Frame | None = None) -> Frame:
        frame = Frame(kind, node, name, qualname, parent, len(self.frames))
        frame.blocks.append(Block(scopes.BODY, -1, 0))
        self.frames.append(frame)
        return frame

    def _enter(self, kind: str, *nodes: ast.AST, transparent: bool = False) -> int:
        """Open a block below the current one and make it current; gives the block that was current."""
        blocks = self._frame.blocks
        before = self._block
        index = len(blocks)
        blocks.append(Block(kind, before, blocks[before].region if transparent else index, nodes, None, self._order))
        self._block = index
        return before

    def _within(self, kind: str, body: Sequence[ast.stmt], *nodes: ast.AST, transparent: bool = False) -> None:
        before = self._enter(kind, *nodes, transparent=transparent)
        if body:
            self._frame.blocks[self._block].exits = _EXIT_KINDS.get(body[-1].__class__, scopes.FALLS_THROUGH)
        self._body(body)
        self._block = before

    # --- the walk ----------------------------------------------------------------------------------------------

    def _body(self, statements: Sequence[ast.stmt]) -> None:
        dispatch = self._dispatch
        for position, statement in enumerate(statements, 1):
            dispatch.get(statement.__class__, _GENERIC)(self, statement)
            if statement.__class__ is ast.If:
                place = once.answers_from(statement, self._frame)
                if place is not None and once.assigns(statements[position:], place, self._frame):
                    self._within(scopes.ONCE, statements[position:], transparent=True)
                    return

    def _expr(self, node: ast.AST | None) -> None:
        if node is not None:
            self._outer = -1
            self._dispatch.get(node.__class__, _GENERIC)(self, node)

    def _generic(self, node: ast.AST) -> None:
        dispatch = self._dispatch
        for name in node._fields:
            value = getattr(node, name, None)
            if value.__class__ is list:
                for item in value:
                    if isinstance(item, ast.AST):
                        self._outer = -1
                        dispatch.get(item.__class__, _GENERIC)(self, item)
            elif isinstance(value, ast.AST):
                self._outer = -1
                dispatch.get(value.__class__, _GENERIC)(self, value)

    # --- names -------------------------------------------------------------------------------------------------

    def _bind(self, name: str, how: str, value: ast.AST | None, detail: object = None) -> None:
        self._order += 1
        frame = self._frame
        binding = Binding(how, value, self._block, self._order, detail)
        if name in frame.global_names:
            binding.block = 0
            self.frames[0].bind(name, Binding(how, value, 0, self._order, detail if how != "assign" else frame))
            return
        if name in frame.nonlocal_names and frame.parent is not None:
            outer = frame.parent
            while outer.kind == "class" and outer.parent is not None:
                outer = outer.parent
            outer.bind(name, Binding("opaque", None, 0, self._order))
            return
        frame.bind(name, binding)

    def _target(self, target: ast.expr, how: str, value: ast.AST | None, detail: object = None) -> None:
        kind = target.__class__
        if kind is ast.Name:
            self._bind(target.id, how, value, detail)  # type: ignore[attr-defined]
        elif kind is ast.Attribute:
            self._attribute_target(target, how, value, detail)  # type: ignore[arg-type]
        elif kind is ast.Tuple or kind is ast.List:
            for position, element in enumerate(target.elts):  # type: ignore[attr-defined]
                path = (*detail, position) if isinstance(detail, tuple) else (position,)
                self._target(element, how if how.endswith("/unpack") else f"{how}/unpack", value, path)
        elif kind is ast.Starred:
            self._target(target.value, "opaque", None)  # type: ignore[attr-defined]
        else:
            if kind is ast.Subscript:
                self._frame.stored.add(_root_name(target))
            if kind is ast.Subscript and target.value.__class__ is ast.Name:  # type: ignore[attr-defined]
                stored = value if how == "assign" else None
                self._store(target.value.id, target.slice, stored)  # type: ignore[attr-defined]
            self._expr(target)

    def _store(self, name: str, key: ast.expr | None, value: ast.AST | None) -> None:
        """Remember what is put into a mapping: ``options["timeout"] = 5``; without a key, by a call of ``update``."""
        self._order += 1
        self._frame.stores.setdefault(name, []).append((key, value, self._block, self._order))

    def _attribute_target(self, target: ast.Attribute, how: str, value: ast.AST | None, detail: object) -> None:
        self._order += 1
        owner, frame = target.value, self._frame
        if isinstance(owner, ast.Name) and self._class is not None and owner.id == frame.self_name:
            binding = Binding(how, value, self._block, self._order, detail)
            self._class.attributes.setdefault(target.attr, []).append((frame, binding))
            return
        self._expr(owner)
        if how == "assign":
            self.attribute_targets.append((target, frame, Binding(how, value, self._block, self._order, detail)))

    # --- statements --------------------------------------------------------------------------------------------

    def _visit_Assign(self, node: ast.Assign) -> None:
        self._expr(node.value)
        for target in node.targets:
            self._target(target, "assign", node.value)

    def _visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._expr(node.value)
        self._target(node.target, "annotated", node.annotation, node.value)

    def _visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._expr(node.value)
        if isinstance(node.target, ast.Name):
            self._bind(node.target.id, "augmented", node)
        else:
            self._expr(node.target)

    def _visit_Compare(self, node: ast.Compare) -> None:
        """``tag in product.tags.all()`` goes through what stands on the right."""
        self._generic(node)
        right = node.comparators[-1]
        if right.__class__ is ast.Call and isinstance(node.ops[-1], (ast.In, ast.NotIn)):
            self._frame.iterations.append((right, self._block, self._order, False))

    def _visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._expr(node.value)
        self._target(node.target, "assign", node.value)

    def _visit_TypeAlias(self, node: Any) -> None:
        self._target(node.name, "assign", node.value)

    def _visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.imported.add(alias.name)
            if alias.asname:
                self._bind(alias.asname, "import", None, alias.name)
            else:
                top = alias.name.partition(".")[0]
                self._bind(top, "import", None, top)

    def _visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if not node.level:
            self.imported.add(module)
        for alias in node.names:
            if alias.name == "*":
                self.star_imports.append((node.level, module))
                continue
            if alias.asname:
                self.imported_as[alias.asname] = alias.name
            self._bind(alias.asname or alias.name, "import from", None, (node.level, module, alias.name))

    def _visit_Global(self, node: ast.Global) -> None:
        self._frame.global_names.update(node.names)

    def _visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self._frame.nonlocal_names.update(node.names)

    def _visit_Expr(self, node: ast.Expr) -> None:
        value = node.value
        if value.__class__ is ast.Call:
            func = value.func
            if func.__class__ is ast.Attribute and func.value.__class__ is ast.Name:
                self._note_change(func.value.id, func.attr, value)
        self._expr(value)

    def _note_change(self, name: str, method: str, call: ast.Call) -> None:
        """Remember a statement that may change a list or a mapping in place."""
        if method in _GROWING:
            self._frame.grown.setdefault(name, []).append((call, self._block, self._order))
        if method == "update":
            self._store(name, None, call)
        elif method == "setdefault" and len(call.args) > 1:
            self._store(name, call.args[0], call.args[1])

    def _visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            self._expr(node.value)
            self._frame.returns.append((node.value, self._block, self._order))

    def _visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if not isinstance(target, ast.Name):
                self._expr(target)

    def _visit_If(self, node: ast.If) -> None:
        self._expr(node.test)
        kind = _special_test(node.test, self.frames[0]) or (
            scopes.ONCE if once.fills_once(node, self._frame) else scopes.IF
        )
        if kind is scopes.IF and once.remembers(node.test, node.body):
            kind = scopes.MEMO
        before = len(self._frame.blocks)
        self._note_checks(node.test, before, holds=True)
        self._within(kind, node.body, node.test)
        if ends_path(node.body):
            self._note_checks(node.test, self._block, holds=False)
        else:
            call = checks.last_call(node.body)
            if call is not None:
                self._note_checks(node.test, self._block, holds=False, unless_returns=call)
        if node.orelse:
            self._note_checks(node.test, len(self._frame.blocks), holds=False)
            known = once.remembers(ast.UnaryOp(ast.Not(), node.test), node.orelse)
            self._within(scopes.MEMO if known else scopes.ELSE, node.orelse, node.test)

    def _note_checks(self, test: ast.expr, block: int, *, holds: bool, unless_returns: ast.Call | None = None) -> None:
        """``if column not in ALLOWED: raise``: below, the name holds one of the allowed values."""
        for key in checks.checked(test, self.imported_as, holds=holds):
            self._order += 1
            self._frame.allowed.append((key, block, self._order, unless_returns))

    def _visit_Assert(self, node: ast.Assert) -> None:
        self._expr(node.test)
        self._expr(node.msg)
        self._note_checks(node.test, self._block, holds=True)

    def _loop(self, node: ast.For | ast.AsyncFor, kind: str) -> None:
        self._expr(node.iter)
        self._frame.iterations.append((node.iter, self._block, self._order, kind is scopes.ASYNC_FOR))
        before = self._enter(kind, node)
        self._rows(node.target)
        self._target(node.target, "element", node.iter)
        self._body(node.body)
        self._block = before
        if node.orelse:
            self._within(scopes.ELSE, node.orelse)

    def _rows(self, target: ast.expr) -> None:
        """Remember loop variables, whose attribute reads are recorded."""
        if target.__class__ is ast.Name:
            self._frame.row_names.add(target.id)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self._rows(element)

    def _visit_For(self, node: ast.For) -> None:
        self._loop(node, scopes.FOR)

    def _visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        self._loop(node, scopes.ASYNC_FOR)

    def _visit_While(self, node: ast.While) -> None:
        before = self._enter(scopes.WHILE, node)
        self._expr(node.test)
        self._body(node.body)
        self._block = before
        if node.orelse:
            self._within(scopes.ELSE, node.orelse)

    def _with(self, node: ast.With | ast.AsyncWith, kind: str) -> None:
        before = self._block
        for item in node.items:
            self._expr(item.context_expr)
            self._enter(kind, item.context_expr, transparent=True)
            if item.optional_vars is not None:
                self._target(item.optional_vars, "entered", item.context_expr)
        self._body(node.body)
        self._block = before

    def _visit_With(self, node: ast.With) -> None:
        self._with(node, scopes.WITH)

    def _visit_AsyncWith(self, node: ast.AsyncWith) -> None:
        self._with(node, scopes.ASYNC_WITH)

    def _visit_Try(self, node: ast.Try) -> None:
        falls = [handler for handler in node.handlers if not ends_path(handler.body)]
        self._within(scopes.TRY, node.body, node, transparent=not falls)
        for handler in node.handlers:
            self._expr(handler.type)
            before = self._enter(scopes.EXCEPT, handler)
            if handler.name:
                self._bind(handler.name, "caught", handler.type)
            self._body(handler.body)
            self._block = before
        if node.orelse:
            self._within(scopes.ELSE, node.orelse, transparent=not falls)
        if node.finalbody:
            self._within(scopes.FINALLY, node.finalbody, transparent=True)

    _visit_TryStar = _visit_Try

    def _visit_Match(self, node: ast.Match) -> None:
        self._expr(node.subject)
        for case in node.cases:
            before = self._enter(scopes.CASE, case)
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    self._bind(name, "opaque", None)
            self._expr(case.guard)
            self._body(case.body)
            self._block = before

    # --- definitions -------------------------------------------------------------------------------------------

    def _visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self._expr(decorator)
        arguments = node.args
        for default in (*arguments.defaults, *arguments.kw_defaults):
            self._expr(default)
        outer, block, class_record, outer_call = self._frame, self._block, self._class, self._outer
        self._order += 1
        order = self._order
        is_method = outer.kind == "class"
        prefix = "" if outer.kind == "module" else outer.qualname + ("." if is_method else ".<locals>.")
        frame = self._open("method" if is_method else "function", node, node.name, prefix + node.name, outer)
        frame.decorated_in = (block, order)
        frame.is_async = isinstance(node, ast.AsyncFunctionDef)
        self._bind(node.name, "function", node, frame.index)
        if is_method and class_record is not None:
            frame.class_index = class_record.index
            class_record.methods[node.name] = frame.index
        elif outer.kind in ("method", "function", "lambda"):
            frame.class_index = -1
        frame.parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        if is_method and not _is_static(node) and (arguments.posonlyargs or arguments.args):
            frame.self_name = frame.parameters[0].arg
        elif not is_method and outer.self_name is not None and outer.self_name not in {a.arg for a in frame.parameters}:
            frame.self_name = outer.self_name
        self._frame, self._block = frame, 0
        if not is_method and outer.kind == "module":
            self._class = None
        for position, parameter in enumerate(frame.parameters):
            self._bind(parameter.arg, "parameter", parameter, position)
        for star in (arguments.vararg, arguments.kwarg):
            if star is not None:
                self._bind(star.arg, "opaque", None)
        self._body(node.body)
        self._frame, self._block, self._class, self._outer = outer, block, class_record, outer_call

    _visit_AsyncFunctionDef = _visit_FunctionDef

    def _visit_Lambda(self, node: ast.Lambda) -> None:
        for default in (*node.args.defaults, *node.args.kw_defaults):
            self._expr(default)
        outer, block, outer_call = self._frame, self._block, self._outer
        frame = self._open("lambda", node, "<lambda>", f"{outer.qualname}.<lambda>".lstrip("."), outer)
        frame.decorated_in = (block, self._order)
        frame.self_name = outer.self_name
        frame.parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        self._frame, self._block = frame, 0
        for position, parameter in enumerate(frame.parameters):
            self._bind(parameter.arg, "parameter", parameter, position)
        self._expr(node.body)
        frame.returns.append((node.body, 0, self._order))
        self._frame, self._block, self._outer = outer, block, outer_call

    def _visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self._expr(part)
        outer, block, class_record = self._frame, self._block, self._class
        self._order += 1
        prefix = "" if outer.kind == "module" else outer.qualname + (".<locals>." if outer.kind != "class" else ".")
        frame = self._open("class", node, node.name, prefix + node.name, outer)
        frame.decorated_in = (block, self._order)
        record = ClassRecord(node, frame, len(self.classes), outer, self._order, block)
        frame.class_index = record.index
        self.classes.append(record)
        self._bind(node.name, "class", node, record.index)
        self._frame, self._block, self._class = frame, 0, record
        self._body(node.body)
        self._frame, self._block, self._class = outer, block, class_record

    # --- expressions -------------------------------------------------------------------------------------------

    def _visit_Call(self, node: ast.Call, awaited: bool = False) -> None:
        frame = self._frame
        index = len(frame.calls)
        frame.calls.append(CallRecord(node, self._block, self._order, awaited, self._outer))
        func = node.func
        if func.__class__ is ast.Attribute:
            self._expr(func.value)
        elif func.__class__ is not ast.Name:
            self._expr(func)
        dispatch = self._dispatch
        for argument in node.args:
            self._outer = index
            if argument.__class__ is ast.Starred:
                argument = argument.value
            dispatch.get(argument.__class__, _GENERIC)(self, argument)
        for keyword in node.keywords:
            self._outer = index
            value = keyword.value
            dispatch.get(value.__class__, _GENERIC)(self, value)
        self._outer = -1

    def _visit_Await(self, node: ast.Await) -> None:
        value = node.value
        if value.__class__ is ast.Call:
            outer = self._outer
            if ast.Call in self._wanted:
                self.note(value)
            self._outer = outer
            self._visit_Call(value, awaited=True)
        else:
            self._frame.awaits.append((value, self._block, self._order))  # type: ignore[arg-type]
            self._expr(value)

    def _visit_Attribute(self, node: ast.Attribute) -> None:
        frame = self._frame
        root: ast.expr = node
        while root.__class__ is ast.Attribute:
            inner, root = root, root.value
        if root.__class__ is ast.Name:
            name = root.id
            if frame.is_async:
                frame.loads.append((node, self._block, self._order))
            if name == frame.self_name:
                frame.self_reads.add(inner.attr)
                if inner is not node:
                    frame.reads.append((node, self._block, self._order))
            elif (
                name in frame.row_names
                or (name in frame.bindings and _is_row_like(frame.bindings[name][0]))
                or self._comprehension_name(name)
            ):
                frame.reads.append((node, self._block, self._order))
        else:
            self._outer = -1
            self._dispatch.get(root.__class__, _GENERIC)(self, root)

    def _comprehension_name(self, name: str) -> bool:
        blocks, index = self._frame.blocks, self._block
        while index >= 0:
            block = blocks[index]
            if block.names is not None and name in block.names:
                return True
            index = block.parent
        return False

    def _comprehension(self, node: Any, *results: ast.expr) -> None:
        before = self._block
        for generator in node.generators:
            self._expr(generator.iter)
            self._frame.iterations.append((generator.iter, self._block, self._order, bool(generator.is_async)))
            self._enter(scopes.COMPREHENSION, generator)
            block = self._frame.blocks[self._block]
            block.names = {}
            self._order += 1
            self._comprehension_target(generator.target, generator.iter, block.names, ())
            for condition in generator.ifs:
                self._expr(condition)
                self._note_checks(condition, self._block, holds=True)
        for result in results:
            self._expr(result)
        self._block = before

    def _comprehension_target(
        self, target: ast.expr, iterable: ast.expr, names: dict[str, Binding], path: tuple[int, ...]
    ) -> None:
        if isinstance(target, ast.Name):
            how = "element/unpack" if path else "element"
            names[target.id] = Binding(how, iterable, self._frame.blocks[self._block].parent, self._order, path)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for position, element in enumerate(target.elts):
                self._comprehension_target(element, iterable, names, (*path, position))

    def _visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self._comprehension(node, node.elt)

    _visit_SetComp = _visit_ListComp
    _visit_GeneratorExp = _visit_ListComp

    def _visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node, node.key, node.value)

    def _visit_Yield(self, node: ast.Yield) -> None:
        self._frame.is_generator = True
        if node.value is not None:
            self._expr(node.value)
            self._frame.yields.append((node.value, self._block, self._order))

    def _visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self._frame.is_generator = True
        self._expr(node.value)
        self._frame.iterations.append((node.value, self._block, self._order, False))


def _root_name(node: ast.expr) -> str:
    """The name that a chain of attributes and items starts from; empty where it starts from something else."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_row_like(binding: Binding) -> bool:
    """Whether a name holds a parameter, an item of a loop, or what was read from one: ``owner = order.customer``."""
    return binding.how in ("parameter", "element") or (
        binding.how == "assign" and isinstance(binding.value, ast.Attribute)
    )


def _nothing(visit: Visit, node: ast.AST) -> None:
    """Leaves have nothing below them."""


def _noting(inner: _Handler) -> _Handler:
    """A handler that also remembers the node, for the checks that asked for its type."""

    def handle(visit: Visit, node: ast.AST) -> None:
        visit.note(node)
        inner(visit, node)

    return handle


def _is_static(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)


def _special_test(test: ast.expr, module: Frame) -> str | None:
    """``if TYPE_CHECKING``, under any name it was imported by, and ``if __name__ == "__main__"``."""
    name = getattr(test, "id", None) or getattr(test, "attr", None)
    if isinstance(test, ast.Name) and test.id in module.bindings:
        imported = module.bindings[test.id][-1].detail
        name = imported[-1] if isinstance(imported, tuple) and imported else name
    if name == "TYPE_CHECKING":
        return scopes.TYPE_CHECKING
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__":
        return scopes.MAIN
    return None


_Handler = Callable[[Visit, Any], None]
_GENERIC: _Handler = Visit._generic
_HANDLERS: dict[type[ast.AST], _Handler] = {
    getattr(ast, name.removeprefix("_visit_")): handler
    for name, handler in vars(Visit).items()
    if name.startswith("_visit_") and hasattr(ast, name.removeprefix("_visit_"))
}
for _leaf in _LEAVES:
    _HANDLERS[_leaf] = _nothing
