"""Lines that become too long are broken where a formatter would."""

from __future__ import annotations

from typing import Any

import pytest

from flake8_backend.core.source import SourceFile
from flake8_backend.fixes.syntax import ParsedFile
from tests.fixes.fakes import fixed

URL = "'" + "u" * 46 + "'"


def offloaded(call: Any, fix: Any) -> Any:
    return fix.wrap_await(fix.wrap_call(call, "asyncio.to_thread"))


def add(call: Any, fix: Any, *, count: int = 1) -> Any:
    for number in range(count):
        call = fix.with_keyword(call, f"keyword_{number}", "10000")
    return call


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"response = f({URL}, a=1)",
            f"response = await asyncio.to_thread(\n        f, {URL}, a=1\n    )",
        ),
        (
            f"return g(f({URL}), 1)",
            f"return g(\n        await asyncio.to_thread(f, {URL}), 1\n    )",
        ),
        (
            f"return x.f({URL}, 1).y",  # and so do these parentheses
            f"return (await asyncio.to_thread(x.f, {URL}, 1)).y",
        ),
        (
            f"return [\n        f({URL}, 100000000)\n    ]",
            f"return [\n        await asyncio.to_thread(\n            f, {URL}, 100000000\n        )\n    ]",
        ),
        (
            f"return g(\n        f({URL}, 100000),\n    )",
            f"return g(\n        await asyncio.to_thread(\n            f, {URL}, 100000\n        ),\n    )",
        ),
        (
            f"return [f({URL}, 100000) for x in y]",  # the brackets of the list come first: left to people
            f"return [await asyncio.to_thread(f, {URL}, 100000) for x in y]",
        ),
        (
            f"x = f(\n        {URL}, {'1' * 29}\n    )",
            f"x = await asyncio.to_thread(\n        f,\n        {URL},\n        {'1' * 29},\n    )",
        ),
        (
            f"x = g(\n        f({URL}), {'1' * 22}\n    )",
            f"x = g(\n        await asyncio.to_thread(f, {URL}),\n        {'1' * 22},\n    )",
        ),
        (
            f"if f({URL}, 'a'): pass",
            f"if await asyncio.to_thread(\n        f, {URL}, 'a'\n    ): pass",
        ),
    ],
)
def test_a_line_that_grew_too_long_is_broken(before: str, after: str) -> None:
    start = "x.f(" if "x.f(" in before else "f("
    assert fixed(f"async def main():\n    {before}\n", offloaded, start) == f"async def main():\n    {after}\n"


def test_arguments_get_a_line_each_when_one_line_is_not_enough() -> None:
    expected = "".join(f"        keyword_{number}=10000,\n" for number in range(5))
    assert fixed("if x:\n    f(a)\n", add, "f", count=5) == f"if x:\n    f(\n        a,\n{expected}    )\n"


@pytest.mark.parametrize("brackets", ["[]", "{}", "()"])
def test_brackets_on_lines_of_their_own_are_no_obstacle(brackets: str) -> None:
    before = f"x = {brackets[0]}\n    client.f({URL}, 'aaaaaaa'),\n{brackets[1]}\n"
    inner = f"        {URL}, 'aaaaaaa', keyword_0=10000\n"
    assert fixed(before, add, "client.f(") == f"x = {brackets[0]}\n    client.f(\n{inner}    ),\n{brackets[1]}\n"


def test_a_trailing_comma_stays_one() -> None:
    assert fixed(f"x = f({URL}, 'aaaaaaaaaaaaaaaaaa',)\n", add, "f") == (
        f"x = f(\n    {URL},\n    'aaaaaaaaaaaaaaaaaa',\n    keyword_0=10000,\n)\n"
    )


def test_a_line_that_breaking_does_not_help_stays() -> None:
    long = "'" + "u" * 120 + "'"
    assert fixed(f"x = f({long})\n", add, "f") == f"x = f({long}, keyword_0=10000)\n"


def test_a_line_that_was_too_long_before_is_broken_when_that_helps() -> None:
    assert "\n    " in fixed(f"xxxxxxxxxxxxxxxxxxxxx = f({URL}, 'aaaaaaaaaa')\n", add, "f")


def test_a_statement_that_shares_its_line_is_not_broken() -> None:
    assert "\n    '" not in fixed(f"if x: y = f({URL}, 'aaaaaaaaaaaa')\n", add, "f")


def test_a_call_in_a_string_is_not_broken() -> None:
    assert fixed(f'x = f"{{f(a)}}{"u" * 70}"\n', add, "f(") == f'x = f"{{f(a, keyword_0=10000)}}{"u" * 70}"\n'


def test_tabs_and_line_ends_are_those_of_the_file() -> None:
    assert fixed(f"if x:\r\n\tf({URL}, 'aaaaaaaaaaaaaaaaa')\r\n", add, "f") == (
        f"if x:\r\n\tf(\r\n\t\t{URL}, 'aaaaaaaaaaaaaaaaa', keyword_0=10000\r\n\t)\r\n"
    )


@pytest.mark.parametrize(
    ("lines", "width"),
    [
        (["x" * 10], 88),
        (["x" * 79] * 99, 88),
        (["x" * 79] * 100, 79),
        (["x" * 100], 100),
        (["x" * 120, "x" * 300], 120),
        (["x" * 121], 88),
    ],
)
def test_a_file_tells_how_long_its_lines_may_be(lines: list[str], width: int) -> None:
    assert ParsedFile.of(SourceFile("m.py", "\n".join(lines))).width == width
