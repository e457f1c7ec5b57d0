"""How code is named in messages: callees without their arguments, objects by what they are mostly called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flake8_backend.project.values import Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from flake8_backend.project.views.view import FunctionView


def describe(function: FunctionView, index: int) -> str:
    """A callee as code shows it, without arguments: ``Order.objects.filter(…).first``; empty where it has no name."""
    term = function.term(index)
    operator = term[0]
    if operator == terms.NAME:
        return _short(function, str(term[1]))
    if operator == terms.ATTRIBUTE:
        owner = describe(function, term[1])
        return f"{owner}.{term[2]}" if owner else ""
    if operator == terms.CALL:
        inner = describe(function, term[1])
        return f"{inner}(…)" if inner else ""
    if operator in (terms.SELF, terms.SUPER):
        return "self"
    if operator == terms.CLASS:
        return function.module.class_(term[1]).name
    if operator == terms.PARAMETER:
        return str(function.module.function(term[1]).parameters[term[2]][0])
    if operator == terms.ENTER:
        return _noun(function.value(index)) or describe(function, term[1])
    if operator == terms.UNION:
        # what was assigned last says most: `found = Order.objects.none()`, then `found = Order.objects.filter(…)`
        return next((name for option in reversed(term[1]) if (name := describe(function, option))), "")
    if operator in (terms.AWAIT, terms.ALLOWED):
        return describe(function, term[1])
    for value in options(function.value(index)):
        if isinstance(value, Instance) and value.cls.home is not None:
            return snake(value.cls.name)
    return ""


def _noun(value: Value | None) -> str:
    """What an object is mostly called: an ``AsyncSession`` is a session."""
    for option in options(value):
        if isinstance(option, Instance):
            return snake(option.cls.name).rpartition("_")[2]
    return ""


def _short(function: FunctionView, dotted: str) -> str:
    """A dotted name without the module that it is defined in."""
    home, rest = function.solution.table.split(dotted)
    if home is not None and rest:
        return rest
    parts = dotted.removeprefix("builtins.").split(".")
    for position, part in enumerate(parts):
        if part[:1].isupper():
            return ".".join(parts[position:])
    return ".".join(parts[-2:])


def snake(name: str) -> str:
    """A variable's name for an object: ``shop.OrderLine`` is ``order_line``."""
    bare = name.rpartition(".")[2]
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]", bare)
    return "_".join(words).lower() or bare.lower()
