"""What declarations say: routers, what they hold, and the rows of the table that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from flake8_backend.knowledge.facts import MarkerFact
    from flake8_backend.project.sql.places import At, Place
    from flake8_backend.project.values import ClassRef

HTTP, WEBSOCKET, MOUNT = "http", "websocket", "mount"


@dataclass(frozen=True)
class Target:
    """What serves: a function or a class of the project, else a name of a library.

    ``around`` are the decorators that it is wrapped in where it is registered; ``methods`` the method of a class that
    each verb is handed to, where the registration says so; ``only`` the one method that serves.
    """

    node: tuple[str, int] | None = None
    cls: ClassRef | None = None
    name: str = ""
    around: tuple[Place, ...] = ()
    methods: Mapping[str, str] | None = None
    only: str = ""


@dataclass(frozen=True)
class Declared:
    """A path with what serves it, as one declaration says it."""

    path: str
    verbs: tuple[str, ...]
    target: Target
    marker: MarkerFact
    place: tuple[str, int, int]
    kind: str = HTTP
    dependencies: tuple[Place, ...] = ()
    call: Place | None = None
    alone: bool = False


@dataclass(frozen=True)
class Included:
    """A router inside another one; ``prefix`` is what the inclusion says, None where it says nothing.

    ``alone``: its dependencies stand in place of those around it.
    """

    child: Router
    prefix: str | None = None
    replaces: bool = False
    mounts: bool = False
    dependencies: tuple[Place, ...] = ()
    alone: bool = False


Entry = Union[Declared, Included]  # noqa: UP007 - Python 3.10 evaluates it


@dataclass(eq=False)
class Router:
    """An object, or a list, that holds routes. ``key`` tells it apart from every other one."""

    key: Hashable
    framework: str
    is_app: bool = False
    prefix: str = ""
    joins: str = "plain"
    entries: list[Entry] = field(default_factory=list)
    dependencies: tuple[Place, ...] = ()
    place: tuple[str, int, int] = ("", 0, 0)
    marker: MarkerFact | None = None
    cls: ClassRef | None = None
    is_held: bool = False  # by another one
    made_at: tuple[At, int] | None = None
    alone: bool = False

    def add(self, entry: Entry) -> None:
        """Take an entry, once."""
        if entry not in self.entries:
            self.entries.append(entry)
            if isinstance(entry, Included):
                entry.child.is_held = True


@dataclass(frozen=True)
class Route:
    """One row of the table. ``verbs`` in capitals, empty where any gets through or none is known.

    ``handler`` is ``module:qualified name``, for libraries the dotted name. ``mounted``: an application serves it, as
    far as the project shows. ``kind``: ``http``, ``websocket``, or ``mount`` for what a library serves below the path.
    """

    framework: str
    verbs: tuple[str, ...]
    path: str
    handler: str
    kind: str = HTTP
    dependencies: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    response: str | None = None
    pagination: str | None = None
    mounted: bool = True
    file: str = ""
    line: int = 0
    node: tuple[str, int] | None = None

    @property
    def sort_key(self) -> tuple[Any, ...]:
        """By path, then verb."""
        return self.path, self.verbs, self.kind, self.handler, self.framework, self.file, self.line
