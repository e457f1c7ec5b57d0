"""What astroid says of a receiver: asked about sources of the project alone, and only where a project wants it.

astroid's manager finds modules wherever Python would, so that its answers would depend on what is installed. Here it
is given the project's modules and the builtins, and nothing else exists for it while it is asked.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from flake8_backend.core.diagnostic import Span

_MOST_ANSWERS = 8


class Bridge:
    """Classes of receivers, by astroid's inference.

    ``modules`` are paths by dotted name, packages with ``__init__.py``; ``read`` gives the text of a path and may raise
    OSError or UnicodeError. Whatever astroid raises, recursion included, means that nothing is known.
    """

    def __init__(self, modules: Mapping[str, str], read: Callable[[str], str]) -> None:
        self._modules = modules
        self._read = read
        self._trees: dict[str, Any] = {}
        self._calls: dict[str, dict[tuple[int | None, ...], Any]] = {}

    def receiver_class(self, module: str, call: Span) -> str | None:
        """The dotted name of the one class that the object of a method call can be of."""
        with self._shut_in():
            try:
                node = self._calls_of(module).get((call.line, call.column, call.end_line, call.end_column))
                return None if node is None else _only_class(node.func.expr.infer())
            except Exception:
                return None

    def _calls_of(self, module: str) -> dict[tuple[int | None, ...], Any]:
        if module not in self._calls:
            from astroid import nodes

            found = self._tree(module).nodes_of_class(nodes.Call)
            self._calls[module] = {
                (call.lineno, call.col_offset, call.end_lineno, call.end_col_offset): call for call in found
            }
        return self._calls[module]

    def _tree(self, name: str) -> Any:
        from astroid.builder import AstroidBuilder
        from astroid.exceptions import AstroidImportError
        from astroid.manager import AstroidManager

        if name not in self._trees:
            if name not in self._modules:
                raise AstroidImportError(modname=name)
            path = self._modules[name]
            tree = AstroidBuilder(AstroidManager()).string_build(self._read(path), name, path)
            tree.package = path.endswith("__init__.py")
            self._trees[name] = tree
        return self._trees[name]

    @contextlib.contextmanager
    def _shut_in(self) -> Iterator[None]:
        """While this lasts, imports lead to modules of the project or nowhere.

        The manager's state is shared by the whole process, and other tools of the same process use it.
        """
        from astroid.manager import AstroidManager

        shared: Any = AstroidManager  # its method is replaced, which types do not foresee
        original, cache = shared.ast_from_module_name, shared.brain["astroid_cache"]
        remembered = dict(cache)

        def ours(manager: Any, modname: str, *_: Any, **__: Any) -> Any:
            return original(manager, modname) if modname == "builtins" else self._tree(modname)

        shared.ast_from_module_name = ours
        try:
            yield
        finally:
            shared.ast_from_module_name = original
            cache.clear()
            cache.update(remembered)


def _only_class(inferred: Iterator[Any]) -> str | None:
    from astroid import Instance

    found: set[str] = set()
    for number, value in enumerate(inferred):
        if number == _MOST_ANSWERS or not isinstance(value, Instance):
            return None
        found.add(value.pytype())
    return found.pop() if len(found) == 1 else None
