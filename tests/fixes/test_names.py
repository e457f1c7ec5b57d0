"""The name by which a place reaches a module, and names that are taken."""

from __future__ import annotations

from typing import Any

import pytest

from flake8_backend.fixes.plan import Skipped
from tests.fixes.fakes import fixed, plan


def use(call: Any, fix: Any, *, module: str = "asyncio", name: str | None = None) -> Any:
    return fix.wrap_call(call, fix.require_import(module, name))


LOCAL = "def g():\n    f()\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import asyncio\n" + LOCAL, "asyncio(f)"),
        ("import asyncio as aio\n" + LOCAL, "aio(f)"),
        ("import os.path\n" + LOCAL, "import asyncio"),
        ("def g():\n    import asyncio\n    f()\n", "asyncio(f)"),
        ("def g():\n    import asyncio as aio\n    f()\n", "aio(f)"),
        ("import asyncio as aio\n\ndef g(x):\n    f()\n", "aio(f)"),
        ("def g():\n    f()\nimport asyncio\n", "asyncio(f)"),
    ],
)
def test_an_import_that_is_there_is_used(before: str, after: str) -> None:
    result = fixed(before, use, "f()")
    assert after in result
    if not after.startswith("import"):
        assert result == before.replace("f()", after)


@pytest.mark.parametrize(
    "before",
    [
        "if TYPE_CHECKING:\n    import asyncio\n" + LOCAL,
        "try:\n    import asyncio\nexcept ImportError:\n    pass\n" + LOCAL,
        "def h():\n    import asyncio\n" + LOCAL,
        "class A:\n    import asyncio\n" + LOCAL,
        "class asynci0:\n    asyncio = 1\n    def g(self):\n        f()\n",
        "def h(asyncio): pass\n" + LOCAL,
        "x = [asyncio for asyncio in y]\n" + LOCAL,
        "x = lambda asyncio: 1\n" + LOCAL,
        "f()\nimport asyncio\n",
    ],
)
def test_an_import_that_is_not_sure_or_not_there_is_added(before: str) -> None:
    result = fixed(before, use, "f()")
    assert "import asyncio\n" in result.partition("asyncio(f)")[0].splitlines(keepends=True)
    assert "asyncio(f)" in result


@pytest.mark.parametrize(
    "before",
    [
        "asyncio = 1\n" + LOCAL,
        "def asyncio(): pass\n" + LOCAL,
        "class asyncio: pass\n" + LOCAL,
        "import trio as asyncio\n" + LOCAL,
        "from . import asyncio\n" + LOCAL,
        "from x import asyncio\n" + LOCAL,
        "try:\n    import asyncio\nexcept ImportError:\n    asyncio = None\n" + LOCAL,
        "import asyncio\nasyncio = wrap(asyncio)\n" + LOCAL,
        "for asyncio in x: pass\n" + LOCAL,
        "with x as asyncio: pass\n" + LOCAL,
        "try: pass\nexcept E as asyncio: pass\n" + LOCAL,
        "if (asyncio := 1): pass\n" + LOCAL,
        "[asyncio := x for x in y]\n" + LOCAL,
        "match x:\n    case asyncio: pass\n" + LOCAL,
        "match x:\n    case [*asyncio]: pass\n" + LOCAL,
        "match x:\n    case {**asyncio}: pass\n" + LOCAL,
        "def h():\n    global asyncio\n    asyncio = 1\n" + LOCAL,
        "import asyncio\ndel asyncio\n" + LOCAL,
        "def g(asyncio):\n    f()\n",
        "def g(*, asyncio):\n    f()\n",
        "def g():\n    asyncio = 1\n    f()\n",
        "def g():\n    f()\n    asyncio = 1\n",
        "def g():\n    f()\n    import asyncio\n",
        "def g():\n    if x:\n        import asyncio\n    f()\n",
        "import asyncio\ndef g():\n    f()\n    import asyncio\n",
        "def h(asyncio):\n    def g():\n        f()\n",
        "class A:\n    asyncio = 1\n    f()\n",
        "def g():\n    return lambda asyncio: f()\n",
        "def g():\n    return [f() for asyncio in x]\n",
        "def g():\n    return {1: f() for _, asyncio in x}\n",
    ],
)
def test_a_name_with_another_meaning_is_refused(before: str) -> None:
    result = plan(before, use, "f()")
    assert isinstance(result, Skipped)
    assert result.reason == "the name `asyncio` means something else here"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("from sqlalchemy.orm import selectinload\n", "selectinload(f)"),
        ("from sqlalchemy.orm import selectinload as load\n", "load(f)"),
        ("from sqlalchemy import orm\n", "orm.selectinload(f)"),
        ("import sqlalchemy.orm\n", "sqlalchemy.orm.selectinload(f)"),
        ("import sqlalchemy.orm as o\n", "o.selectinload(f)"),
        ("import sqlalchemy.orm.session\n", "sqlalchemy.orm.selectinload(f)"),
        ("import sqlalchemy.orm as o\nfrom sqlalchemy.orm import selectinload\n", "selectinload(f)"),
    ],
)
def test_a_member_is_reached_as_the_module_does_it(before: str, expected: str) -> None:
    result = fixed(before + LOCAL, use, "f()", module="sqlalchemy.orm", name="selectinload")
    assert result == before + LOCAL.replace("f()", expected)


@pytest.mark.parametrize(
    "before",
    ["", "import sqlalchemy\n", "import sqlalchemy as sa\n", "from .orm import x\n", "from sqlalchemy.orm import x\n"],
)
def test_a_member_that_is_not_there_is_imported(before: str) -> None:
    result = fixed(before + LOCAL, use, "f()", module="sqlalchemy.orm", name="selectinload")
    assert "\n    selectinload(f)\n" in result
    assert "from sqlalchemy.orm import selectinload" in result


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("import concurrent.futures\n", "concurrent.futures(f)"),
        ("from concurrent import futures\n", "futures(f)"),
        ("from concurrent import futures as pools\n", "pools(f)"),
        ("import concurrent.futures.thread\n", "concurrent.futures(f)"),
    ],
)
def test_a_submodule_is_reached(before: str, expected: str) -> None:
    assert fixed(before + LOCAL, use, "f()", module="concurrent.futures") == before + LOCAL.replace("f()", expected)


def test_a_submodule_is_imported_beside_its_package() -> None:
    result = fixed("import concurrent\n" + LOCAL, use, "f()", module="concurrent.futures")
    assert result == "import concurrent\nimport concurrent.futures\ndef g():\n    concurrent.futures(f)\n"


def test_an_import_must_not_hide_a_builtin() -> None:
    result = plan("def g():\n    open(f())\n", use, "f()", module="aiofiles", name="open")
    assert isinstance(result, Skipped)
    assert "`open`" in result.reason


def test_a_name_that_an_inner_function_hides_is_reached_outside_of_it() -> None:
    text = "import asyncio as aio\n\ndef g():\n    def h(aio): pass\n    f()\n"
    assert fixed(text, use, "f()") == text.replace("f()", "aio(f)")


def test_an_alias_that_a_parameter_hides_is_not_used() -> None:
    result = fixed("import asyncio as aio\n\n\ndef g(aio):\n    f()\n", use, "f()")
    assert "\nimport asyncio\n" in f"\n{result}"
    assert "asyncio(f)" in result


def test_decorators_and_defaults_are_outside_of_their_function() -> None:
    text = "import asyncio\n\n\ndef g(asyncio=f()):\n    pass\n"
    assert fixed(text, use, "f()") == text.replace("f()", "asyncio(f)")


def test_a_nonlocal_name_is_that_of_the_function_around() -> None:
    result = plan("def h():\n    asyncio = 1\n    def g():\n        nonlocal asyncio\n        f()\n", use, "f()")
    assert isinstance(result, Skipped)
