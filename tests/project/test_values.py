"""What names and expressions denote, however they are imported, assigned, annotated or injected."""

from __future__ import annotations

import pytest

from .solving import result_in, solve, told, value_of

SESSION = "<requests.Session>"


@pytest.mark.parametrize(
    ("header", "expression"),
    [
        ("import requests", "requests.Session()"),
        ("import requests as http", "http.Session()"),
        ("from requests import Session", "Session()"),
        ("from requests import Session as S", "S()"),
        ("import requests.sessions", "requests.sessions.Session()"),
        ("from requests import *", "Session()"),
        ("try:\n    import requests\nexcept ImportError:\n    requests = None", "requests.Session()"),
    ],
)
def test_a_class_is_found_however_it_is_imported(header: str, expression: str) -> None:
    expected = "unknown" if "*" in header else SESSION

    assert result_in(f"{header}\ndef f():\n    return {expression}\n") in (expected, SESSION)


def test_an_import_inside_the_function_wins_over_nothing() -> None:
    assert result_in("def f():\n    import requests as rq\n    return rq.Session()\n") == SESSION


def test_the_last_assignment_before_the_use_counts() -> None:
    text = """
    import requests, httpx
    def f():
        client = httpx.Client()
        client = requests.Session()
        return client
    """
    assert result_in(text) == SESSION


def test_both_branches_reach_the_use() -> None:
    text = """
    import requests, httpx
    def f(old):
        if old:
            client = requests.Session()
        else:
            client = httpx.Client()
        return client
    """
    assert result_in(text) == "<httpx.Client> | <requests.Session>"


def test_a_branch_that_leaves_still_counts_for_what_it_assigned() -> None:
    text = """
    import requests
    def f(given=None):
        client = given
        if client is None:
            client = requests.Session()
        return client
    """
    assert result_in(text) == SESSION


def test_a_with_body_dominates_what_follows_it() -> None:
    text = """
    import requests
    def f(lock):
        client = None
        with lock:
            client = requests.Session()
        return client
    """
    assert result_in(text) == SESSION


def test_attributes_set_in_a_method_are_seen_in_another() -> None:
    text = """
    import requests
    class Gateway:
        def __init__(self):
            self.session = requests.Session()
        def f(self):
            return self.session
    def f():
        return Gateway().session
    """
    assert result_in(text) == SESSION


def test_attributes_of_a_base_class_in_another_module() -> None:
    sources = {
        "base": "import requests\nclass Base:\n    def __init__(self):\n        self.session = requests.Session()\n",
        "app": "from base import Base\nclass Child(Base):\n    pass\nhttp = Child().session\n",
    }

    assert value_of(sources, "app.http") == SESSION


@pytest.mark.parametrize(
    "annotation",
    ["Session", "'Session'", "Session | None", "Optional[Session]", "Annotated[Session, 'x']", "'Optional[Session]'"],
)
def test_annotated_parameters_have_their_type(annotation: str) -> None:
    text = (
        "from typing import Annotated, Optional\nfrom requests import Session\n"
        f"def f(client: {annotation}):\n    return client\n"
    )

    assert result_in(text) == SESSION


def test_a_dependency_gives_what_its_provider_yields() -> None:
    sources = {
        "deps": """
            from typing import Annotated
            from fastapi import Depends
            from sqlalchemy.orm import sessionmaker, Session
            factory = sessionmaker()
            def get_db():
                db = factory()
                try:
                    yield db
                finally:
                    db.close()
            SessionDep = Annotated[Session, Depends(get_db)]
        """,
        "app": """
            from deps import SessionDep, get_db
            from fastapi import Depends
            def handler(session: SessionDep):
                return session
            def older(session=Depends(get_db)):
                return session
            one = handler(1)
            two = older(1)
        """,
    }

    assert value_of(sources, "app.one") == "<sqlalchemy.orm.Session>"
    assert value_of(sources, "app.two") == "<sqlalchemy.orm.Session>"


def test_a_factory_without_annotation_gives_what_it_returns() -> None:
    sources = {
        "clients": "import requests\ndef make():\n    session = requests.Session()\n    return session\n",
        "app": "from clients import make\nhttp = make()\n",
    }

    assert value_of(sources, "app.http") == SESSION


def test_an_awaited_coroutine_gives_its_result() -> None:
    text = """
    import httpx
    async def make() -> httpx.AsyncClient:
        return httpx.AsyncClient()
    async def f():
        return await make()
    """
    assert result_in(text) == "<httpx.AsyncClient>"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("with requests.Session() as client:", SESSION),
        ("with open('x') as client:", "<io.TextIOWrapper>"),
        ("async with httpx.AsyncClient() as client:", "<httpx.AsyncClient>"),
        ("with managed() as client:", SESSION),
    ],
)
def test_with_binds_what_entering_gives(statement: str, expected: str) -> None:
    text = f"""
from contextlib import contextmanager
import httpx, requests
@contextmanager
def managed():
    yield requests.Session()
async def f():
    {statement}
        return client
"""
    assert result_in(text) == expected


def test_re_exports_star_imports_and_circles() -> None:
    sources = {
        "pkg/": "from .impl import *\nfrom .other import thing\n",
        "pkg.impl": "import requests\nfrom pkg import thing as seen\nsession = requests.Session()\n",
        "pkg.other": "from pkg.impl import session\nthing = session\n",
        "app": "from pkg import session, thing\na = session\nb = thing\n",
    }

    assert value_of(sources, "app.a") == SESSION
    assert value_of(sources, "app.b") == SESSION


def test_names_that_only_lead_to_themselves_are_unknown() -> None:
    sources = {"a": "from b import x\n", "b": "from a import x\n"}

    assert value_of(sources, "a.x") == "unknown"


def test_generic_bases_bind_their_parameters() -> None:
    text = """
    from typing import Generic, TypeVar
    T = TypeVar("T")
    class Repository(Generic[T]):
        def get(self) -> T: ...
        def all(self) -> list[T]: ...
    class Order: ...
    class Orders(Repository[Order]): ...
    def f(repo: Orders, other: Repository[Order]):
        for order in repo.all():
            return repo.get(), other.get(), order
    """
    assert result_in(text) == "(<app.Order>, <app.Order>, <app.Order>)"


def test_super_reads_from_the_next_class() -> None:
    text = """
    import requests
    class Base:
        def client(self):
            return requests.Session()
    class Child(Base):
        def client(self):
            return super().client()
    def f(child: Child):
        return child.client()
    """
    assert result_in(text) == SESSION


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Order.objects.filter(paid=True).first()", "<app.Order>"),
        ("[order for order in Order.objects.all()]", "<list[<app.Order>]>"),
        ("Order.objects.get(pk=1).customer", "<app.Customer>"),
        ("Order.objects.get(pk=1).customer.name", "<django.db.models.CharField>"),
        ("Customer.objects.get(pk=1).order_set.first()", "<app.Order>"),
        ("Customer.objects.get(pk=1).order_set.first().customer", "<app.Customer>"),
    ],
)
def test_querysets_give_rows_and_rows_give_related_rows(expression: str, expected: str) -> None:
    text = f"""
from django.db import models
class Customer(models.Model):
    name = models.CharField(max_length=9)
class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
def f():
    return {expression}
"""
    assert result_in(text) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("session.execute(select(User)).scalars().all()", "<list[<app.User>]>"),
        ("session.scalars(select(User).where(User.id == 1)).first()", "<app.User>"),
        ("session.query(User).filter_by(id=1).one()", "<app.User>"),
        ("session.get(User, 1)", "<app.User>"),
        ("session.get(User, 1).posts[0]", "<app.Post>"),
        ("session.get(Post, 1).author", "<app.User>"),
    ],
)
def test_sqlalchemy_statements_give_rows(expression: str, expected: str) -> None:
    text = f"""
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
class Base(DeclarativeBase): ...
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    posts: Mapped[list["Post"]] = relationship(back_populates="author")
class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped["User"] = relationship(back_populates="posts")
def f(session: Session):
    return {expression}
"""
    assert result_in(text) == expected


def test_the_answer_does_not_depend_on_who_asks_first() -> None:
    sources = {
        "a": "from b import make\ndef start():\n    return make()\nx = start()\n",
        "b": "import requests\nfrom a import start\ndef make():\n    if start():\n        return start()\n"
        "    return requests.Session()\ny = make()\n",
    }

    for first, second in (("a.x", "b.y"), ("b.y", "a.x")):
        from .solving import solve, told

        evaluator = solve(sources).evaluator
        assert {told(evaluator.resolve(first)), told(evaluator.resolve(second))} == {SESSION}


SETTINGS = """
from pathlib import Path
import os

def path_from_env(name, default) -> Path:
    return Path(os.environ.get(name, default))

INSTALLED_APPS = ["shop"]
ROOT = Path("/srv")
ORIGINALS = path_from_env("ORIGINALS", ROOT / "originals")
"""
READER = """
from django.conf import settings
def f():
    return settings.ORIGINALS
"""
MANAGE = """
import os
def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.prod")
"""


def of_settings(**others: str) -> str:
    """What the reader's function returns in a project with these modules, dots written as two underscores."""
    sources = {name.replace("__", "."): text for name, text in others.items()}
    solution = solve({"reader": READER, **sources})
    module = solution.table.by_name["reader"]
    return told(solution.evaluator.value(module, module.function(1).outputs[0][0]))


def test_settings_are_those_of_the_module_that_the_environment_names() -> None:
    assert of_settings(config__prod=SETTINGS, manage=MANAGE) == "<pathlib.Path>"


def test_settings_are_found_through_star_imports() -> None:
    assert (
        of_settings(config__base=SETTINGS, config__prod="from config.base import *\n", manage=MANAGE)
        == "<pathlib.Path>"
    )


def test_a_setting_that_no_settings_module_has_is_unknown() -> None:
    assert of_settings(config__base=SETTINGS, config__prod="DEBUG = False\n", manage=MANAGE) == "unknown"


def test_without_the_variable_a_module_called_settings_with_known_settings_counts() -> None:
    known = SETTINGS + 'DEBUG = False\nSECRET_KEY = ""\nALLOWED_HOSTS = []\n'

    assert of_settings(shop__settings=known) == "<pathlib.Path>"
    assert of_settings(shop__settings=SETTINGS) == "unknown"
    assert of_settings(shop__constants=known) == "unknown"
