"""Applications of Django: which one a model belongs to, what keys its models get, which libraries' are installed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from flake8_backend.project.values import ClassRef, Constant

if TYPE_CHECKING:
    from flake8_backend.project.orm.models import Schema
    from flake8_backend.project.schema.bodies import Bodies

_CONFIG = "django.apps.AppConfig"
_SMALL, _BIG = "AutoField", "BigAutoField"
_BIG_SINCE = "6.0"


class Applications:
    """Reads application classes and settings."""

    def __init__(self, schema: Schema, bodies: Bodies) -> None:
        self._schema = schema
        self._bodies = bodies
        self._evaluator = bodies.evaluator

    @cached_property
    def _configs(self) -> list[tuple[str, str, ClassRef]]:
        """The applications by package, the longest first: package, label, class."""
        found = []
        for name in sorted(self._evaluator.table.by_name):
            module = self._evaluator.table.by_name[name]
            for index, klass in enumerate(module.summary.classes):
                cls = ClassRef(f"{name}.{klass.qualname}", (name, index))
                if not klass.bases or _CONFIG not in self._evaluator.library_bases(cls):
                    continue
                package = self._bodies.text(self._bodies.inherited(cls, "name"))
                if package is not None:
                    label = self._bodies.text(self._bodies.inherited(cls, "label"))
                    found.append((package, label or package.rpartition(".")[2], cls))
        return sorted(found, key=lambda config: (-len(config[0]), config[0], config[2].name))

    def _config(self, module: str) -> tuple[str, str, ClassRef] | None:
        return next((c for c in self._configs if module == c[0] or module.startswith(f"{c[0]}.")), None)

    def label(self, module: str) -> str:
        """The label of the application that a module belongs to."""
        config = self._config(module)
        if config is not None:
            return config[1]
        parts = module.split(".")
        if "models" in parts[1:]:
            return parts[parts.index("models", 1) - 1]
        return parts[-2] if len(parts) > 1 else parts[0]

    def key_type(self, module: str) -> str:
        """The class of the keys that the models in a module get where they declare none."""
        config = self._config(module)
        told = (
            self._bodies.text(self._bodies.inherited(config[2], "default_auto_field")) if config is not None else None
        )
        if told is None and self._evaluator.settings is not None:
            value = self._evaluator.settings.value("DEFAULT_AUTO_FIELD")
            told = value.value if isinstance(value, Constant) and isinstance(value.value, str) else None
        return told.rpartition(".")[2] if told is not None else _BIG if self._has_big_keys else _SMALL

    @cached_property
    def _has_big_keys(self) -> bool:
        versions = self._schema.versions
        return versions is not None and versions.of("Django").is_before(_BIG_SINCE) is False

    def is_installed(self, model: str) -> bool:
        """Whether the application of a library's model is among those that the settings name."""
        package = model.partition(".models.")[0]
        return any(name == package or name.startswith(f"{package}.") for name in self._installed)

    @cached_property
    def _installed(self) -> tuple[str, ...]:
        settings = self._evaluator.settings
        found: list[str] = []
        for name in settings.modules if settings is not None else ():
            module = self._evaluator.table.by_name[name]
            for bound in module.summary.names.get("INSTALLED_APPS", ()):
                texts = (self._bodies.text(item) for item in self._bodies.items((module, bound)))
                found += [text for text in texts if text is not None]
        return tuple(found)
