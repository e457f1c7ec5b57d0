"""Looks names up in the interpreter it runs in: modules, classes, methods, attributes. Standard library only.

It runs beside ``probe`` inside a throw-away environment, where this project is not installed.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import inspect
import re
import textwrap
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# what libraries keep the fields of a class in, whose names are then attributes of its instances
_FIELD_TABLES = ("model_fields", "__dataclass_fields__", "__struct_fields__", "__attrs_attrs__", "_declared_fields")
_ABSENT = object()


class Wrong(Exception):
    """The name is not there; the text says what is there instead."""


class Unchecked(Exception):
    """The name cannot be looked up; the text says why, in words that are counted."""


@dataclass(frozen=True)
class Found:
    """What a name stands for. ``owner`` is the class it was read on; ``raw`` what that class holds.

    ``is_value`` is False where only the existence of an attribute of instances is known.
    """

    value: Any
    owner: type | None = None
    raw: Any = None
    is_value: bool = True


class Finder:
    """Finds dotted names. ``objects``: names of objects whose type is told, ``flask.request`` for instance."""

    def __init__(self, objects: Mapping[str, str]) -> None:
        self._objects = objects
        self._known: dict[str, Found | Exception] = {}

    def find(self, name: str) -> Found:
        """What ``name`` stands for; raises Wrong or Unchecked."""
        if name not in self._known:
            try:
                self._known[name] = self._find(name)
            except (Wrong, Unchecked) as problem:
                self._known[name] = problem
        known = self._known[name]
        if isinstance(known, Exception):
            raise known
        return known

    def _find(self, name: str) -> Found:
        prefix, _, last = name.rpartition(".")
        if not prefix:
            return Found(_imported(name))
        told = self._objects.get(prefix)
        holder = self.find(told) if told is not None and told != prefix else self.find(prefix)
        if not holder.is_value:
            raise Unchecked("belongs to an attribute of instances")
        return _member(holder.value, last, name)


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise Wrong(f"no module {name}") from error
        raise Unchecked(f"its import needs {error.name}") from error
    except Exception as error:  # whatever a library does when it is imported
        raise Unchecked(f"its import raises {type(error).__name__}") from error


def _member(holder: Any, last: str, name: str) -> Found:
    if isinstance(holder, ModuleType):
        return _of_module(holder, last, name)
    if isinstance(holder, type):
        return _of_class(holder, last)
    if isinstance(holder, property) or inspect.isdatadescriptor(holder):
        raise Unchecked("belongs to the value of a property")
    try:
        return Found(getattr(holder, last))
    except AttributeError as error:
        if callable(holder) and not isinstance(holder, type) and hasattr(holder, "__name__"):
            raise Unchecked("belongs to what a function gives") from error
        raise Wrong(f"{type(holder).__name__} object has no {last}{_nearest(last, dir(holder))}") from error
    except Exception as error:
        raise Unchecked(f"reading it raises {type(error).__name__}") from error


def _of_module(module: ModuleType, last: str, name: str) -> Found:
    try:
        return Found(getattr(module, last))
    except AttributeError:
        pass
    except Exception as error:  # a module's own __getattr__
        raise Unchecked(f"its import raises {type(error).__name__}") from error
    if not hasattr(module, "__path__"):
        raise Wrong(f"{module.__name__} has no {last}{_nearest(last, dir(module))}")
    try:
        return Found(_imported(f"{module.__name__}.{last}"))
    except Wrong as problem:
        raise Wrong(f"{module.__name__} has no {last}{_nearest(last, dir(module))}") from problem


def _of_class(cls: type, last: str) -> Found:
    raw = inspect.getattr_static(cls, last, _ABSENT)
    value: Any = _ABSENT
    with contextlib.suppress(Exception):  # descriptors and metaclasses run any code
        value = getattr(cls, last)
    if value is _ABSENT:
        value = raw
    if value is not _ABSENT:
        return Found(value, cls, value if raw is _ABSENT else raw)
    if last in _instance_attributes(cls):
        return Found(None, cls, is_value=False)
    if any("__getattr__" in base.__dict__ for base in cls.__mro__):
        raise Unchecked("made by __getattr__")
    raise Wrong(f"{cls.__module__}.{cls.__qualname__} has no {last}{_nearest(last, dir(cls))}")


def _instance_attributes(cls: type) -> set[str]:
    return {name for base in cls.__mro__ if base is not object for name in _attributes_set_by(base)}


def _attributes_set_by(cls: type) -> Iterator[str]:
    with contextlib.suppress(NameError):  # annotations that are evaluated late
        yield from inspect.get_annotations(cls)
    slots = cls.__dict__.get("__slots__", ())
    yield from (slots,) if isinstance(slots, str) else slots
    for table in _FIELD_TABLES:
        fields = cls.__dict__.get(table, ())
        yield from (getattr(field, "name", field) for field in fields)
    for function in filter(inspect.isfunction, vars(cls).values()):  # some classes hide the module they are from
        try:
            source = textwrap.dedent(inspect.getsource(function))
        except (OSError, TypeError, IndentationError):
            continue
        yield from re.findall(r"\bself\.(\w+)(?:\s*:[^=\n]+)?\s*=(?!=)", source)
        for targets in re.findall(r"^\s*((?:self\.\w+,?\s*){2,})=", source, re.MULTILINE):
            yield from re.findall(r"self\.(\w+)", targets)


def _nearest(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f", but {close[0]}" if close else ""
