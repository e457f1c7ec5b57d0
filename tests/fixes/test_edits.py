"""The helpers of codemods keep the layout that is there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixes.fakes import fixed, refused

LONG = "a" * 70


def add(call: Any, fix: Any, *, name: str = "timeout", value: Any = 10) -> Any:
    return fix.with_keyword(call, name, value)


def remove(call: Any, fix: Any, *, name: str = "verify") -> Any:
    return fix.without_keyword(call, name)


def awaited(node: Any, fix: Any) -> Any:
    return fix.wrap_await(node)


def offloaded(call: Any, fix: Any) -> Any:
    return fix.wrap_call(call, "asyncio.to_thread")


def chained(node: Any, fix: Any, *, argument: str = '"customer"') -> Any:
    return fix.append_call(node, ".select_related", argument)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(timeout=10)"),
        ("f( )", "f(timeout=10)"),
        ("f(a)", "f(a, timeout=10)"),
        ("f(a,)", "f(a, timeout=10,)"),
        ("f(a, b)", "f(a, b, timeout=10)"),
        ("f(a,b)", "f(a,b,timeout=10)"),
        ("f( a )", "f( a, timeout=10 )"),
        ("f(b = 1)", "f(b = 1, timeout = 10)"),
        ("f(**kw)", "f(timeout=10, **kw)"),
        ("f(a, **kw)", "f(a, timeout=10, **kw)"),
        ("f(*a, **kw)", "f(*a, timeout=10, **kw)"),
        ("f(*a)", "f(*a, timeout=10)"),
        ("f(x for x in y)", "f((x for x in y), timeout=10)"),
        ("f((x for x in y))", "f((x for x in y), timeout=10)"),
        ("f( x for x in y )", "f( (x for x in y), timeout=10 )"),
        ("f(timeout=None)", "f(timeout=10)"),
        ("f(a, timeout = None, b=1)", "f(a, timeout = 10, b=1)"),
        ("f (a)", "f (a, timeout=10)"),
        ("f(x := 1)", "f(x := 1, timeout=10)"),
        ("f(lambda: 1)", "f(lambda: 1, timeout=10)"),
        ("f(\n    a,\n    b,\n)", "f(\n    a,\n    b,\n    timeout=10,\n)"),
        ("f(\n    a,\n    b\n)", "f(\n    a,\n    b,\n    timeout=10\n)"),
        ("f(\n    a,\n    **kw,\n)", "f(\n    a,\n    timeout=10,\n    **kw,\n)"),
        ("f(\n    **kw,\n)", "f(\n    timeout=10,\n    **kw,\n)"),
        ("f(a,\n  b)", "f(a,\n  b,\n  timeout=10)"),
        ("f(\n    a,\n)", "f(\n    a,\n    timeout=10,\n)"),
        ("f(\n    a\n)", "f(\n    a, timeout=10\n)"),
        (f"f(\n    {LONG}\n)", f"f(\n    {LONG}, timeout=10\n)"),
        (f"f(\n    {LONG}{LONG}\n)", f"f(\n    {LONG}{LONG},\n    timeout=10,\n)"),
        ("f(\n    a, b\n)", "f(\n    a, b, timeout=10\n)"),
        ("f({\n    1: 2,\n})", "f({\n    1: 2,\n}, timeout=10)"),
        ("f(\n    a,  # one\n    b,  # two\n)", "f(\n    a,  # one\n    b,  # two\n    timeout=10,\n)"),
        ("f(\n    a,  # one\n    b  # two\n)", "f(\n    a,  # one\n    b,  # two\n    timeout=10\n)"),
        ("f(\n    a,\n    # last\n)", "f(\n    a,\n    # last\n    timeout=10,\n)"),
        ("f(\n    a, b  # two\n)", "f(\n    a, b, timeout=10  # two\n)"),
        ("f(a  # one\n)", "f(a, timeout=10  # one\n)"),
        ("f(\n    # nothing\n)", "f(\n    # nothing\n    timeout=10,\n)"),
        ("f(\n    a,\n\n    b,\n)", "f(\n    a,\n\n    b,\n    timeout=10,\n)"),
        ("f(a, \\\n  b)", "f(a, \\\n  b, \\\n  timeout=10)"),
        ("f(\n\ta,\n\tb,\n)", "f(\n\ta,\n\tb,\n\ttimeout=10,\n)"),
        ("f(\r\n    a,\r\n    b,\r\n)", "f(\r\n    a,\r\n    b,\r\n    timeout=10,\r\n)"),
        ("f(  # why\n    a,\n    b,\n)", "f(  # why\n    a,\n    b,\n    timeout=10,\n)"),
        ("f(a\n  , b\n  )", "f(a\n  , b, timeout=10\n  )"),
    ],
)
def test_a_keyword_is_added_in_the_layout_of_the_call(before: str, after: str) -> None:
    assert fixed(f"{before}\n", add, "f") == f"{after}\n"
    # and one block further in, where every line of the call but the first is further in, too
    newline = "\r\n" if "\r" in before else "\n"
    indented = (before.replace("\n", "\n    "), after.replace("\n", "\n    "))
    if LONG not in before:
        header = f"def g():{newline}    return "
        assert fixed(f"{header}{indented[0]}{newline}", add, "f") == f"{header}{indented[1]}{newline}"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (10.0, "10"),
        (2.5, "2.5"),
        (True, "True"),
        (None, "None"),
        ("httpx.Timeout(3)", "httpx.Timeout(3)"),
        ("'é'", "'é'"),
    ],
)
def test_a_value_is_code_or_a_constant(value: Any, written: str) -> None:
    assert fixed("f(a)\n", add, "f", value=value) == f"f(a, timeout={written})\n"


@pytest.mark.parametrize("value", ["1 +", "x = 1", "import os", "a; b", "", "1)\n(2"])
def test_a_value_that_is_no_expression_is_refused(value: str) -> None:
    assert "is not an expression" in refused("f(a)\n", add, "f", value=value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(verify=False)", "f()"),
        ("f(a, verify=False)", "f(a)"),
        ("f(verify=False, a=1)", "f(a=1)"),
        ("f(a, verify=False, **kw)", "f(a, **kw)"),
        ("f(a, verify=False,)", "f(a,)"),
        ("f(\n    a,\n    verify=False,\n)", "f(\n    a,\n)"),
        ("f(\n    a,\n    verify=False\n)", "f(\n    a\n)"),
        ("f(\n    a,  # one\n    verify=False,\n)", "f(\n    a,  # one\n)"),
        ("f(\n    verify=False,\n    b=1,\n)", "f(\n    b=1,\n)"),
        ("f(\n    verify=False,\n)", "f()"),
    ],
)
def test_a_keyword_is_taken_out(before: str, after: str) -> None:
    assert fixed(f"{before}\n", remove, "f") == f"{after}\n"


def test_a_comment_is_never_lost() -> None:
    assert refused("f(\n    a,\n    verify=False,  # on purpose\n)\n", remove, "f") == "the fix would lose a comment"


def test_the_sign_of_a_comment_in_a_string_is_no_comment() -> None:
    assert fixed('f("#1", verify="#2")\n', remove, "f") == 'f("#1")\n'


def test_replacing_a_keyword_that_is_not_there_is_refused() -> None:
    def replace(call: Any, fix: Any) -> Any:
        return fix.replace_keyword(call, "timeout", 3)

    assert refused("f(a)\n", replace, "f") == "the call has no argument `timeout`"
    assert refused("f(a)\n", remove, "f") == "the call has no argument `verify`"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "await f()"),
        ("x = f()", "x = await f()"),
        ("f().y", "(await f()).y"),
        ("f()[0]", "(await f())[0]"),
        ("f()(1)", "(await f())(1)"),
        ("g(f())", "g(await f())"),
        ("g(*f())", "g(*await f())"),
        ("g(x=f())", "g(x=await f())"),
        ("-f()", "-await f()"),
        ("not f()", "not await f()"),
        ("f() ** 2", "await f() ** 2"),
        ("2 ** f()", "2 ** await f()"),
        ("f() + f()", "await f() + f()"),
        ("a if f() else b", "a if await f() else b"),
        ("[f() for x in y]", "[await f() for x in y]"),
        ("return f()", "return await f()"),
        ("assert f(), f()", "assert await f(), f()"),
        ("(f()).y", "(await f()).y"),
        ("(f())", "(await f())"),
        ("x = (\n        f()\n    )", "x = (\n        await f()\n    )"),
        ("(\n        f()\n        .g()\n    )", "(\n        (await f())\n        .g()\n    )"),
        ("with f() as x: pass", "with await f() as x: pass"),
        ("for x in f(): pass", "for x in await f(): pass"),
        ("if f(): pass", "if await f(): pass"),
        ("if (x := f()): pass", "if (x := await f()): pass"),
        ("x = y = f()", "x = y = await f()"),
        ("yield f()", "yield await f()"),
        ("f'{f()}'", "f'{await f()}'"),
        ("raise E from f()", "raise E from await f()"),
        ("del f().x", "del (await f()).x"),
        ("f().x = 1", "(await f()).x = 1"),
        ("f() < 1 < 2", "await f() < 1 < 2"),
        ("x[f():2]", "x[await f():2]"),
    ],
)
def test_await_brings_the_parentheses_that_it_needs(before: str, after: str) -> None:
    header = "async def main():\n    "
    assert fixed(f"{header}{before}\n", awaited, "f()") == f"{header}{after}\n"


def test_a_chain_in_parentheses_is_awaited_inside_them() -> None:
    before = "async def g():\n    x = (\n        f()\n        .all()\n    )\n"
    after = "async def g():\n    x = (\n        await f()\n        .all()\n    )\n"
    assert fixed(before, awaited, "f()\n        .all()") == after


@pytest.mark.parametrize(
    ("kind", "start"), [("BoolOp", "a or"), ("BinOp", "a +"), ("Lambda", "lambda"), ("IfExp", "a if")]
)
def test_what_await_cannot_take_is_put_in_parentheses(kind: str, start: str) -> None:
    code = {"BoolOp": "a or b", "BinOp": "a + b", "Lambda": "lambda: 1", "IfExp": "a if b else c"}[kind]
    assert (
        fixed(f"async def g():\n    x = {code}\n", awaited, start, kind) == f"async def g():\n    x = await ({code})\n"
    )


def test_awaiting_twice_is_refused() -> None:
    assert refused("async def g():\n    await f()\n", awaited, "f") == "it is awaited already"
    assert refused("async def g():\n    await f()\n", awaited, "await", "Await") == "it is awaited already"
    assert refused("async def g():\n    await (f())\n", awaited, "f") == "it is awaited already"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("requests.get(u, timeout=3)", "asyncio.to_thread(requests.get, u, timeout=3)"),
        ("f()", "asyncio.to_thread(f)"),
        ("f(*a, **k)", "asyncio.to_thread(f, *a, **k)"),
        ("f(x for x in y)", "asyncio.to_thread(f, (x for x in y))"),
        ("f(\n    a,\n    b,\n)", "asyncio.to_thread(\n    f,\n    a,\n    b,\n)"),
        ("f(\n    a\n)", "asyncio.to_thread(\n    f, a\n)"),
        ("f(\n    '''a\n'''\n)", "asyncio.to_thread(\n    f,\n    '''a\n''',\n)"),
        ("f(\n    a,  # one\n    b,\n)", "asyncio.to_thread(\n    f,\n    a,  # one\n    b,\n)"),
        ("f(a,\n  b)", "asyncio.to_thread(f,\n  a,\n  b)"),
        ("(a or b)(1)", "asyncio.to_thread((a or b), 1)"),
        ("x.y().z(1)", "asyncio.to_thread(x.y().z, 1)"),
        ("(\n    f(1)\n)", "(\n    asyncio.to_thread(f, 1)\n)"),
    ],
)
def test_a_call_is_handed_over(before: str, after: str) -> None:
    start = before.removeprefix("(\n    ").removesuffix("\n)")
    assert fixed(f"{before}\n", offloaded, start) == f"{after}\n"


def test_a_call_is_handed_over_behind_other_arguments() -> None:
    def in_executor(call: Any, fix: Any) -> Any:
        return fix.wrap_call(call, "loop.run_in_executor", "None")

    assert fixed("x = f(1)\n", in_executor, "f") == "x = loop.run_in_executor(None, f, 1)\n"


def test_a_value_may_be_a_node() -> None:
    def twice(call: Any, fix: Any) -> Any:
        return fix.with_keyword(call, "again", call.args[0].value)

    assert fixed("f(a.b)\n", twice, "f") == "f(a.b, again=a.b)\n"


def test_statements_that_are_none_are_refused() -> None:
    def broken(call: Any, fix: Any) -> Any:
        fix.insert_before("if x")
        return call

    assert refused("f()\n", broken, "f") == "`if x` is not a statement"


def test_helpers_combine() -> None:
    def both(call: Any, fix: Any) -> Any:
        return fix.wrap_await(fix.wrap_call(fix.with_keyword(call, "timeout", 3), "asyncio.to_thread"))

    before = "async def g():\n    return f(\n        u,\n        a=1,\n    ).json()\n"
    after = (
        "async def g():\n    return (await asyncio.to_thread(\n        f,\n        u,\n        a=1,\n"
        "        timeout=3,\n    )).json()\n"
    )
    assert fixed(before, both, "f(\n        u,\n        a=1,\n    )") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(1)", 'f(1).select_related("customer")'),
        ("a.b.f(1)", 'a.b.f(1).select_related("customer")'),
        ("(f(1))", '(f(1).select_related("customer"))'),
        ("(\n    f(1)\n)", '(\n    f(1).select_related("customer")\n)'),
        ("(\n    a\n    .f(1)\n)", '(\n    a\n    .f(1)\n    .select_related("customer")\n)'),
        ("(\n    a.\n    f(1)\n)", '(\n    a.\n    f(1).\n    select_related("customer")\n)'),
        (
            "(\n    a\n    .f(1)  # open\n)",
            '(\n    a\n    .f(1)  # open\n    .select_related("customer")\n)',
        ),
        (
            "(\n    a  # all\n    .f(1)\n    # done\n)",
            '(\n    a  # all\n    .f(1)\n    # done\n    .select_related("customer")\n)',
        ),
        ("g(\n    a\n    .f(1)\n)", 'g(\n    a\n    .f(1)\n    .select_related("customer")\n)'),
        ("a.f(\n    x=1,\n)", 'a.f(\n    x=1,\n).select_related("customer")'),
        ("a \\\n    .f(1)", 'a \\\n    .f(1) \\\n    .select_related("customer")'),
    ],
)
def test_a_link_is_added_to_a_chain(before: str, after: str) -> None:
    start = before.removeprefix("g").removeprefix("(\n    ").removeprefix("(")
    start = start.partition(")")[0] + ")"
    assert fixed(f"x = {before}\n", chained, start) == f"x = {after}\n"


@pytest.mark.parametrize(
    ("before", "kind", "start", "after"),
    [
        ("a or b", "BoolOp", "a", "(a or b).m(1)"),
        ("(a or b)", "BoolOp", "a", "(a or b).m(1)"),
        ("await f()", "Await", "await", "(await f()).m(1)"),
        ("1", "Constant", "1", "(1).m(1)"),
        ("'a' 'b'", "Constant", "'a'", "('a' 'b').m(1)"),
        ("'a'", "Constant", "'a'", "'a'.m(1)"),
        ("{}", "Dict", "{", "{}.m(1)"),
        ("(x for x in y)", "GeneratorExp", "(", "(x for x in y).m(1)"),
        ("(1, 2)", "Tuple", "(", "(1, 2).m(1)"),
        ("1, 2", "Tuple", "1", "(1, 2).m(1)"),
    ],
)
def test_a_link_is_added_to_any_expression(before: str, kind: str, start: str, after: str) -> None:
    def link(node: Any, fix: Any) -> Any:
        return fix.append_call(node, "m", "1")

    assert fixed(f"async def g():\n    x = {before}\n", link, start, kind) == f"async def g():\n    x = {after}\n"


def test_a_generator_that_is_an_argument_gets_its_own_parentheses() -> None:
    def link(node: Any, fix: Any) -> Any:
        return fix.append_call(node, "m")

    assert fixed("f(x for x in y)\n", link, "(x", "GeneratorExp") == "f((x for x in y).m())\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("()", "(request)"),
        ("(a)", "(a, request)"),
        ("(a, b=1)", "(a, request, b=1)"),
        ("(a=1)", "(request, a=1)"),
        ("(self, *args, **kw)", "(self, request, *args, **kw)"),
        ("(a, /, b=1, *, c)", "(a, /, request, b=1, *, c)"),
        ("(a, /)", "(a, /, request)"),
        ("(*, c=1)", "(request, *, c=1)"),
        ("(\n    a,\n    b=1,\n)", "(\n    a,\n    request,\n    b=1,\n)"),
        ("(\n    a,\n    b,\n)", "(\n    a,\n    b,\n    request,\n)"),
        ("(\n    a,  # one\n    b,  # two\n)", "(\n    a,  # one\n    b,  # two\n    request,\n)"),
        ("(\n    a\n)", "(\n    a,\n    request,\n)"),
        ("(a,\n      b)", "(a,\n      b,\n      request)"),
    ],
)
def test_a_parameter_is_added(before: str, after: str) -> None:
    def parameter(function: Any, fix: Any) -> Any:
        return fix.add_parameter(function, "request")

    assert fixed(f"def f{before}: pass\n", parameter, "def f", "FunctionDef") == f"def f{after}: pass\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("()", "(*, limit: int = 50)"),
        ("(a)", "(a, *, limit: int = 50)"),
        ("(a=1)", "(a=1, *, limit: int = 50)"),
        ("(a, /)", "(a, /, *, limit: int = 50)"),
        ("(a, *, b)", "(a, *, b, limit: int = 50)"),
        ("(*args)", "(*args, limit: int = 50)"),
        ("(*args, **kw)", "(*args, limit: int = 50, **kw)"),
        ("(**kw)", "(*, limit: int = 50, **kw)"),
        ("(\n    a,\n)", "(\n    a,\n    *,\n    limit: int = 50,\n)"),
        ("(\n    a,\n    *,\n    b,\n)", "(\n    a,\n    *,\n    b,\n    limit: int = 50,\n)"),
    ],
)
def test_a_keyword_only_parameter_is_added(before: str, after: str) -> None:
    def parameter(function: Any, fix: Any) -> Any:
        return fix.add_parameter(function, "limit: int = 50", keyword_only=True)

    assert fixed(f"def f{before}: pass\n", parameter, "def f", "FunctionDef") == f"def f{after}: pass\n"


def test_parameters_that_cannot_be_are_refused() -> None:
    def parameter(function: Any, fix: Any, *, code: str) -> Any:
        return fix.add_parameter(function, code)

    assert "already" in refused("def f(*, a): pass\n", parameter, "def", "FunctionDef", code="a")
    assert "cannot follow" in refused("def f(a=1, /): pass\n", parameter, "def", "FunctionDef", code="b")
    assert "not a parameter" in refused("def f(): pass\n", parameter, "def", "FunctionDef", code="a b")
    assert "not a parameter" in refused("def f(): pass\n", parameter, "def", "FunctionDef", code="a, b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [('f("a")\n', '"x"'), ("f('a')\n", "'x'"), ("f()\n", '"x"')],
)
def test_strings_take_the_quotes_of_the_file(text: str, expected: str) -> None:
    def quote(call: Any, fix: Any) -> Any:
        return fix.with_keyword(call, "name", fix.quoted("x"))

    assert f"name={expected}" in fixed(text, quote, "f")


def test_quotes_inside_a_string_are_kept() -> None:
    def quote(call: Any, fix: Any) -> Any:
        return fix.with_keyword(call, "name", fix.quoted('say "é" \\'))

    assert fixed('f("a", "b")\n', quote, "f") == 'f("a", "b", name=\'say "é" \\\\\')\n'
