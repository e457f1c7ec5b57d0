"""Places that a rule could be about, found by syntax and names: never by what the tool says of them.

Each candidate has a *kind*, words that say how plausible it looks. A sample is drawn from the kinds in turn, because a
plain draw would give hardly anything but places where nothing is wrong.
"""

from __future__ import annotations

import ast
import os
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.dev.accuracy.words import called_name, imports_of, is_named, own_nodes, words
from flake8_backend.knowledge.names import top_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    Function = ast.FunctionDef | ast.AsyncFunctionDef
    Frame = ast.AST

_SKIPPED = frozenset({"node_modules", "tests", "test", "testing", "docs", "docs_src", "examples"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LISTING = re.compile(r"list|all|index|search|get_\w+s\Z")
_BOUND = re.compile(r"limit|pagina|per_page|page_size|first|\btop\b|offset|slice")
_VIEW = re.compile(r"View|Resource|Controller|API|Query")
_VERBS = frozenset({"get", "route", "api_route", "websocket", "field", "action", "list_route"})
_BLOCK = re.compile(r"{%-?\s*for\s+(\w+)(?:\s*,\s*\w+)*\s+in\s+[^%]*%}")


@dataclass(frozen=True, order=True)
class Candidate:
    """A place for a rule; ``until`` is its last line where the place is a whole function or class."""

    rule: str
    path: str
    line: int
    kind: str = field(compare=False)
    until: int = field(default=0, compare=False)


@dataclass
class Module:
    """A parsed file."""

    path: str
    tree: ast.Module
    imports: dict[str, str]
    frames: list[Function] = field(default_factory=list)


@dataclass
class Names:
    """What the names of a project may stand for."""

    functions: dict[str, list[Function]] = field(default_factory=lambda: defaultdict(list))
    relations: set[str] = field(default_factory=set)
    blocking: set[str] = field(default_factory=set)  # plain functions in which a blocking name is called
    querying: set[str] = field(default_factory=set)  # functions in which a query name is called


def candidates(folder: Path) -> list[Candidate]:
    """Every candidate below ``folder``, in order."""
    modules, templates = _read(folder)
    names = _names(modules)
    found = {
        each for module in modules for finder in _FINDERS for each in finder(module, names) if not _is_test(module.path)
    }
    for path, text in templates:
        found.update(_template_loops(path, text, names))
    return sorted(found)


def _read(folder: Path) -> tuple[list[Module], list[tuple[str, str]]]:
    modules, templates = [], []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        for name in sorted(files):
            path = Path(root, name)
            relative = path.relative_to(folder).as_posix()
            if not name.endswith((".py", ".html", ".jinja", ".jinja2")):
                continue
            try:
                text = path.read_text(encoding="utf-8")
                if not name.endswith(".py"):
                    templates.append((relative, text))
                    continue
                tree = ast.parse(text)
            except (OSError, ValueError, SyntaxError):
                continue
            frames = [node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)]
            modules.append(Module(relative, tree, imports_of(tree), frames))
    return modules, templates


def _is_test(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith(("test_", "conftest", "tests.")) or name.endswith("_test.py")


def _names(modules: list[Module]) -> Names:
    names = Names()
    relations, blocking, queries = (
        words().last(group) for group in (words().relations, words().blocking, words().queries)
    )
    for module in modules:
        for frame in module.frames:
            names.functions[frame.name].append(frame)
            called = {called_name(node) for node in own_nodes(frame) if isinstance(node, ast.Call)}
            if called & blocking and isinstance(frame, ast.FunctionDef):
                names.blocking.add(frame.name)
            if called & queries:
                names.querying.add(frame.name)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if called_name(node.value) in relations:
                    names.relations.update(each.id for each in targets if isinstance(each, ast.Name))
                    names.relations.update(_reverse_names(node.value))
    return names


def _reverse_names(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg in {"related_name", "back_populates", "backref"} and isinstance(keyword.value, ast.Constant):
            yield str(keyword.value.value)


# One finder for each rule


def _blocking(module: Module, names: Names) -> Iterator[Candidate]:
    last = words().last(words().blocking)
    for frame in module.frames:
        if not isinstance(frame, ast.AsyncFunctionDef):
            continue
        awaited = {id(node.value) for node in own_nodes(frame) if isinstance(node, ast.Await)}
        for call in own_nodes(frame):
            if not isinstance(call, ast.Call):
                continue
            name = called_name(call)
            if id(call) in awaited:
                kind = "awaited" if name in last else ""
            elif is_named(call.func, module.imports, words().blocking):
                kind = "named"
            elif name in names.blocking and 0 < len(names.functions[name]) <= 3:
                kind = "through a function"
            elif any(inner in names.blocking for inner in _called_by(names, name)):
                kind = "through two functions"
            elif name in last:
                kind = "method"
            else:
                kind = ""
            if kind:
                yield Candidate("BE001", module.path, call.lineno, kind)


def _called_by(names: Names, name: str) -> Iterator[str]:
    found = names.functions.get(name, [])
    if not 0 < len(found) <= 2:
        return
    for function in found:
        if isinstance(function, ast.FunctionDef):
            for node in own_nodes(function):
                if isinstance(node, ast.Call) and 0 < len(names.functions.get(called_name(node), [])) <= 2:
                    yield called_name(node)


def _waiting(module: Module, _names: Names) -> Iterator[Candidate]:
    imported = {top_of(name) for name in module.imports.values()}
    last = words().last(name for name in words().waiting if top_of(name) in imported)
    for call in ast.walk(module.tree):
        if not isinstance(call, ast.Call) or called_name(call) not in last:
            continue
        bounded = any("timeout" in (keyword.arg or "") for keyword in call.keywords)
        starred = any(keyword.arg is None for keyword in call.keywords)
        how = "with timeout" if bounded else "with **" if starred else "without timeout"
        if is_named(call.func, module.imports, words().waiting):
            yield Candidate("BE002", module.path, call.lineno, f"named {how}")
        elif isinstance(call.func, ast.Attribute):
            yield Candidate("BE002", module.path, call.lineno, f"method {how}")


def _sql(module: Module, _names: Names) -> Iterator[Candidate]:
    last = words().last(words().sql)
    texts = {
        ast.unparse(target)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign | ast.AugAssign) and _is_text(node.value)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    for call in ast.walk(module.tree):
        if isinstance(call, ast.Call) and called_name(call) in last and call.args:
            kind = _text_kind(call.args[0])
            if kind:
                known = " of a text" if ast.unparse(call.args[0]) in texts else ""
                yield Candidate("BE003", module.path, call.lineno, kind + known)


def _is_text(node: ast.expr) -> bool:
    return _text_kind(node) in {"f-string", "operator", "format"} or isinstance(getattr(node, "value", None), str)


def _text_kind(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "f-string"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
        return "operator"
    if isinstance(node, ast.Call):
        return "format" if called_name(node) in {"format", "join", "replace"} else "call"
    return {ast.Name: "name", ast.Attribute: "attribute"}.get(type(node), "")


def _lists(module: Module, names: Names) -> Iterator[Candidate]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and any(_VIEW.search(ast.unparse(base)) for base in node.bases):
            methods = [each for each in node.body if isinstance(each, _FUNCTIONS) and each.name in {"get", "list"}]
            for method in methods:
                yield _handler(module, method, names, "method")
            if not methods and re.search(r"queryset|model\b|ListView", ast.unparse(node)):
                yield Candidate("BE004", module.path, node.lineno, "class", node.end_lineno or 0)
        elif isinstance(node, _FUNCTIONS):
            verbs = {called_name(each) for each in node.decorator_list if isinstance(each, ast.Call)}
            bare = {each.attr for each in node.decorator_list if isinstance(each, ast.Attribute)}
            is_django = bool(node.args.args) and node.args.args[0].arg == "request"
            if (verbs | bare) & _VERBS or is_django:
                yield _handler(module, node, names, "function")


def _handler(module: Module, function: Function, names: Names, what: str) -> Candidate:
    text = ast.unparse(function)
    called = {called_name(node) for node in own_nodes(function) if isinstance(node, ast.Call)}
    plain = {"all", "fetchall", "scalars", "select", "filter", "objects", "list"}
    how = "reads" if called & plain or ".objects" in text else "calls" if called & names.querying else "other"
    listing = "list" if _LISTING.search(function.name) or what == "method" else "one"
    bound = "bound" if _BOUND.search(text) else "free"
    start = min([function.lineno, *(each.lineno for each in function.decorator_list)])
    return Candidate("BE004", module.path, start, f"{what} {how} {listing} {bound}", function.end_lineno or 0)


def _per_item(module: Module, names: Names) -> Iterator[Candidate]:
    last = words().last(words().queries)
    for loop in ast.walk(module.tree):
        if not isinstance(loop, _LOOPS):
            continue
        loops = [loop] if isinstance(loop, ast.For | ast.AsyncFor) else loop.generators
        targets = [each.target for each in loops]
        variables = {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
        for node in _body(loop):
            kind = _read_kind(node, variables, last, names)
            if kind:
                yield Candidate("BE005", module.path, node.lineno, kind)


def _body(loop: ast.AST) -> Iterator[ast.expr]:
    if isinstance(loop, ast.For | ast.AsyncFor):
        parts: list[ast.AST] = list(loop.body)
    elif isinstance(loop, ast.DictComp):
        parts = [loop.key, loop.value]
    else:
        parts = [loop.elt] if isinstance(loop, ast.ListComp | ast.SetComp | ast.GeneratorExp) else []
    for part in parts:
        yield from (node for node in ast.walk(part) if isinstance(node, ast.expr))


def _read_kind(node: ast.expr, variables: set[str], last: frozenset[str], names: Names) -> str:
    if isinstance(node, ast.Attribute) and node.attr in names.relations:
        return "relation" if isinstance(node.value, ast.Name) and node.value.id in variables else ""
    if not isinstance(node, ast.Call):
        return ""
    text = ast.unparse(node.func)
    if called_name(node) in last and re.search(r"objects|session|query|\bdb\b|cursor|execute|_set\b", text):
        return "query"
    if (
        isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Attribute)
        and called_name(node) in last
    ):
        return "manager" if node.func.value.attr in names.relations else ""
    if called_name(node) in names.querying and 0 < len(names.functions[called_name(node)]) <= 2:
        return "through a function"
    return ""


def _serializers(module: Module, names: Names) -> Iterator[Candidate]:
    last = words().last(words().queries)
    for node in ast.walk(module.tree):
        bases = " ".join(map(ast.unparse, node.bases)) if isinstance(node, ast.ClassDef) else ""
        if not isinstance(node, ast.ClassDef) or not re.search(r"View|Serializer|Schema|Type\b|Model\b", bases):
            continue
        for each in node.body:
            if isinstance(each, ast.Assign) and "View" in bases and ast.unparse(each.targets[0]) == "queryset":
                yield Candidate("BE005", module.path, each.lineno, "view")
            elif isinstance(each, _FUNCTIONS) and "View" not in bases and _queries_own(each, last, names):
                yield Candidate("BE005", module.path, each.lineno, "method of a record", each.end_lineno or 0)


def _queries_own(function: Function, last: frozenset[str], names: Names) -> bool:
    if not (function.name.startswith(("get_", "resolve_")) or function.decorator_list):
        return False
    read = {node.attr for node in own_nodes(function) if isinstance(node, ast.Attribute)}
    return bool(read & names.relations) and bool(read & last)


def _template_loops(path: str, text: str, names: Names) -> Iterator[Candidate]:
    for opening in _BLOCK.finditer(text):
        body = text[opening.end() :].partition("endfor")[0]
        for read in re.finditer(rf"\b{opening[1]}\.(\w+)\.(\w+)", body):
            if read[1] in names.relations:
                line = text.count("\n", 0, opening.end() + read.start()) + 1
                yield Candidate("BE005", path, line, "template")


_FINDERS = (_blocking, _waiting, _sql, _lists, _per_item, _serializers)
