"""By what name a place can reach a module or one of its members, and whether that name is free for an import.

An import counts only when it is sure to have run: not one under ``if`` (``TYPE_CHECKING`` above all), ``try`` or
``with``, and not one further down than code that runs at import time.
"""

from __future__ import annotations

import ast
import builtins
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_backend.fixes.plan import CannotFix, ImportRequest
from flake8_backend.fixes.syntax import Function, ParsedFile, Place, span_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Scope = ast.Module | Function | ast.ClassDef | ast.Lambda | Comprehension
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Binding:
    """One way in which a scope gives a meaning to a name.

    ``path`` is the dotted path of the module, or of the member of a module, that it means; None for all that is not
    an absolute import. ``dotted`` is the whole path of ``import a.b``, which binds ``a`` and makes ``a.b`` available.
    """

    name: str
    node: ast.AST
    path: str | None = None
    dotted: str | None = None
    is_sure: bool = False

    def reaches(self, path: str) -> str | None:
        """The expression by which this binding gives the module, or the member of a module, at a dotted path."""
        if self.dotted is not None:
            return path if self.dotted == path or self.dotted.startswith(f"{path}.") else None
        return self.name if self.path == path else None


def _imported(node: ast.Import | ast.ImportFrom, *, is_sure: bool) -> Iterator[Binding]:
    for alias in node.names:
        if isinstance(node, ast.Import):
            root = alias.name.partition(".")[0]
            if alias.asname:
                yield Binding(alias.asname, node, alias.name, is_sure=is_sure)
            else:
                yield Binding(root, node, root, alias.name, is_sure)
        elif alias.name != "*":
            path = f"{node.module}.{alias.name}" if node.module and not node.level else None
            yield Binding(alias.asname or alias.name, node, path, is_sure=is_sure)


def _named(node: ast.AST) -> Iterator[Binding]:
    """What a node binds by itself, imports aside."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield Binding(node.id, node)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield Binding(node.name, node)
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        if node.name:
            yield Binding(node.name, node)
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield Binding(node.rest, node)
    elif isinstance(node, ast.arg):
        yield Binding(node.arg, node)


def _walk(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes below that belong to the same scope; of a comprehension, only what it binds outside itself."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _COMPREHENSION):
            waiting += [part.target for part in ast.walk(node) if isinstance(part, ast.NamedExpr)]
        elif not isinstance(node, (*_FUNCTION, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def bindings(scope: Scope) -> list[Binding]:
    """Everything that the scope binds, its nested scopes aside."""
    if isinstance(scope, Comprehension):
        parts: list[ast.AST] = [generator.target for generator in scope.generators]
    elif isinstance(scope, ast.Lambda):
        parts = [*ast.walk(scope.args), scope.body]
    else:
        parts = [*scope.body, *(ast.walk(scope.args) if isinstance(scope, _FUNCTION) else ())]
    direct = set(map(id, parts))
    found: list[Binding] = []
    elsewhere: set[str] = set()
    for node in _walk(parts):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += _imported(node, is_sure=id(node) in direct)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            elsewhere.update(node.names)
        else:
            found += _named(node)
    return [binding for binding in found if binding.name not in elsewhere]


@functools.lru_cache(maxsize=2)
def _module_bindings(tree: ast.Module) -> tuple[Binding, ...]:
    """What the module binds, from within functions (``global``) as well; kept for the fixes of one round."""
    declared = [node for node in ast.walk(tree) if isinstance(node, ast.Global)]
    return (*bindings(tree), *(Binding(name, node) for node in declared for name in node.names))


def _contains(file: ParsedFile, node: ast.AST, place: Place) -> bool:
    start, end = file.source.offsets(span_of(node))
    return start <= place.start and place.end <= end


def enclosing_scopes(place: Place) -> list[Scope]:
    """The scopes that a name at ``place`` is looked up in, innermost first, without the module."""
    scopes: list[Scope] = []
    for around in place.around:
        statement = around.statement
        if isinstance(statement, (*_FUNCTION, ast.ClassDef)) and place.file.start(statement.body[0]) <= place.start:
            # A class is looked up in only by its own body.
            scopes = [scope for scope in scopes if not isinstance(scope, ast.ClassDef)]
            scopes.append(statement)
    if place.around:
        for node in _below(place.around[-1].statement):
            inner = node.body if isinstance(node, ast.Lambda) else node
            if isinstance(node, (ast.Lambda, *_COMPREHENSION)) and _contains(place.file, inner, place):
                scopes.append(node)
    return scopes[::-1]


def _below(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement without the statements in it, outer ones first."""
    level: list[ast.AST] = [statement]
    while level:
        yield from level
        level = [child for node in level for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]


def local_name(place: Place, module: str, name: str | None) -> tuple[str, ImportRequest | None]:
    """The expression that means the module or its member at ``place``, and the import that this needs, if any.

    Raises CannotFix when the name means something else there.
    """
    hidden: set[str] = set()
    scopes = enclosing_scopes(place)
    early = not any(isinstance(scope, (*_FUNCTION, ast.Lambda)) for scope in scopes)
    for scope in scopes:
        found = bindings(scope)
        reached = _reached(found, place, module, name, hidden=hidden, early=True)
        if reached:
            return reached, None
        hidden.update(binding.name for binding in found)
    in_module = _module_bindings(place.file.tree)
    reached = _reached(in_module, place, module, name, hidden=hidden, early=early)
    if reached:
        return reached, None
    request = ImportRequest(module, name, early)
    if request.binds in hidden or not _is_free(request, in_module):
        raise CannotFix(f"the name `{request.binds}` means something else here")
    return name or module, request


def is_free(file: ParsedFile, name: str) -> bool:
    """Whether nothing in the module binds a name, and it is no builtin."""
    return all(binding.name != name for binding in _module_bindings(file.tree)) and not hasattr(builtins, name)


def _is_free(request: ImportRequest, found: Iterable[Binding]) -> bool:
    """Whether an import may bind the name in the module: nothing does, or an import that means the same."""
    path = f"{request.module}.{request.name}" if request.name else request.binds
    others = [binding for binding in found if binding.name == request.binds]
    return all(other.path == path for other in others) and (bool(others) or not hasattr(builtins, request.binds))


def _reached(
    found: Sequence[Binding], place: Place, module: str, name: str | None, *, hidden: set[str], early: bool
) -> str | None:
    """The expression by which sure imports of one scope give the module or its member."""
    usable = [
        binding
        for binding in found
        if binding.is_sure
        and binding.name not in hidden
        and (not early or place.file.source.offsets(span_of(binding.node))[1] <= place.start)
        and all(other.path == binding.path for other in found if other.name == binding.name)
    ]
    through = next(filter(None, (binding.reaches(module) for binding in usable)), None)
    if name is None:
        return through
    direct = next((binding.name for binding in usable if binding.path == f"{module}.{name}"), None)
    return direct or (f"{through}.{name}" if through else None)
