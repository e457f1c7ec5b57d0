"""What packs claim, as plain data that ``probe`` compares with a distribution: names, parameters, defaults, types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flake8_backend.knowledge.names import is_dotted, names_in_type
from flake8_backend.knowledge.records import type_texts
from flake8_backend.knowledge.schema import ROW_TABLES, Document, Row, rows_of
from flake8_backend.project.files.versions import release

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

STDLIB = "stdlib"
NO_IMPORT_PATH = "has no import path: a setting, a pattern, an attribute of any object"
# forms of markers that name neither a module's nor a class's member
_PATHLESS = frozenset({"setting", "parameter-name", "name-pattern"})
_OPTION_LISTS = ("timeouts", "options")
_OPTIONS = ("ttl", "sql", "values")
_PATH_FORMS = frozenset({"call", "decorator"})  # whose own parameters path_param, methods and handler name


@dataclass(frozen=True)
class Claim:
    """One name of one row. ``since`` and ``until`` bound the versions it holds for; ``reason`` says why no import finds it."""

    pack: str
    distribution: str
    table: str
    name: str
    row: Row
    since: str = ""
    until: str = ""
    reason: str = ""
    same: str = ""

    def holds(self, version: str) -> bool:
        """Whether the row speaks of this version."""
        there = release(version)
        return (not self.since or there >= release(self.since)) and not self.is_over(version)

    def is_over(self, version: str) -> bool:
        """Whether the name is gone in this version."""
        return bool(self.until) and release(version) >= release(self.until)


@dataclass(frozen=True)
class Packs:
    """All packs together: which distribution a name belongs to, and which names no import finds."""

    documents: Mapping[str, Document]
    modules: Mapping[str, str] = field(init=False)
    at_run_time: Mapping[str, str] = field(init=False)
    objects: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        headers = [document["pack"] for document in self.documents.values()]
        modules = {
            module: name
            for pack in headers
            for name, told in pack["distributions"].items()
            for module in told["modules"]
        }
        reasons = {name: why for pack in headers for name, why in pack.get("at_run_time", {}).items()}
        objects = {
            name: names[0]
            for document in self.documents.values()
            for row in rows_of(document, "object")
            for name in row["names"]
            if (names := names_in_type(row["type"]))
        }
        for name, value in (("modules", modules), ("at_run_time", reasons), ("objects", objects)):
            object.__setattr__(self, name, value)

    @property
    def distributions(self) -> tuple[str, ...]:
        """Every distribution, the standard library first."""
        found = set(self.modules.values())
        return tuple(sorted(found, key=lambda name: (name != STDLIB, name.lower())))

    def distribution_of(self, name: str) -> str | None:
        """The distribution whose modules ``name`` begins with; the longest module wins."""
        return _longest(name, self.modules)

    def why_not_found(self, name: str) -> str:
        """Why no import finds ``name``; empty where one should."""
        return _longest(name, self.at_run_time) or ""

    def claims(self) -> list[Claim]:
        """Every claim, in the order of packs."""
        return [claim for pack, document in self.documents.items() for claim in self._of_pack(pack, document)]

    def _of_pack(self, pack: str, document: Document) -> Iterator[Claim]:
        for table in ROW_TABLES:
            for row in rows_of(document, table):
                yield from (self._of_name(pack, table, name, row) for name in row["names"])
        for alias, target in document["pack"].get("aliases", {}).items():
            reason = self.why_not_found(alias) or self.why_not_found(target)
            yield Claim(pack, self.distribution_of(alias) or "", "alias", alias, {}, reason=reason, same=target)

    def _of_name(self, pack: str, table: str, name: str, row: Row) -> Claim:
        target = name.removesuffix(".*")
        distribution = None if row.get("form") in _PATHLESS or not is_dotted(target) else self.distribution_of(target)
        return Claim(
            pack,
            distribution or "",
            table,
            target,
            row,
            since=row.get("since", ""),
            until=row.get("until", ""),
            reason=self.why_not_found(target) if distribution else NO_IMPORT_PATH,
        )

    def references(self, claim: Claim, present: Iterable[str]) -> list[str]:
        """The other names that a row tells of and that some distribution in ``present`` has to hold."""
        row, here = claim.row, set(present)
        names = {name for text in type_texts(row) for name in names_in_type(text)}
        names.update(filter(None, (row.get("inherits_from"), _alternative(claim), claim.same)))
        return sorted(name for name in names if self.distribution_of(name) in here and not self.why_not_found(name))


def _longest(name: str, table: Mapping[str, str]) -> str | None:
    while name:
        if name in table:
            return table[name]
        name = name.rpartition(".")[0]
    return None


def _alternative(claim: Claim) -> str:
    text = str(claim.row.get("async_alt", ""))
    owner, _, member = claim.name.rpartition(".")
    text = text.replace("<name>", member).replace("<class>", owner.rpartition(".")[2])
    return text if is_dotted(text) and "." in text else ""


def _parameter(option: Row, *, param: str | None = None) -> dict[str, Any]:
    told = {"param": param or option["param"], "pos": option.get("pos")}
    if "default" in option:
        told["default"] = "none" if option["default"] is None else option["default"]
    return told


def _options(row: Row) -> Iterator[Row]:
    for key in _OPTION_LISTS:
        yield from row.get(key, ())
    yield from (row[key] for key in _OPTIONS if key in row)


def parameters_of(claim: Claim, version: str) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """The parameters that a row tells of: those of the call itself, and those of the objects that ``where`` names."""
    own: list[dict[str, Any]] = []
    elsewhere: dict[str, list[dict[str, Any]]] = {}
    for option in _options(claim.row):
        if not option["param"].isidentifier() or not _is_in(option, version):
            continue
        told = _parameter(option)
        for older in sorted(option.get("was", ()), key=lambda was: release(was["until"]), reverse=True):
            if release(version) < release(older["until"]):
                told["default"] = older["default"]
        place = option.get("where")
        if place is None:
            own.append(told)
        elif "." in place:
            elsewhere.setdefault(place, []).append(told)
    return [*own, *_route_parameters(claim.row)], elsewhere


def _is_in(option: Row, version: str) -> bool:
    return "since" not in option or release(version) >= release(option["since"])


def _route_parameters(row: Row) -> Iterator[dict[str, Any]]:
    if row.get("form") not in _PATH_FORMS:
        return
    told = [row["path_param"]] if "path_param" in row else []
    for key in ("methods", "handler"):
        text = row.get(key, "")
        if text.startswith("param:"):
            told.append(text.removeprefix("param:").partition(",")[0])
    yield from ({"param": name, "pos": None} for name in told if name.isidentifier())


def request_of(claim: Claim, packs: Packs, *, version: str, present: Sequence[str]) -> dict[str, Any]:
    """A claim as ``probe`` reads it, for one version of its distribution and what is installed beside it."""
    own, elsewhere = parameters_of(claim, version)
    references = packs.references(claim, present)
    members = [*claim.row.get("attributes", ()), *claim.row.get("through", ())]
    bases = {name for text in claim.row.get("bases", ()) for name in names_in_type(text)[:1]}
    return {
        "name": claim.name,
        "table": claim.table,
        "gone": f"gone since {claim.until}" if claim.is_over(version) else "",
        "why": claim.reason,
        "use": list(claim.row.get("use", ())),
        "blocks": "blocks" in claim.row.get("effects", ()),
        "parameters": own,
        "elsewhere": {
            name: rows
            for name, rows in elsewhere.items()
            if packs.distribution_of(name) in present and not packs.why_not_found(name)
        },
        "names": references,
        "members": [name for name in members if not packs.why_not_found(f"{claim.name}.{name}")],
        "bases": sorted(bases & set(references)),
        "same": claim.same if claim.same in references else "",
    }
