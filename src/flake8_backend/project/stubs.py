"""Generated clients of remote services: what their methods do depends on the channel that they are made on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import ClassRef, Instance, Value

if TYPE_CHECKING:
    from flake8_backend.knowledge.facts import MarkerFact
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

_SUFFIX = "Stub"


def _marker(evaluator: Evaluator, cls: ClassRef) -> MarkerFact | None:
    """The declaration that a class is a generated client."""
    if not cls.name.endswith(_SUFFIX):
        return None
    return next((marker for marker in evaluator.knowledge.markers(cls.name) if marker.kind == "client-stub"), None)


def made(evaluator: Evaluator, cls: ClassRef, module: Module, term: Sequence[Any]) -> Instance | None:
    """An object of a generated client class with its channel as the argument; None for other classes."""
    marker = _marker(evaluator, cls)
    if marker is None or not marker.options:
        return None
    option = marker.options[0]
    return Instance(cls, (evaluator.value(module, evaluator.argument(module, term, option.pos, option.param)),))


def method(evaluator: Evaluator, stub: Instance) -> Value | None:
    """What a method of a generated client is: what the channel's method that the pack names makes."""
    marker = _marker(evaluator, stub.cls) if stub.args else None
    channel = stub.args[0] if stub.args else None
    if marker is None or not isinstance(channel, Instance):
        return None
    for base in evaluator.library_bases(channel.cls):
        fact = evaluator.knowledge.call(f"{base}.{marker.handler}")
        if fact is not None and fact.returns is not None:
            return evaluator.instantiate(fact.returns, channel, None)
    return None
