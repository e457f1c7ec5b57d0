"""From a span to the node and back to text, in layouts that are hostile to both."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import libcst as cst
import pytest

from flake8_backend.config import Options
from flake8_backend.core.diagnostic import Fix, Safety, Span, Step
from flake8_backend.core.source import SourceFile
from flake8_backend.fixes.plan import CannotFix, Edit, Skipped
from flake8_backend.fixes.planner import plan_fix, single_fix_edits
from flake8_backend.fixes.syntax import ParsedFile, span_of
from flake8_backend.fixes.unit import ParsedUnit, Unit
from tests.fixes.fakes import finding, fixed, make_rule, refused, target


def add(call: Any, fix: Any) -> Any:
    return fix.with_keyword(call, "t", 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if x: f()\n", "if x: f(t=1)\n"),
        ("if f(): pass\n", "if f(t=1): pass\n"),
        ("if x: pass\nelif f(): pass\nelse: pass\n", "if x: pass\nelif f(t=1): pass\nelse: pass\n"),
        ("if x: pass\nelif y: f()\n", "if x: pass\nelif y: f(t=1)\n"),
        ("if x: pass\nelse:\n    if f(): pass\n", "if x: pass\nelse:\n    if f(t=1): pass\n"),
        ("a; f(); b\n", "a; f(t=1); b\n"),
        ("a; f();\n", "a; f(t=1);\n"),
        ("if x: a; f(); b  # c\n", "if x: a; f(t=1); b  # c\n"),
        ("a; \\\n  f()\nb\n", "a; \\\n  f(t=1)\nb\n"),
        ("@f()\ndef g(): pass\n", "@f(t=1)\ndef g(): pass\n"),
        ("@ f()\nclass g: pass\n", "@ f(t=1)\nclass g: pass\n"),
        ("@a\n@f()\n# c\nasync def g(): pass\n", "@a\n@f(t=1)\n# c\nasync def g(): pass\n"),
        ("x = lambda: f()\n", "x = lambda: f(t=1)\n"),
        ("x = f'{f()}'\n", "x = f'{f(t=1)}'\n"),
        ("x = f(f'{a}' 'b')\n", "x = f(f'{a}' 'b', t=1)\n"),
        ("x = 1 + \\\n    f()\n", "x = 1 + \\\n    f(t=1)\n"),
        (
            "x = f(  # why\n    a,  # one\n    # two\n    b,\n)\n",
            "x = f(  # why\n    a,  # one\n    # two\n    b,\n    t=1,\n)\n",
        ),
        ("def g():\n\tif x:\n\t\tf()\n", "def g():\n\tif x:\n\t\tf(t=1)\n"),
        ("def g():\r\n    f()\r\n    y\r\n", "def g():\r\n    f(t=1)\r\n    y\r\n"),
        ("if x:\n    if (y := f()):\n        z\n", "if x:\n    if (y := f(t=1)):\n        z\n"),
        ("async def g():\n    x = (await f())\n", "async def g():\n    x = (await f(t=1))\n"),
        ("async def g():\n    async with f() as a: await a\n", "async def g():\n    async with f(t=1) as a: await a\n"),
        (
            "async def g():\n    return [x async for x in f()]\n",
            "async def g():\n    return [x async for x in f(t=1)]\n",
        ),
        ("class A:\n    x = f()\n    def m(self): pass\n", "class A:\n    x = f(t=1)\n    def m(self): pass\n"),
        ("class A(f()): pass\n", "class A(f(t=1)): pass\n"),
        ("match f():\n    case 1: pass\n", "match f(t=1):\n    case 1: pass\n"),
        ("match x:\n    case 1 if f(): pass\n", "match x:\n    case 1 if f(t=1): pass\n"),
        ("match x:\n    case 1:\n        f()\n", "match x:\n    case 1:\n        f(t=1)\n"),
        ("try:\n    pass\nexcept f(): pass\n", "try:\n    pass\nexcept f(t=1): pass\n"),
        (
            "try:\n    a\nexcept E:\n    f()\nelse:\n    b\nfinally:\n    c\n",
            "try:\n    a\nexcept E:\n    f(t=1)\nelse:\n    b\nfinally:\n    c\n",
        ),
        ("try:\n    a\nfinally:\n    f()\n", "try:\n    a\nfinally:\n    f(t=1)\n"),
        ("for x in y:\n    pass\nelse:\n    f()\n", "for x in y:\n    pass\nelse:\n    f(t=1)\n"),
        ("f()", "f(t=1)"),
        ("if x:\n    f()", "if x:\n    f(t=1)"),
        ("x = 'é😋'; f()\n", "x = 'é😋'; f(t=1)\n"),
        ("é = g('😋', f('😋é'), 'ß')\n", "é = g('😋', f('😋é', t=1), 'ß')\n"),
        ("def g():\n    '''é\n  out\n'''; f()\n", "def g():\n    '''é\n  out\n'''; f(t=1)\n"),
        (
            "def g():\n    with a:\n        x = '''\n  é\nout'''\n        return f('''\nin\n''')\n",
            "def g():\n    with a:\n        x = '''\n  é\nout'''\n        return f('''\nin\n''', t=1)\n",
        ),
        (
            "if x:\n  with f(): # c\n    a = '''\nout\n'''\n    b\n",
            "if x:\n  with f(t=1): # c\n    a = '''\nout\n'''\n    b\n",
        ),
        ("if x:\n\f    f()\n", "if x:\n\f    f(t=1)\n"),
        ("a\n\f\nf()\n", "a\n\f\nf(t=1)\n"),
        ("f(); x = 1\n", "f(t=1); x = 1\n"),
        ("x = [\nf(),\n  g]\n", "x = [\nf(t=1),\n  g]\n"),
        ("def g(x=f()):\n    pass\n", "def g(x=f(t=1)):\n    pass\n"),
        ("def g() -> f(): pass\n", "def g() -> f(t=1): pass\n"),
        ("x: f() = 1\n", "x: f(t=1) = 1\n"),
        ("x[f()] += 1\n", "x[f(t=1)] += 1\n"),
        ("print(*f(), **g)\n", "print(*f(t=1), **g)\n"),
        ("while f(): pass\n", "while f(t=1): pass\n"),
        ("x = f()  # é #\n", "x = f(t=1)  # é #\n"),
        ("x = f();# c", "x = f(t=1);# c"),
        ("if x:\n    pass\n    # tail\n    f()\n    # tail\n", "if x:\n    pass\n    # tail\n    f(t=1)\n    # tail\n"),
        ("if x:\n        f()\n", "if x:\n        f(t=1)\n"),
        ("if x:\n if y:\n        f()\n", "if x:\n if y:\n        f(t=1)\n"),
        ("if x:\n  \\\n  f()\n", "if x:\n  \\\n  f(t=1)\n"),
    ],
)
def test_a_call_is_found_and_the_rest_stays(before: str, after: str) -> None:
    assert fixed(before, add, "f(") == after


@pytest.mark.parametrize("text", ["x = 1\rf()\r", "if f() :\n    (x): int = 1\n"])
def test_a_layout_that_libcst_does_not_keep_is_refused(text: str) -> None:
    assert "layout" in refused(text, add, "f(")


def test_only_the_statement_with_that_layout_is_refused() -> None:
    text = "try:\n    f()\nexcept OSError :\n    pass\n"
    assert fixed(text, add, "f(") == text.replace("f()", "f(t=1)")


def test_nesting_that_would_exhaust_libcst_is_refused() -> None:
    assert refused(f"x = f({'+'.join('a' * 600)})\n", add, "f(") == "the statement is nested too deeply"
    assert "deeply" in refused(f"x = f({'a' + '.b()' * 235})\n", add, "f(")


def test_a_place_that_libcst_does_not_have_is_refused() -> None:
    def same(node: Any, fix: Any) -> Any:
        return node

    assert refused("x[1, 2]\n", same, "1, 2", "Tuple") == "libcst has no Tuple at this place"


# Which nodes are found


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("x = ('a' f'b{c}')", "JoinedStr", cst.ConcatenatedString),
        ("x = f'{c}'", "JoinedStr", cst.FormattedString),
        ("x = ('a' 'b')", "Constant", cst.ConcatenatedString),
        ("x = 'a'", "Constant", cst.SimpleString),
        ("x = None", "Constant", cst.Name),
        ("x = ...", "Constant", cst.Ellipsis),
        ("x = a and b and c", "BoolOp", cst.BooleanOperation),
        ("x = a < b < c", "Compare", cst.Comparison),
        ("x = (1, (2, 3))", "Tuple", cst.Tuple),
        ("x = ( # c\n (y) for y in z)", "GeneratorExp", cst.GeneratorExp),
        ("f(y for y in z)", "GeneratorExp", cst.GeneratorExp),
        ("f(a=1)", "keyword", cst.Arg),
        ("def f(a: int = 1): pass", "arg", cst.Param),
        ("def f(*a: int): pass", "arg", cst.Param),
        ("async def f(): pass", "AsyncFunctionDef", cst.FunctionDef),
        ("@d\nclass A: pass", "ClassDef", cst.ClassDef),
        ("import a as b", "alias", cst.ImportAlias),
        ("try: pass\nexcept E as e: pass", "ExceptHandler", cst.ExceptHandler),
        ("if a: pass\nelif b: pass", "If", cst.If),
        ("with a: pass", "With", cst.With),
        ("x += 1", "AugAssign", cst.AugAssign),
        ("x: int", "AnnAssign", cst.AnnAssign),
        ("f()", "Expr", cst.Expr),
        ("f(*a)", "Starred", cst.Arg),
        ("x = -1", "UnaryOp", cst.UnaryOperation),
        ("x = y[1]", "Subscript", cst.Subscript),
        ("del x", "Delete", cst.Del),
    ],
)
def test_nodes_of_ast_have_their_like_in_libcst(text: str, kind: str, expected: type[cst.CSTNode]) -> None:
    found: list[cst.CSTNode] = []

    def note(node: Any, fix: Any) -> Any:
        found.append(node)
        return fix.skip("seen")

    assert refused(f"{text}\n", note, kind=kind) == "seen"
    assert type(found[0]) is expected


def test_every_node_of_real_code_is_found() -> None:
    """A survey over real code: only parts of f-strings and of subscripts have no place of their own in libcst."""
    folder = Path(__file__).parents[2] / "src" / "flake8_backend" / "fixes"
    missing: set[str] = set()
    for path in (folder / "locate.py", folder / "write.py", folder / "parameters.py"):
        file = ParsedFile.of(SourceFile.from_bytes(path.name, path.read_bytes()))
        units: dict[int, ParsedUnit] = {}
        inner = {id(part) for node in ast.walk(file.tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
        inner |= {id(node.slice) for node in ast.walk(file.tree) if isinstance(node, ast.Subscript)}
        for node in ast.walk(file.tree):
            if not hasattr(node, "lineno") or id(node) in inner:
                continue
            start, end = file.source.offsets(span_of(node))
            unit = Unit.of(file, file.around(start, end))
            parsed = units.setdefault(unit.start, ParsedUnit(unit)) if unit.start not in units else units[unit.start]
            try:
                parsed.find(type(node).__name__, start, end)
            except CannotFix as error:
                missing.add(f"{path.name}:{node.lineno}: {error}")
    assert not missing


# What codemods return


def statement(node: Any, fix: Any, *, code: str) -> Any:
    return fix.parse_statements(code)


@pytest.mark.parametrize(
    ("before", "code", "after"),
    [
        ("old()\n", "new()", "new()\n"),
        ("old()  # noqa\n", "new()", "new()  # noqa\n"),
        ("old()  # c\n", "a()\nb()", "a()  # c\nb()\n"),
        ("# lead\nold()\nx\n", "a()\nb()", "# lead\na()\nb()\nx\n"),
        ("if x:\n    old()\n", "with a:\n    b()", "if x:\n    with a:\n        b()\n"),
        ("if x:\n\told()\n", "with a:\n    b('''\n in\n''')", "if x:\n\twith a:\n\t\tb('''\n in\n''')\n"),
        ("if x:\r\n  old()\r\n", "with a:\n    b()", "if x:\r\n  with a:\r\n    b()\r\n"),
        ("if x: old()\n", "a(); b()", "if x: a(); b()\n"),
        ("if x: old()\n", "a()\nb()", "if x: a(); b()\n"),
        ("a; old(); b\n", "x()\ny()", "a; x(); y(); b\n"),
        ("a; old()\n", "x()\ny()", "a; x(); y()\n"),
        ("a; old();\n", "x()", "a; x();\n"),
        ("if x:\n    old()", "a()\nb()", "if x:\n    a()\n    b()"),
    ],
)
def test_a_simple_statement_becomes_others(before: str, code: str, after: str) -> None:
    assert fixed(before, statement, "old", "Expr", code=code) == after


def test_a_comment_behind_a_statement_is_not_given_to_a_block() -> None:
    assert refused("old()  # c\n", statement, "old", "Expr", code="with a: b()") == "the fix would lose a comment"


@pytest.mark.parametrize("before", ["if x: old()\n", "a; old()\n"])
def test_a_block_has_no_room_beside_other_statements(before: str) -> None:
    assert "shares its line" in refused(before, statement, "old", "Expr", code="with a: b()")


def gone(node: Any, fix: Any) -> Any:
    return fix.libcst.RemoveFromParent()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x\nold()\ny\n", "x\ny\n"),
        ("def f():\n    x\n    old()\n\n\ny\n", "def f():\n    x\n\n\ny\n"),
        ("def f():\n    old()\n", "def f():\n    pass\n"),
        ("def f():\n    old()  # c\n", "def f():\n    pass  # c\n"),
        ("def f():\n    x\n    old()  # noqa: BE001\n", "def f():\n    x\n"),
        ("def f():\n    x\n    old()  # why\n", "def f():\n    x\n    # why\n"),
        ("if x: old()\n", "if x: pass\n"),
        ("a; old(); b\n", "a; b\n"),
        ("old(); b\n", "b\n"),
        ("a; old()\n", "a\n"),
        ("a; old();\n", "a\n"),
        ("if x: a; old()  # c\n", "if x: a  # c\n"),
        ("x\nold()", "x\n"),
    ],
)
def test_a_statement_is_taken_out(before: str, after: str) -> None:
    assert fixed(before, gone, "old", "Expr") == after


def test_a_block_with_a_comment_is_not_taken_out() -> None:
    assert refused("x\nif y:\n    z  # why\n", gone, "if y", "If") == "the fix would lose a comment"
    assert fixed("x\nif y:\n    z  # noqa\n", gone, "if y", "If") == "x\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x\nif y:\n    z\na\n", "x\na\n"),
        ("def f():\n    if y:\n        z\n", "def f():\n    pass\n"),
    ],
)
def test_a_block_is_taken_out(before: str, after: str) -> None:
    assert fixed(before, gone, "if y", "If") == after


def test_a_block_becomes_its_body() -> None:
    def unwrapped(node: Any, fix: Any) -> Any:
        return node.body.body

    assert fixed("def f():\n    with a:\n        b()  # c\n        d()\n    e\n", unwrapped, "with", "With") == (
        "def f():\n    b()  # c\n    d()\n    e\n"
    )


def test_a_function_is_changed_as_a_whole() -> None:
    def made_async(node: Any, fix: Any) -> Any:
        decorator = fix.libcst.Decorator(fix.parse_expression("d(1)"))
        return node.with_changes(asynchronous=fix.libcst.Asynchronous(), decorators=[decorator, *node.decorators])

    before = (
        "class A:\n    # lead\n    @x\n    def f(self):\n"
        "        '''é\n  out'''\n        # c\n        return 1  # d\n\n    y = 1\n"
    )
    after = before.replace("    @x\n    def", "    @d(1)\n    @x\n    async def")
    assert fixed(before, made_async, "def f", "FunctionDef") == after


def test_an_elif_cannot_become_several_statements() -> None:
    assert "branch" in refused("if a: pass\nelif b: pass\n", gone, "elif", "If")


def test_an_elif_can_become_another() -> None:
    def negated(node: Any, fix: Any) -> Any:
        return node.with_changes(test=fix.parse_expression("not b"))

    assert fixed("if a: pass\nelif b: pass\n", negated, "elif", "If") == "if a: pass\nelif not b: pass\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = f()\n", "pre()\nx = f()\npost()\n"),
        ("if y:\n    x = f()  # c\n    z\n", "if y:\n    pre()\n    x = f()  # c\n    post()\n    z\n"),
        ("if y: f()\n", "if y: pre(); f(); post()\n"),
        ("a; f(); b\n", "a; pre(); f(); post(); b\n"),
        ("f(); b\n", "pre()\nf(); post(); b\n"),
        ("a; f()\n", "a; pre(); f()\npost()\n"),
        ("f()", "pre()\nf()\npost()"),
        ("if f():\n    pass\nz\n", "pre()\nif f():\n    pass\npost()\nz\n"),
        ("@d\ndef g(a=f()): pass\n", "pre()\n@d\ndef g(a=f()): pass\npost()\n"),
        ("if y:\r\n\tf()\r\n", "if y:\r\n\tpre()\r\n\tf()\r\n\tpost()\r\n"),
        (
            "def g():\n    return (\n        f()\n    )\n",
            "def g():\n    pre()\n    return (\n        f()\n    )\n    post()\n",
        ),
    ],
)
def test_statements_are_put_before_and_after(before: str, after: str) -> None:
    def around(node: Any, fix: Any) -> Any:
        fix.insert_before("pre()")
        fix.insert_after("post()")
        return node

    assert fixed(before, around, "f(") == after


def test_statements_and_the_node_change_together() -> None:
    def hoisted(node: Any, fix: Any) -> Any:
        fix.insert_before(f"with a:\n    value = {fix.code_of(node)}")
        return fix.parse_expression("value")

    assert fixed("if y:\n  f(1)\n", hoisted, "f(") == "if y:\n  with a:\n    value = f(1)\n  value\n"
    assert fixed("x = g(f(1))\n", hoisted, "f(") == "with a:\n    value = f(1)\nx = g(value)\n"
    assert "shares its line" in refused("if y: f(1)\n", hoisted, "f(")
    assert "elif" in refused("if y: pass\nelif f(1): pass\n", hoisted, "f(")


def test_parentheses_come_where_the_result_would_be_read_differently() -> None:
    def either(node: Any, fix: Any) -> Any:
        return fix.parse_expression("a or b")

    assert fixed("x = f()\n", either, "f(") == "x = a or b\n"
    assert fixed("x = f() and c\n", either, "f(") == "x = (a or b) and c\n"
    assert fixed("x = f().y\n", either, "f(") == "x = (a or b).y\n"
    assert fixed("x = g(f())\n", either, "f(") == "x = g(a or b)\n"
    assert fixed("x = not f()\n", either, "f(") == "x = not (a or b)\n"


def test_a_result_on_several_lines_gets_parentheses_where_it_needs_them() -> None:
    def several(node: Any, fix: Any) -> Any:
        return fix.libcst.parse_expression("(a\n    .b)").with_changes(lpar=[], rpar=[])

    assert fixed("x = f()\n", several, "f(") == "x = (a\n    .b)\n"
    assert fixed("x = g(f())\n", several, "f(") == "x = g(a\n    .b)\n"


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (None, "BE990 codemod failed: it returned NoneType for Call"),
        ("text", "BE990 codemod failed: it returned str for Call"),
        (cst.RemoveFromParent(), "BE990 codemod failed: it returned RemovalSentinel for Call"),
    ],
)
def test_a_wrong_result_is_the_fault_of_the_rule(result: Any, reason: str) -> None:
    def wrong(node: Any, fix: Any) -> Any:
        return result

    assert refused("f()\n", wrong) == reason


def test_a_wrong_statement_is_the_fault_of_the_rule() -> None:
    def wrong(node: Any, fix: Any) -> Any:
        return [cst.Name("x")]

    assert refused("f()\n", wrong, kind="Expr") == "BE990 codemod failed: it returned Name for a statement"


def test_a_codemod_that_raises_is_contained() -> None:
    def broken(node: Any, fix: Any) -> Any:
        raise KeyError("x")

    def endless(node: Any, fix: Any) -> Any:
        return endless(node, fix)

    assert refused("f()\n", broken) == "BE990 codemod failed: KeyError: 'x'"
    assert refused("f()\n", endless) == "the statement is nested too deeply"


def test_a_codemod_refuses_by_returning_or_by_raising() -> None:
    def returns(node: Any, fix: Any) -> Any:
        return fix.skip("not here")

    def raises(node: Any, fix: Any) -> Any:
        raise CannotFix("not here either")

    assert refused("f()\n", returns) == "not here"
    assert refused("f()\n", raises) == "not here either"


def test_a_fix_that_changes_nothing_is_refused() -> None:
    def same(node: Any, fix: Any) -> Any:
        return node.deep_clone()

    assert refused("f()\n", same) == "the fix changes nothing"


def test_a_result_that_is_not_python_is_refused() -> None:
    def broken(node: Any, fix: Any) -> Any:
        return fix.libcst.Name("class")

    assert refused("f()\n", broken) == "the result would not be valid Python"


# Fixes of several steps


def test_the_steps_of_a_fix_are_made_together() -> None:
    rule = make_rule("BE990")
    source = SourceFile("m.py", "def g():\n    return f()\n")
    file = ParsedFile.of(source)

    @rule.codemod
    def made_async(node: Any, fix: Any) -> Any:
        return node.with_changes(asynchronous=fix.libcst.Asynchronous())

    @rule.codemod
    def waits(node: Any, fix: Any) -> Any:
        return fix.wrap_await(node)

    call = target(file.tree, source.text, "f()", "Call")
    function = target(file.tree, source.text, "def", "FunctionDef")
    found = finding(rule, call, steps=[("waits", call), ("made_async", function)])
    made = plan_fix(file, found, found.fixes[0], rules={"BE990": rule}, options=Options())
    assert not isinstance(made, Skipped)
    assert made.edits == (Edit(0, 0, "async "), Edit(20, 20, "await "))


def test_one_step_that_is_refused_takes_the_others_with_it() -> None:
    rule = make_rule("BE990")
    source = SourceFile("m.py", "f()\ng()\n")
    file = ParsedFile.of(source)

    @rule.codemod
    def unless_g(call: Any, fix: Any) -> Any:
        return fix.skip("not g") if call.func.value == "g" else fix.with_keyword(call, "t", 1)

    both = [target(file.tree, source.text, name, "Call") for name in ("f(", "g(")]
    found = finding(rule, both[0], steps=[("unless_g", call) for call in both])
    made = plan_fix(file, found, found.fixes[0], rules={"BE990": rule}, options=Options())
    assert made == Skipped("BE990", found.span, "not g")


def test_steps_that_overlap_are_refused() -> None:
    rule = make_rule("BE990")
    source = SourceFile("m.py", "f()\n")
    file = ParsedFile.of(source)

    @rule.codemod
    def renamed(call: Any, fix: Any, *, name: str = "h") -> Any:
        return fix.parse_expression(f"{name}()")

    call = target(file.tree, source.text, "f(", "Call")
    found = finding(rule, call, steps=[("renamed", call), ("renamed", call)])
    made = plan_fix(file, found, found.fixes[0], rules={"BE990": rule}, options=Options())
    assert made == Skipped("BE990", found.span, "the steps of the fix overlap")


@pytest.mark.parametrize("rules", [{}, {"BE990": make_rule("BE990")}])
def test_a_codemod_that_nobody_has_is_a_reason(rules: Any) -> None:
    source = SourceFile("m.py", "f()\n")
    file = ParsedFile.of(source)
    call = target(file.tree, source.text, "f(", "Call")
    found = finding(make_rule("BE990"), call, steps=[("gone", call)])
    made = plan_fix(file, found, found.fixes[0], rules=rules, options=Options())
    assert made == Skipped("BE990", found.span, "BE990 has no codemod `gone`")


def test_a_fix_without_steps_is_refused() -> None:
    file = ParsedFile.of(SourceFile("m.py", "f()\n"))
    fix = Fix("BE990", "nothing", Safety.SAFE)
    found = finding(make_rule("BE990"), file.tree.body[0])
    assert plan_fix(file, found, fix, rules={}, options=Options()) == Skipped(
        "BE990", found.span, "the fix has no steps"
    )


def test_a_place_outside_of_all_statements_is_refused() -> None:
    rule = make_rule("BE990")
    rule.codemod(add)
    file = ParsedFile.of(SourceFile("m.py", "f()\n# f()\n"))
    fix = Fix("BE990", "fix", Safety.SAFE, (Step("add", Span(2, 2, 2, 5), "Call"),))
    found = finding(rule, file.tree.body[0])
    made = plan_fix(file, found, fix, rules={"BE990": rule}, options=Options())
    assert made == Skipped("BE990", found.span, "no statement is at this place")


def test_a_fix_of_a_text_that_does_not_parse_is_refused() -> None:
    rule = make_rule("BE990")
    rule.codemod(add)
    call = ast.parse("f()").body[0]
    found = finding(rule, call, steps=[("add", call)])
    made = single_fix_edits(SourceFile("m.py", "f(\n"), found, found.fixes[0], rules={"BE990": rule}, options=Options())
    assert made == Skipped("BE990", found.span, "the result would not be valid Python")


def test_a_fix_of_the_import_that_its_own_import_changes_is_refused() -> None:
    def wider(statement: Any, fix: Any) -> Any:
        fix.require_import("a", "new")
        return fix.libcst.parse_statement("from a import (x,\n    y)").body[0]

    reason = "the fix changes the lines that its import goes to"
    assert refused("from a import (\n    x,\n)\n", wider, kind="ImportFrom") == reason


def test_an_argument_can_be_the_node() -> None:
    def renamed(arg: Any, fix: Any) -> Any:
        return arg.with_changes(keyword=fix.libcst.Name("new"))

    assert fixed("f(a, old=1,  # c\n)\n", renamed, "old", "keyword") == "f(a, new=1,  # c\n)\n"


# Speed


def test_libcst_is_given_the_statement_and_never_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    parse_module = cst.parse_module

    def noted(text: Any, *arguments: Any) -> Any:
        seen.append(len(text))
        return parse_module(text, *arguments)

    monkeypatch.setattr(cst, "parse_module", noted)
    functions = [f"def g{number}(x):\n    y = x + {number}\n    return h(y)\n\n" for number in range(500)]
    functions[250] = "def g250(x):\n    y = x + 250\n    return f(y)\n\n"
    text = "".join(functions)
    assert text.count("\n") == 2000
    assert fixed(text, add, "f(") == text.replace("f(y)", "f(y, t=1)")
    assert seen
    assert max(seen) < 100
