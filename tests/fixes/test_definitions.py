"""Definitions that get something more: parameters on lines of their own, attributes, a definition before them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixes.fakes import fixed, refused

LONG = "limit: Annotated[int, Query(ge=1, le=100)] = 50"


def page(function: Any, fix: Any) -> Any:
    return fix.with_parameters(function, LONG, "offset: int = 0")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("()", f"({LONG}, offset: int = 0)"),
        ("(a, *, b)", f"(\n    a,\n    {LONG},\n    offset: int = 0,\n    *,\n    b,\n)"),
        ("(a, /, **kw)", f"(\n    a,\n    /,\n    {LONG},\n    offset: int = 0,\n    **kw,\n)"),
        ("(session, *args)", f"(\n    session,\n    {LONG},\n    offset: int = 0,\n    *args,\n)"),
        ("(\n    a,  # first\n)", f"(\n    a,  # first\n    {LONG},\n    offset: int = 0,\n)"),
    ],
)
def test_parameters_get_lines_when_one_is_too_short(before: str, after: str) -> None:
    body = "-> list[int]:\n    return []\n"
    assert fixed(f"def f{before} {body}", page, "def f", "FunctionDef") == f"def f{after} {body}"


def test_parameters_of_a_method_keep_its_indentation() -> None:
    text = "class A:\n    @get\n    async def rows_of_the_order(self, order):\n        pass\n"
    expected = (
        "class A:\n    @get\n    async def rows_of_the_order(\n        self,\n        order,\n"
        f"        {LONG},\n        offset: int = 0,\n    ):\n        pass\n"
    )
    assert fixed(text, page, "async def rows", "AsyncFunctionDef") == expected


@pytest.mark.parametrize(
    "text",
    [
        "def f(limit): pass\n",
        "def f(*, offset=1): pass\n",
        "def f():\n    limit = 1\n",
        "def f():\n    return [offset for offset in x]\n",
    ],
)
def test_a_name_that_the_function_uses_is_refused(text: str) -> None:
    assert "already" in refused(text, page, "def f", "FunctionDef")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    a = 1\n\n    def m(self): ...\n", "    a = 1\n    p = Q\n\n    def m(self): ...\n"),
        ('    """Doc."""\n\n    def m(self): ...\n', '    """Doc."""\n    p = Q\n\n    def m(self): ...\n'),
        ("    a: int = 1  # one\n    b = 2\n", "    a: int = 1  # one\n    b = 2\n    p = Q\n"),
        ("    def m(self): ...\n    a = 1\n", "    p = Q\n    def m(self): ...\n    a = 1\n"),
    ],
)
def test_an_attribute_joins_those_that_are_there(before: str, after: str) -> None:
    def attribute(klass: Any, fix: Any) -> Any:
        return fix.with_attribute(klass, "p", "Q")

    assert fixed(f"class A(B):\n{before}", attribute, "class A", "ClassDef") == f"class A(B):\n{after}"
    assert "header" in refused("class A: a = 1\n", attribute, "class A", "ClassDef")


def test_a_definition_comes_before_another_one() -> None:
    def pages(klass: Any, fix: Any) -> Any:
        return fix.before_definition(klass, "Pages", "class Pages(Base):\n    size = 50\n")

    text = "import base\n\n\n@register\nclass A(B):\n    a = 1\n"
    expected = "import base\n\n\nclass Pages(Base):\n    size = 50\n\n\n@register\nclass A(B):\n    a = 1\n"
    assert fixed(text, pages, "class A", "ClassDef") == expected
    assert "means something else" in refused(f"Pages = 1\n{text}", pages, "class A", "ClassDef")
