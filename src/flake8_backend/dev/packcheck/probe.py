"""Checks claims of packs in the interpreter it runs in: ``python -I probe.py REQUEST.json ANSWER.jsonl``.

Every answer is one line, written at once: a library that ends the interpreter loses only what comes after it.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flake8_backend.dev.packcheck.lookup import Finder, Found, Unchecked, Wrong
else:
    from lookup import Finder, Found, Unchecked, Wrong

Json = dict[str, Any]
_NUMBERS = (int, float)
_EMPTY = inspect.Parameter.empty
_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Answer:
    """What was found out about one name: ``wrong`` parts, ``unchecked`` reasons, and how many parameters agreed."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.unchecked: list[str] = []
        self.parameters = {"verified": 0, "unchecked": 0}
        self.is_found = False

    def as_json(self, identity: int) -> Json:
        """One line of the answer."""
        return {
            "id": identity,
            "found": self.is_found,
            "wrong": self.wrong,
            "unchecked": self.unchecked,
            "parameters": self.parameters,
        }


class Probe:
    """Checks one claim after another."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder

    def check(self, claim: Json) -> Answer:
        """Everything that one name of a row says."""
        answer = Answer()
        if claim["gone"]:
            self._absent(claim, answer)
            return answer
        try:
            found = self._finder.find(claim["name"])
        except Wrong as problem:
            (answer.unchecked if claim["why"] else answer.wrong).append(claim["why"] or str(problem))
            return answer
        except Unchecked as problem:
            answer.unchecked.append(claim["why"] or str(problem))
            return answer
        answer.is_found = True
        self._members(claim, found, answer)
        for name in claim["names"]:
            self._named(name, answer)
        if claim["table"] in {"call", "marker"} and found.is_value:
            self._call(claim, found, answer)
        self._elsewhere(claim, answer)
        return answer

    def _absent(self, claim: Json, answer: Answer) -> None:
        """A name that this version has no more; some libraries leave an object there that raises when it is used."""
        answer.unchecked.append(claim["gone"])
        try:
            found = self._finder.find(claim["name"]).value
        except (Wrong, Unchecked):
            return
        if inspect.isroutine(found) or inspect.isclass(found):
            answer.wrong.append(f"is there, though the pack says: {claim['gone']}")

    def _named(self, name: str, answer: Answer) -> None:
        """Another name that the row tells of: a type, a base, an alternative."""
        try:
            self._finder.find(name)
        except Wrong as problem:
            answer.wrong.append(f"{name}: {problem}")
        except Unchecked:
            pass

    def _members(self, claim: Json, found: Found, answer: Answer) -> None:
        for member in claim["members"]:
            self._named(f"{claim['name']}.{member}", answer)
        for base in claim["bases"]:
            try:
                parent = self._finder.find(base).value
            except (Wrong, Unchecked):
                continue  # told with the names
            if isinstance(found.value, type) and isinstance(parent, type) and not issubclass(found.value, parent):
                answer.unchecked.append("read as a class that it does not inherit from")
        same = claim["same"]
        if same:
            try:
                other = self._finder.find(same).value
            except (Wrong, Unchecked):
                return
            if found.is_value and not _stands_for(found.value, other):
                answer.wrong.append(f"is nothing like {same}")

    def _call(self, claim: Json, found: Found, answer: Answer) -> None:
        kind = _kind(found)
        if claim["table"] == "call" and kind is not None:
            if kind not in claim["use"]:
                told = ", ".join(claim["use"]) or "as it is"
                answer.wrong.append(f"is used with {kind}, not {told}")
            if kind == "await" and claim["blocks"] and claim["use"] == ["await"]:
                answer.wrong.append("is a coroutine function and does not block")
        self._parameters(claim["parameters"], found, answer)

    def _elsewhere(self, claim: Json, answer: Answer) -> None:
        """Parameters that are given to another call."""
        for name, rows in claim["elsewhere"].items():
            self._parameters_there(name, rows, answer)

    def _parameters_there(self, name: str, rows: list[Json], answer: Answer) -> None:
        try:
            found = self._finder.find(name)
        except Wrong as problem:
            answer.wrong.append(f"{name}: {problem}")
        except Unchecked:
            answer.parameters["unchecked"] += len(rows)
        else:
            self._parameters(rows, found, answer, prefix=f"{name}: ")

    @staticmethod
    def _parameters(rows: list[Json], found: Found, answer: Answer, *, prefix: str = "") -> None:
        if not rows:
            return
        parameters = _parameters_of(found)
        for row in rows:
            wrong = None if parameters is None else _wrong_parameter(row, parameters)
            if wrong is not None:
                answer.wrong.append(prefix + wrong)
            agreed = parameters is not None and wrong is None and _is_told(row, parameters)
            answer.parameters["verified" if agreed else "unchecked"] += wrong is None


def _stands_for(value: Any, other: Any) -> bool:
    """Whether one can be read as the other: the same object, one of its kin, or what merely wraps it."""
    value, other = (getattr(each, "__origin__", each) for each in (value, other))  # typing.Iterable, for instance
    if isinstance(value, type) and isinstance(other, type):
        return issubclass(value, other) or issubclass(other, value)
    if inspect.ismodule(value) or inspect.isroutine(value):
        return type(value) is type(other) or getattr(value, "__name__", "") == getattr(other, "__name__", None)
    return value is other or bool(value == other)


def _kind(found: Found) -> str | None:
    """How the result must be used, where the function itself shows it."""
    if inspect.iscoroutinefunction(found.value):
        return "await"
    return "async for" if inspect.isasyncgenfunction(found.value) else None


def _parameters_of(found: Found) -> list[inspect.Parameter] | None:
    """What a call site passes, without the receiver; None where no signature is to be had."""
    try:
        parameters = list(inspect.signature(found.value).parameters.values())
    except (ValueError, TypeError):
        return _constructor(found.value) if isinstance(found.value, type) else None
    if inspect.isfunction(found.value) and found.owner is None and parameters and parameters[0].name == "self":
        return parameters[1:]  # a function that shows the signature of the method it calls
    if isinstance(found.value, type):
        is_plain = any(parameter.kind not in _VARIABLE for parameter in parameters)
        return parameters if is_plain else _constructor(found.value) or parameters
    if found.owner is not None and _takes_receiver(found):
        return parameters[1:] if parameters and parameters[0].kind not in _VARIABLE else parameters
    return parameters


def _constructor(cls: type) -> list[inspect.Parameter] | None:
    """For a class that only its metaclass or __init__ tells the parameters of."""
    try:
        return list(inspect.signature(inspect.getattr_static(cls, "__init__")).parameters.values())[1:]
    except (ValueError, TypeError):
        return None


def _takes_receiver(found: Found) -> bool:
    if isinstance(found.raw, (staticmethod, classmethod, type)) or inspect.isclass(
        getattr(found.value, "__self__", None)
    ):
        return False
    return hasattr(type(found.raw), "__get__") and not inspect.ismethod(found.value)


def _wrong_parameter(row: Json, parameters: list[inspect.Parameter]) -> str | None:
    names = {parameter.name: (place, parameter) for place, parameter in enumerate(parameters)}
    if row["param"] not in names:
        if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
            return None
        taken = ", ".join(names) or "none"
        return f"no parameter {row['param']}; it takes {taken}"
    place, parameter = names[row["param"]]
    return _wrong_place(row, place, parameter) or _wrong_default(row, parameter)


def _wrong_place(row: Json, place: int, parameter: inspect.Parameter) -> str | None:
    is_positional = parameter.kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    if row["pos"] is None or parameter.kind in _VARIABLE:
        return None
    if not is_positional:
        return f"{row['param']} is keyword only, not at {row['pos']}"
    return None if place == row["pos"] else f"{row['param']} is at {place}, not at {row['pos']}"


def _wrong_default(row: Json, parameter: inspect.Parameter) -> str | None:
    if "default" not in row:
        return None
    told, there = row["default"], parameter.default
    shown = f"{row['param']} is {there!r} by default, not {told!r}"
    if told == "required":  # some libraries have a default that is this very word
        is_plain = there is None or isinstance(there, (*_NUMBERS, str))  # libraries have marks for "not given"
        return shown if is_plain and there != "required" else None
    if there is _EMPTY:
        return None if parameter.kind in _VARIABLE else f"{row['param']} has no default, not {told!r}"
    if told == "none" and there == float("inf"):
        return None  # no limit, written in another way
    if isinstance(there, _NUMBERS) and (told == "none" or isinstance(told, _NUMBERS)):
        return None if there == told else shown
    if isinstance(there, str) and isinstance(told, str) and told not in _WORDS:
        return None if there == told else shown
    return None


_WORDS = frozenset({"none", "inherit", "socket-default", "library", "required"})


def _is_told(row: Json, parameters: list[inspect.Parameter]) -> bool:
    """Whether the signature itself bears out the row: the parameter is named, and its default is the one told."""
    parameter = next((parameter for parameter in parameters if parameter.name == row["param"]), None)
    if parameter is None:
        return False
    if "default" not in row:
        return True
    told, there = row["default"], parameter.default
    if told == "required":
        return there is _EMPTY
    if told == "none":
        return there is None
    return type(there) in (bool, int, float, str) and bool(there == told)


def _versions(names: list[str]) -> Mapping[str, str]:
    found = {}
    for name in names:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def main(request: Path, answer: Path) -> None:
    """Check the claims of one request."""
    told: Json = json.loads(request.read_text(encoding="utf-8"))
    sys.path[:0] = told["path"]
    with answer.open("w", encoding="utf-8") as lines:
        print(json.dumps({"versions": _versions(told["distributions"])}), file=lines, flush=True)
        try:
            exec(told["setup"], {})  # what the library needs before it can be imported, from groups.toml
        except Exception as error:
            print(json.dumps({"setup": f"{type(error).__name__}: {error}"}), file=lines, flush=True)
        probe = Probe(Finder(told["objects"]))
        for claim in told["claims"]:
            try:
                result = probe.check(claim)
            except Exception as error:
                result = Answer()
                result.unchecked.append(f"reading it raises {type(error).__name__}")
            print(json.dumps(result.as_json(claim["id"])), file=lines, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
