"""The models that relations lead to, by class, annotation, name or setting."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import ClassRef, Constant, External, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module
    from flake8_backend.project.orm.models import Schema

_CONTENT_TYPE = "django.contrib.contenttypes.models.ContentType"
_USER = "django.contrib.auth.models.User"
_ABSTRACT_USER = "django.contrib.auth.models.AbstractUser"
_BASE_USER = "django.contrib.auth.base_user.AbstractBaseUser"


class Targets:
    """Finds models of the project by what declarations say."""

    def __init__(self, evaluator: Evaluator, schema: Schema) -> None:
        self._evaluator = evaluator
        self._schema = schema
        self._finding_user = False

    def of(self, cls: ClassRef, module: Module, call: Sequence[Any], annotation: int) -> tuple[ClassRef | None, bool]:
        """The model a relation leads to, and whether its annotation is a collection."""
        is_list = False
        target: ClassRef | None = None
        if annotation:
            declared = self._evaluator.type_of(module, annotation)
            for option in options(declared):
                if isinstance(option, Instance):
                    if option.cls.home is None and option.cls.name in ("list", "set", "frozenset", "dict"):
                        is_list = True
                        inner = option.args[0] if option.args else None
                        target = inner.cls if isinstance(inner, Instance) and inner.cls.home is not None else None
                    elif option.cls.home is not None:
                        target = option.cls
            if target is None:
                target, is_list = self._quoted(cls, module, annotation, is_list)
        if target is None:
            for index in call[2][:1] or [
                value for name, value in call[3] if name in ("to", "argument", "model", "to_model", "model_name")
            ]:
                target = self.named(cls, module, index)
        return target, is_list

    def _quoted(self, cls: ClassRef, module: Module, annotation: int, is_list: bool) -> tuple[ClassRef | None, bool]:
        """``list["Item"]`` inside an alias or wrapper keeps the name as text."""
        pending = [annotation]
        while pending:
            term = module.summary.terms[pending.pop()]
            if term[0] == terms.CONSTANT and isinstance(term[1], str):
                return self.class_named(term[1], module.name), is_list
            if term[0] == terms.NAME:
                name = term[1].rpartition(".")[2]
                if name in ("list", "List", "set", "Set", "Sequence"):
                    is_list = True
                elif name[:1].isupper() and name not in ("Mapped", "Optional", "Annotated"):
                    found = self.class_named(name, module.name)
                    if found is not None:
                        return found, is_list
            elif term[0] == terms.ITEM:
                pending += [term[2], term[1]]
            elif term[0] == terms.DISPLAY:
                pending += list(term[2])
            elif term[0] == terms.UNION:
                pending += list(term[1])
        return None, is_list

    def named(self, cls: ClassRef, module: Module, index: int) -> ClassRef | None:
        """The model that a term names: the class itself, its name, or a setting that holds that."""
        value = self._evaluator.value(module, index)
        for option in options(value):
            if isinstance(option, ClassRef):
                return option
            if isinstance(option, Constant) and isinstance(option.value, str):
                return cls if option.value == "self" else self.class_named(option.value, module.name)
        term = module.summary.terms[index]
        if term[0] == terms.NAME and term[1].endswith(".AUTH_USER_MODEL"):
            return self.user_model
        return self._from_lambda(value)

    def _from_lambda(self, value: Value | None) -> ClassRef | None:
        if isinstance(value, FunctionRef):
            given = self._evaluator.call_function(value)
            return given if isinstance(given, ClassRef) else None
        return None

    def class_named(self, text: str, near: str) -> ClassRef | None:
        """A model by the name in a declaration (``"Item"``, ``"shop.Item"``), the nearest module first."""
        app, _, name = text.rpartition(".")
        places = self._evaluator.table.classes_by_name.get(name, [])
        candidates = []
        for place in places:
            module = self._evaluator.table.by_name[place[0]]
            cls = ClassRef(f"{place[0]}.{module.class_(place[1]).qualname}", place)
            if self._schema.orm_of(cls) is not None and (not app or app.rpartition(".")[2] in place[0].split(".")):
                candidates.append(cls)
        if not candidates and name == "User" and app in ("auth", ""):
            return ClassRef(_USER) if self._evaluator.knowledge.is_class(_USER) else None
        if not candidates and text == "contenttypes.ContentType":
            return ClassRef(_CONTENT_TYPE)
        library = f"django.contrib.{app}.models.{name}"
        if not candidates and app and self._evaluator.knowledge.is_class(library):
            return ClassRef(library)
        same = [cls for cls in candidates if cls.home is not None and cls.home[0] == near]
        if same:
            return same[0]
        ranked = sorted(candidates, key=lambda cls: (-_common(cls.name, near), cls.name))
        return ranked[0] if ranked else None

    def looked_up(self, module: Module, registry: int, call: Sequence[Any]) -> ClassRef | None:
        """The model that ``apps.get_model("shop", "Order")`` gives, in a migration too."""
        owner = module.summary.terms[registry]
        if owner[0] == terms.PARAMETER:
            known = module.function(owner[1]).parameters[owner[2]][0] == "apps"
        else:
            value = self._evaluator.value(module, registry)
            known = isinstance(value, External) and value.name == "django.apps.apps"
        parts = [
            self._schema.declarations.constant(module, call, position, name)
            for position, name in enumerate(("app_label", "model_name"))
        ]
        text = ".".join(part for part in parts if isinstance(part, str))
        return self.class_named(text, module.name) if known and text else None

    @cached_property
    def user_model(self) -> ClassRef:
        """The class that ``AUTH_USER_MODEL`` names: the project's own one where it has one."""
        found = [
            cls
            for cls in self._schema.models()
            if self._evaluator.is_a(cls, _BASE_USER) and not self._schema.is_abstract(cls)
        ]
        return found[0] if len(found) == 1 else ClassRef(_USER)

    def stand_in(self, name: str) -> ClassRef | None:
        """The class that a library's abstract class stands for in this project."""
        if name != _ABSTRACT_USER or self._finding_user:
            return None
        self._finding_user = True
        try:
            return self.user_model
        finally:
            self._finding_user = False


def _common(left: str, right: str) -> int:
    """How many leading components two dotted names share."""
    count = 0
    for a, b in zip(left.split("."), right.split("."), strict=False):
        if a != b:
            break
        count += 1
    return count
