"""Small projects given as text, solved, and the values of names in them."""

from __future__ import annotations

import ast
import textwrap
from typing import TYPE_CHECKING

from flake8_backend.config import Options
from flake8_backend.knowledge import loader
from flake8_backend.project.modules import Module, ModuleTable
from flake8_backend.project.solution import Solution
from flake8_backend.project.values import (
    Awaitable,
    ClassRef,
    Constant,
    External,
    FunctionRef,
    Instance,
    Items,
    ModuleRef,
    Relation,
    Union,
    Value,
)
from flake8_backend.semantic.summarise import summarise

if TYPE_CHECKING:
    from collections.abc import Mapping


def solve(sources: Mapping[str, str]) -> Solution:
    """The project of ``sources``: dotted module names (a trailing ``/`` marks a package) to texts."""
    modules = []
    for name, text in sources.items():
        dotted = name.rstrip("/")
        summary = summarise(ast.parse(textwrap.dedent(text)), dotted, is_package=name.endswith("/"))
        modules.append(Module(dotted, dotted.replace(".", "/") + ".py", summary))
    table = ModuleTable(modules)
    return Solution(table, loader.load(table.imports), Options())


def told(value: Value | None) -> str:
    """A value as the tests write it."""
    if isinstance(value, Instance):
        inner = f"[{', '.join(told(argument) for argument in value.args)}]" if value.args else ""
        return f"<{value.cls.name}{inner}>"
    if isinstance(value, ClassRef):
        return f"class {value.name}"
    if isinstance(value, FunctionRef):
        return f"def {value.module}:{value.index}"
    if isinstance(value, External):
        return f"library {value.name}"
    if isinstance(value, Constant):
        return repr(value.value)
    if isinstance(value, Awaitable):
        return f"awaitable {told(value.value)}"
    if isinstance(value, Items):
        return f"({', '.join(map(told, value.items))})"
    if isinstance(value, Union):
        return " | ".join(sorted(map(told, value.options)))
    if isinstance(value, ModuleRef):
        return f"module {value.name}"
    if isinstance(value, Relation):
        return f"relation {value.owner.name}.{value.name}"
    return "unknown" if value is None else type(value).__name__


def value_of(sources: Mapping[str, str], dotted: str) -> str:
    """What an absolute name denotes in the project."""
    return told(solve(sources).evaluator.resolve(dotted))


def result_in(text: str, function: str = "f") -> str:
    """What the function ``f`` of the only module returns."""
    solution = solve({"app": text})
    value = solution.evaluator.resolve(f"app.{function}")
    assert isinstance(value, FunctionRef), told(value)
    summary = solution.table.by_name["app"].function(value.index)
    module = solution.table.by_name["app"]
    return " / ".join(told(solution.evaluator.value(module, output[0])) for output in summary.outputs)
