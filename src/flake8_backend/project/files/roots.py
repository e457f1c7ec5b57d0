"""Which project a file belongs to, and the dotted name of its module there.

A module is identified by its root and its name, so two services of one repository never collide.
"""

# Plain strings, because this is asked for every file and pathlib costs three times as much.
# ruff: noqa: PTH100, PTH111, PTH112, PTH119, PTH120
from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path

MARKERS = ("pyproject.toml", "setup.cfg", "manage.py")
"""Files that make their folder the root of a project."""

REPOSITORY_MARKERS = (".git", ".hg")
"""Entries that end the search for a marker: what lies above is another project."""

NEVER_INDEXED = frozenset(
    {
        ".bzr",
        ".direnv",
        ".eggs",
        ".flake8_backend_cache",
        ".git",
        ".git-rewrite",
        ".hg",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".pytype",
        ".ruff_cache",
        ".svn",
        ".tox",
        "CVS",
        "__pycache__",
        "__pypackages__",
        "node_modules",
        "site-packages",
    }
)
"""Folders whose content is no part of the project around them, whatever the options say."""

ENVIRONMENT_MARKERS = ("pyvenv.cfg", "conda-meta")
"""Entries that tell a virtual environment."""

_STANDARD_LIBRARY = re.compile(r"python3\.\d+t?\Z")
# Files that are put beside the folder from which an application is started or packed
_SOURCE_ROOT_MARKERS = (*MARKERS, "setup.py", "requirements.txt", "Dockerfile", "alembic.ini", "Procfile")
_SUFFIX = re.compile(r"\.pyi?\Z")


def _holds(folder: str, names: tuple[str, ...]) -> bool:
    return any(os.path.lexists(f"{folder}/{name}") for name in names)


def is_library_folder(folder: str) -> bool:
    """Whether ``folder`` is a world of its own inside another project: an environment, installed packages, a cache."""
    head, name = os.path.split(folder)
    if name in NEVER_INDEXED or _holds(folder, ENVIRONMENT_MARKERS):
        return True
    return _STANDARD_LIBRARY.match(name) is not None and os.path.basename(head) == "lib"


def is_project(folder: str) -> bool:
    """Whether anything says that ``folder`` is the root of a project."""
    # people keep their home folder in git; that makes no project of all that lies in it
    markers = MARKERS if folder == os.path.expanduser("~") else MARKERS + REPOSITORY_MARKERS
    return _holds(folder, markers) or is_library_folder(folder)


class Roots:
    """Finds roots and remembers them; the answers are those of the moment of the first question."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, path: Path) -> Path:
        """The root of the project of ``path``, a file or a folder, which need not exist."""
        folder = os.path.abspath(path)
        return self._of_folder(folder if os.path.isdir(folder) else os.path.dirname(folder))

    def of_file(self, path: Path) -> Path:
        """The root of the project of a file, without a look at the disk where its folder is known."""
        return self._of_folder(os.path.dirname(os.path.abspath(path)))

    def _of_folder(self, folder: str) -> Path:
        if folder not in self._known:
            self._known[folder] = self._search(folder) or _above_packages(folder)
        return Path(self._known[folder])

    def _search(self, start: str) -> str | None:
        folder = start
        while not is_project(folder):
            parent = os.path.dirname(folder)
            if parent == folder:
                return None
            if parent in self._known:
                # where no project was found, a folder answers with itself or its outermost package: not ours to take
                return self._known[parent] if is_project(self._known[parent]) else None
            folder = parent
        return folder


def _above_packages(folder: str) -> str:
    """The folder itself, or the one that holds the outermost package around it."""
    while os.path.lexists(f"{folder}/__init__.py"):
        parent = os.path.dirname(folder)
        if parent == folder:
            break
        folder = parent
    return folder


def find_root(path: Path) -> Path:
    """The root of the project of ``path``: the nearest folder with pyproject.toml, setup.cfg or manage.py.

    Where none is found up to the repository's folder, that folder; outside of any repository the file's own folder,
    or the one that holds the outermost package around it. Installed packages and virtual environments are roots of
    their own.
    """
    return Roots().of(path)


class ModuleNames:
    """The dotted names of the modules under one root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._packages: dict[str, tuple[str, ...]] = {}
        self._bases: dict[str, str] = {}
        self._is_package: dict[str, bool] = {}

    @cached_property
    def _root(self) -> str:
        return os.path.abspath(self.root)

    def primary(self, path: Path) -> str:
        """The name under which the project itself most likely imports ``path``; raises ValueError outside the root.

        Names are counted from the deepest source root on the way: the project's root, a ``src`` folder, or a folder
        that is no package and holds what an application is started with (requirements.txt, Dockerfile, …).
        """
        return self.possible(path)[0]

    def possible(self, path: Path) -> tuple[str, ...]:
        """Every name under which ``path`` can be imported, the primary one first; raises ValueError.

        A folder without ``__init__.py`` may be a namespace package or a folder on ``sys.path``: both are offered.
        """
        folder, name = os.path.split(os.path.abspath(path))
        packages = self.of_folder(folder)
        stem = _SUFFIX.sub("", name)
        if stem == "__init__":
            return tuple(package for package in packages if package) or (self.root.name,)
        return tuple(f"{package}.{stem}" if package else stem for package in packages)

    def of_folder(self, folder: str) -> tuple[str, ...]:
        """What the names of modules in the absolute ``folder`` begin with, the likeliest first; raises ValueError."""
        packages = self._packages.get(folder)
        if packages is None:
            packages = self._packages[folder] = self._packages_of(folder)
        return packages

    def _packages_of(self, folder: str) -> tuple[str, ...]:
        """The dotted names of a folder, counted from each folder that may be on ``sys.path``."""
        if folder != self._root and not folder.startswith(self._root.rstrip(os.sep) + os.sep):
            raise ValueError(f"{folder} is not under {self.root}")
        bases = [self._base(folder), self._root]
        base = folder
        while base != self._root:
            if base not in self._is_package:
                self._is_package[base] = os.path.lexists(f"{base}/__init__.py")
            if not self._is_package[base]:
                bases.append(base)
            base = os.path.dirname(base)
        dotted = (folder[len(base) :].strip(os.sep).replace(os.sep, ".") for base in bases)
        return tuple(dict.fromkeys(dotted))

    def _base(self, folder: str) -> str:
        if folder == self._root:
            return folder
        if folder not in self._bases:
            self._bases[folder] = folder if _is_source_root(folder) else self._base(os.path.dirname(folder))
        return self._bases[folder]


def _is_source_root(folder: str) -> bool:
    if os.path.lexists(f"{folder}/__init__.py"):
        return False
    return os.path.basename(folder) == "src" or _holds(folder, _SOURCE_ROOT_MARKERS)


def module_name(root: Path, path: Path) -> str:
    """The dotted name of the module at ``path`` in the project at ``root``; raises ValueError outside of it."""
    return ModuleNames(root).primary(path)
