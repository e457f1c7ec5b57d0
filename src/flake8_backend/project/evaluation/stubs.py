"""Generated clients of remote services: what their methods do depends on the channel that they are made on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import ClassRef, Instance, Value
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.knowledge.facts import CallFact, MarkerFact
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


def _maker(evaluator: Evaluator, cls: ClassRef, name: str) -> str | None:
    """The method of the channel that makes this method of a generated client, where the generated code is there."""
    if cls.home is None:
        return None
    module = evaluator.table.by_name[cls.home[0]]
    for index in module.class_(cls.home[1]).instance.get(name, ()):
        term = module.summary.terms[index]
        callee = module.summary.terms[term[1]] if term[0] == terms.CALL else term
        if callee[0] == terms.ATTRIBUTE:
            return str(callee[2])
    return None


def rpc(evaluator: Evaluator, stub: Instance, name: str) -> CallFact | None:
    """What is known of a remote call whatever its channel: how long it waits, but not whether it blocks."""
    marker = _marker(evaluator, stub.cls)
    if marker is None or not marker.options:
        return None
    channel = marker.options[0].means
    fact = evaluator.knowledge.call(f"{channel}.{_maker(evaluator, stub.cls, name) or marker.handler}")
    return evaluator.knowledge.call(f"{fact.returns.name}.__call__") if fact is not None and fact.returns else None


def method(evaluator: Evaluator, stub: Instance, name: str) -> Value | None:
    """What a method of a generated client is: what the channel's method makes that it or the pack names."""
    marker = _marker(evaluator, stub.cls) if stub.args else None
    channel = stub.args[0] if stub.args else None
    if marker is None or not isinstance(channel, Instance):
        return None
    maker = _maker(evaluator, stub.cls, name) or marker.handler
    for base in evaluator.library_bases(channel.cls):
        fact = evaluator.knowledge.call(f"{base}.{maker}")
        if fact is not None and fact.returns is not None:
            return evaluator.instantiate(fact.returns, channel, None)
    return None
