"""The loop: what is made, what is undone, and what is said about it."""

from __future__ import annotations

import ast
import dataclasses
import functools
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flake8_backend.config import Options
from flake8_backend.core.diagnostic import Safety, Span
from flake8_backend.fixes.apply import fix_files
from flake8_backend.fixes.plan import Skipped
from flake8_backend.fixes.report import Applied
from tests.fixes.fakes import FakeProject, as_fixable, calls, finding, make_rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flake8_backend.core.diagnostic import Diagnostic
    from flake8_backend.core.rule import Rule
    from flake8_backend.fixes.report import FixReport

SLOW, BLOCKS, BROKEN, USELESS, HARMFUL, INVALID, FAR, NAMED, UNSAFE, ENDLESS = (
    make_rule(f"BE99{number}") for number in range(10)
)
ROOT = Path("/project")
TIMEOUT = Applied("BE990", "fix BE990", Span(1, 0, 1, 6))


@SLOW.codemod
def add_timeout(call: Any, fix: Any) -> Any:
    return fix.with_keyword(call, "timeout", fix.options.default_timeout)


@BLOCKS.codemod
def offload(call: Any, fix: Any) -> Any:
    return fix.wrap_await(fix.wrap_call(call, f"{fix.require_import('asyncio')}.to_thread"))


@BROKEN.codemod
def broken(call: Any, fix: Any) -> Any:
    raise ZeroDivisionError("division by zero")


@USELESS.codemod
def useless(call: Any, fix: Any) -> Any:
    return fix.with_keyword(call, "x", 1)


@HARMFUL.codemod
def harmful(call: Any, fix: Any) -> Any:
    return call.with_changes(func=fix.parse_expression("slow"))


@INVALID.codemod
def awaits(call: Any, fix: Any) -> Any:
    return fix.wrap_await(fix.parse_expression("g()"))


@FAR.codemod
def renamed(call: Any, fix: Any) -> Any:
    return fix.parse_expression("gone_far()")


@NAMED.codemod
def importing(call: Any, fix: Any, *, module: str) -> Any:
    return fix.parse_expression(f"{fix.require_import(module, 'sleep')}(1)")


@UNSAFE.codemod
def unsafe_fix(call: Any, fix: Any) -> Any:
    return fix.parse_expression("safe()")


@ENDLESS.codemod
def counted(call: Any, fix: Any) -> Any:
    return fix.parse_expression(f"endless({int(fix.code_of(call.args[0])) + 1})")


def detect_slow(project: FakeProject, path: Path, tree: ast.Module) -> Iterator[Diagnostic]:
    for call in calls(tree, "slow"):
        if not any(keyword.arg == "timeout" for keyword in call.keywords):
            yield finding(SLOW, call, "slow", steps=[("add_timeout", call)])


def detect_blocks(project: FakeProject, path: Path, tree: ast.Module) -> Iterator[Diagnostic]:
    for function in ast.walk(tree):
        if isinstance(function, ast.AsyncFunctionDef):
            for call in calls(function, "block"):
                yield finding(BLOCKS, call, "blocks", steps=[("offload", call)])


def simple(name: str, rule: Rule, codemod: str, **options: Any) -> Any:
    def detect(project: FakeProject, path: Path, tree: ast.Module) -> Iterator[Diagnostic]:
        for call in calls(tree, name):
            yield finding(rule, call, f"{name} is called", steps=[(codemod, call)], **options)

    return detect


def detect_far(project: FakeProject, path: Path, tree: ast.Module) -> Iterator[Diagnostic]:
    """Found in ``main.py`` for as long as another file calls ``gone_far``."""
    texts = "".join(source.text for other, source in project.sources.items() if other != path)
    if path.name == "main.py" and "gone_far" in texts:
        yield finding(make_rule("BE998"), tree.body[0], "something is gone")


def detect_endless(project: FakeProject, path: Path, tree: ast.Module) -> Iterator[Diagnostic]:
    for call in calls(tree, "endless"):
        yield finding(ENDLESS, call, f"endless {ast.unparse(call.args[0])}", steps=[("counted", call)])


DETECTORS = (
    detect_slow,
    detect_blocks,
    simple("broken", BROKEN, "broken"),
    simple("useless", USELESS, "useless"),
    simple("harmful", HARMFUL, "harmful"),
    simple("invalid", INVALID, "awaits"),
    simple("far", FAR, "renamed"),
    simple("from_time", NAMED, "importing", module="time"),
    simple("from_asyncio", NAMED, "importing", module="asyncio"),
    simple("unsafe", UNSAFE, "unsafe_fix", safety=Safety.UNSAFE),
    simple("suggestion", UNSAFE, "unsafe_fix", safety=Safety.SUGGESTION),
    detect_far,
)
RULES = {rule.code: rule for rule in (SLOW, BLOCKS, BROKEN, USELESS, HARMFUL, INVALID, FAR, NAMED, UNSAFE, ENDLESS)}


def run(project: FakeProject, *, write: bool = False, unsafe: bool = False, **options: Any) -> FixReport:
    settings: dict[str, Any] = {
        "allowed": lambda path, diagnostic: True,
        "rules": RULES,
        "options": Options(),
        **options,
    }
    return fix_files(as_fixable(project), project.paths, unsafe=unsafe, write=write, **settings)


def fix_text(text: str, *, unsafe: bool = False, **options: Any) -> tuple[str, FixReport]:
    project = FakeProject(ROOT, {"m.py": text}, DETECTORS)
    report = run(project, unsafe=unsafe, **options)
    assert project.text("m.py") == text  # without ``write`` the project is left as it was
    return (report.files[0].after if report.files else text), report


def reasons(report: FixReport) -> list[str]:
    return [f"{skipped.code}: {skipped.reason}" for skipped in report.skipped]


def test_a_finding_is_fixed() -> None:
    text, report = fix_text("slow()\n")
    assert text == "slow(timeout=10)\n"
    assert report.applied == (TIMEOUT,)
    assert report.skipped == ()


def test_a_file_without_findings_is_not_in_the_report() -> None:
    assert fix_text("fine()\n")[1].files == ()


def test_several_findings_are_fixed_in_one_round() -> None:
    project = FakeProject(ROOT, {"m.py": "slow()\nslow(1)\nif x: slow(\n    2,\n)\n"}, DETECTORS)
    report = run(project)
    assert report.files[0].after == "slow(timeout=10)\nslow(1, timeout=10)\nif x: slow(\n    2,\n    timeout=10,\n)\n"
    assert [applied.span.line for applied in report.applied] == [1, 2, 3]
    assert project.asked <= 5  # before, at the start of the file, after the round, and at the end


def test_an_import_comes_with_the_fix() -> None:
    text, _ = fix_text('"""Doc."""\n\nimport os\n\n\nasync def f():\n    block(1)\n    return block(2).x\n')
    assert text == (
        '"""Doc."""\n\nimport asyncio\nimport os\n\n\nasync def f():\n'
        "    await asyncio.to_thread(block, 1)\n    return (await asyncio.to_thread(block, 2)).x\n"
    )


def test_an_import_comes_before_a_fix_at_the_same_place() -> None:
    def hoist(call: Any, fix: Any) -> Any:
        fix.insert_before(f"{fix.require_import('asyncio')}.init()")
        return fix.parse_expression("done()")

    rule = make_rule("BE990")
    rule.codemods["hoist"] = hoist
    detect = simple("start", rule, "hoist")
    project = FakeProject(ROOT, {"m.py": "start()\n"}, [detect])
    assert run(project, rules={"BE990": rule}).files[0].after == "import asyncio\n\nasyncio.init()\ndone()\n"


def test_nested_findings_take_two_rounds_where_they_overlap() -> None:
    before = "async def f():\n    return block(block(1)).x\n"
    text, report = fix_text(before)
    assert text == (
        "import asyncio\n\n\nasync def f():\n"
        "    return (await asyncio.to_thread(block, await asyncio.to_thread(block, 1))).x\n"
    )
    assert [applied.span for applied in report.applied] == [Span(2, 11, 2, 26), Span(2, 17, 2, 25)]
    assert len(fix_text(before, max_rounds=1)[1].applied) == 1


def test_nested_findings_take_one_round_where_they_do_not_overlap() -> None:
    assert fix_text("slow(slow(1))\n", max_rounds=1)[0] == "slow(slow(1, timeout=10), timeout=10)\n"


def test_spans_are_those_of_the_text_before() -> None:
    before = "x = 'é'; slow(); block\n\n\nasync def f():\n    slow(block(1))\n"
    _, report = fix_text(before)
    assert {(applied.code, applied.span) for applied in report.applied} == {
        ("BE990", Span(1, 10, 1, 16)),
        ("BE990", Span(5, 4, 5, 18)),
        ("BE991", Span(5, 9, 5, 17)),
    }


def test_skipped_spans_are_those_of_the_text_after() -> None:
    text, report = fix_text("async def f():\n    block(1)\nbroken()\n")
    assert text.splitlines()[report.skipped[0].span.line - 1] == "broken()"


def test_a_codemod_that_raises_does_not_stop_the_others() -> None:
    text, report = fix_text("broken()\nslow()\n")
    assert text == "broken()\nslow(timeout=10)\n"
    assert report.skipped == (
        Skipped("BE992", Span(1, 0, 1, 8), "BE992 codemod failed: ZeroDivisionError: division by zero"),
    )


def test_a_fix_that_does_not_remove_its_finding_is_undone() -> None:
    text, report = fix_text("slow()\nuseless()\nslow()\n")
    assert text == "slow(timeout=10)\nuseless()\nslow(timeout=10)\n"
    assert reasons(report) == ["BE993: the fix of BE993 was undone: BE993 is still found"]


def test_a_fix_that_brings_a_finding_is_undone() -> None:
    text, report = fix_text("slow()\nharmful()\n")
    assert text == "slow(timeout=10)\nharmful()\n"
    assert reasons(report) == ["BE994: the fix of BE994 was undone: it brings BE990: slow"]


def test_the_next_reason_of_a_finding_is_no_harm() -> None:
    """A rule that reports a function once shows its second reason when the first is repaired."""

    def detect(message: str, project: FakeProject, path: Path, tree: ast.Module) -> Iterator[Diagnostic]:
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                for call in list(detect_slow(project, path, ast.Module(list(function.body), [])))[:1]:
                    yield dataclasses.replace(call, message=message or str(call.span.line))

    for message in ("", "slow"):
        before = "def f():\n    slow()\n    slow(1)\n    slow(2)\n"
        report = run(FakeProject(ROOT, {"m.py": before}, [functools.partial(detect, message)]))
        assert report.files[0].after == before.replace("()\n", "(timeout=10)\n").replace(
            "1)", "1, timeout=10)"
        ).replace("2)", "2, timeout=10)").replace("f(timeout=10)", "f()")
        assert len(report.applied) == 3
        assert report.skipped == ()


def test_a_finding_that_comes_where_the_fix_wrote_is_harm() -> None:
    text, report = fix_text("harmful()\nslow()\n")
    assert text == "harmful()\nslow(timeout=10)\n"
    assert reasons(report) == ["BE994: the fix of BE994 was undone: it brings BE990: slow"]


def test_a_fix_that_ends_in_an_invalid_program_is_undone() -> None:
    text, report = fix_text("def f():\n    invalid()\n    slow()\n")
    assert text == "def f():\n    invalid()\n    slow(timeout=10)\n"
    assert reasons(report) == ["BE995: the fix of BE995 was undone: the result is not valid Python"]


def test_a_program_that_was_invalid_before_may_be_fixed() -> None:
    assert fix_text("await x\ninvalid()\n")[0] == "await x\nawait g()\n"


def test_one_bad_fix_among_many_is_found() -> None:
    lines = ["slow()\n"] * 30
    lines[17] = "useless()\n"
    project = FakeProject(ROOT, {"m.py": "".join(lines)}, DETECTORS)
    report = run(project)
    assert len(report.applied) == 29
    assert [skipped.span.line for skipped in report.skipped] == [18]
    assert project.asked < 25


def test_many_bad_fixes_are_each_told_once() -> None:
    _, report = fix_text("useless()\n" * 7 + "slow()\n")
    assert [skipped.span.line for skipped in report.skipped] == list(range(1, 8))
    assert len(report.applied) == 1


def test_a_fix_that_another_one_kept_out_is_tried_when_that_one_is_undone() -> None:
    def swallow(call: Any, fix: Any) -> Any:
        return fix.parse_expression("bad(1, 2)")

    rule = make_rule("BE993")
    rule.codemods["useless"] = swallow
    detect = simple("bad", rule, "useless")
    project = FakeProject(ROOT, {"m.py": "bad(slow())\n"}, [detect, detect_slow])
    report = run(project, rules={**RULES, "BE993": rule})
    assert report.files[0].after == "bad(slow(timeout=10))\n"
    assert [skipped.code for skipped in report.skipped] == ["BE993"]


def test_fixes_that_need_one_name_for_two_things() -> None:
    text, report = fix_text("def f():\n    from_time()\n    from_asyncio()\n")
    assert text == "from time import sleep\n\n\ndef f():\n    sleep(1)\n    from_asyncio()\n"
    assert reasons(report) == ["BE997: the name `sleep` means something else here"]


@pytest.mark.parametrize(("unsafe", "after"), [(False, "unsafe()\nsuggestion()\n"), (True, "safe()\nsuggestion()\n")])
def test_unsafe_fixes_are_made_on_request_and_suggestions_never(unsafe: bool, after: str) -> None:
    assert fix_text("unsafe()\nsuggestion()\n", unsafe=unsafe)[0] == after


def test_only_allowed_findings_are_fixed() -> None:
    text, _ = fix_text("slow()\nslow()\n", allowed=lambda path, diagnostic: diagnostic.span.line == 2)
    assert text == "slow()\nslow(timeout=10)\n"


def test_a_second_run_changes_nothing() -> None:
    once, _ = fix_text("import os\nasync def f():\n    slow(block(slow(block())))\n    broken()\n")
    again, report = fix_text(once)
    assert again == once
    assert report.applied == ()
    assert reasons(report) == ["BE992: BE992 codemod failed: ZeroDivisionError: division by zero"]


def test_rounds_have_an_end() -> None:
    project = FakeProject(ROOT, {"m.py": "endless(0)\n"}, [detect_endless])
    report = run(project)
    # Each result has another message, which is a new finding.
    assert report.files[0].after == "endless(0)\n"
    assert reasons(report) == ["BE999: the fix of BE999 was undone: it brings BE999: endless 1"]


def test_what_the_last_round_left_is_told() -> None:
    text, report = fix_text("async def f():\n    return block(block(1)).x\n", max_rounds=1)
    assert text.count("to_thread") == 1
    assert reasons(report) == ["BE991: not reached within 1 rounds"]


def test_a_file_that_does_not_parse_is_left_alone() -> None:
    assert fix_text("slow(\n")[1].files == ()


# Several files


def test_a_fix_that_brings_a_finding_to_another_file_is_undone() -> None:
    project = FakeProject(ROOT, {"main.py": "x = 1\n", "lib.py": "slow()\nfar()\nslow()\n"}, DETECTORS)
    report = run(project)
    assert [file.after for file in report.files] == ["slow(timeout=10)\nfar()\nslow(timeout=10)\n"]
    assert reasons(report) == ["BE996: the fix of BE996 was undone: it brings BE998 to main.py: something is gone"]


@pytest.mark.parametrize("order", [["main.py", "lib.py"], ["lib.py", "main.py"]])
def test_both_files_keep_their_other_fixes(order: list[str]) -> None:
    texts: Mapping[str, str | bytes] = {"main.py": "slow()\n", "lib.py": "far()\nslow(2)\n"}
    project = FakeProject(ROOT, {name: texts[name] for name in order}, DETECTORS)
    report = run(project, write=False)
    after = {file.path.name: file.after for file in report.files}
    assert after == {"main.py": "slow(timeout=10)\n", "lib.py": "far()\nslow(2, timeout=10)\n"}
    assert reasons(report) == ["BE996: the fix of BE996 was undone: it brings BE998 to main.py: something is gone"]


def test_several_files_that_do_harm_are_all_found() -> None:
    texts: dict[str, str | bytes] = {"main.py": "x = 1\n", "a.py": "far()\n", "b.py": "far()\n", "c.py": "slow()\n"}
    project = FakeProject(ROOT, texts, DETECTORS)
    report = run(project)
    assert [file.path.name for file in report.changed] == ["c.py"]
    assert [skipped.code for skipped in report.skipped] == ["BE996", "BE996"]


class WanderingProject(FakeProject):
    """The harm that a fix in ``a.py`` does is in another file each time that it is made."""

    made = 0

    def set_text(self, path: Path, text: str) -> None:
        self.made += text != self.sources[path].text and "gone_far" in text
        super().set_text(path, text)


def detect_wandering(project: WanderingProject, path: Path, tree: ast.Module) -> Iterator[Diagnostic]:
    if "gone_far" in project.text("a.py") and path.name == f"w{project.made}.py":
        yield finding(make_rule("BE998"), tree.body[0], "something is gone")


def test_harm_that_cannot_be_pinned_down_undoes_everything() -> None:
    texts: dict[str, str | bytes] = {"a.py": "far()\n", "b.py": "slow()\n", **{f"w{n}.py": "x\n" for n in range(40)}}
    project = WanderingProject(ROOT, texts, [detect_wandering, detect_slow, simple("far", FAR, "renamed")])
    report = run(project)
    assert report.changed == ()
    assert reasons(report) == [
        f"{code}: the fix of {code} was undone: the fixes of several files together bring new findings"
        for code in ("BE996", "BE990")
    ]
    assert (project.text("a.py"), project.text("b.py")) == ("far()\n", "slow()\n")


def test_a_finding_that_was_there_before_is_no_harm() -> None:
    texts: dict[str, str | bytes] = {"main.py": "x = 1\n", "a.py": "gone_far()\n", "b.py": "far()\n"}
    report = run(FakeProject(ROOT, texts, DETECTORS))
    assert report.files[0].after == "gone_far()\n"


def test_a_round_looks_at_the_project_once_for_all_files() -> None:
    """A changed text may make the project think anew, which must not happen for each file."""
    log: list[str] = []

    class NotedProject(FakeProject):
        def set_text(self, path: Path, text: str) -> None:
            log.append("text")
            super().set_text(path, text)

        def diagnostics(self, path: Path) -> tuple[Diagnostic, ...]:
            log.append("look")
            return super().diagnostics(path)

    texts: dict[str, str | bytes] = {f"m{number}.py": "slow()\n" for number in range(20)}
    report = run(NotedProject(ROOT, texts, DETECTORS))
    assert len(report.applied) == 20
    changes = [one for one, other in zip(["look", *log], log, strict=False) if other == "text" and one != "text"]
    assert len(changes) == 2  # the fixes of all files, and their undoing at the end


def test_progress_is_told_for_each_file() -> None:
    told: list[tuple[str, int, int]] = []
    project = FakeProject(ROOT, {"a.py": "slow()\n", "b.py": "x\n"}, DETECTORS)
    run(project, progress=lambda path, number, count: told.append((path.name, number, count)))
    assert told == [("b.py", 1, 2), ("a.py", 2, 2)]  # nothing is to be done in b.py


# Writing

FILES: dict[str, str | bytes] = {
    "app/crlf.py": b"slow(\r\n    1,\r\n)\r\n",
    "app/latin.py": b"# coding: latin-1\nx = '\xe9'; slow('\xe9')",
    "app/marked.py": b"\xef\xbb\xbfslow()\n",
    "my app/emoji.py": "x = '😋é'; slow('😋', slow())\n".encode(),
    "app/tasks.py": b'"""Doc."""\n\n\nasync def f():\n    block()\n',
    "app/same.py": b"fine()\n",
}


def test_files_are_written_as_the_report_says(tmp_path: Path) -> None:
    project = FakeProject.on_disk(tmp_path, FILES, DETECTORS)
    report = run(project, write=True)
    assert report.errors == ()
    assert {file.path.relative_to(tmp_path).as_posix(): file.path.read_bytes() for file in report.files} == {
        "app/crlf.py": b"slow(\r\n    1,\r\n    timeout=10,\r\n)\r\n",
        "app/latin.py": b"# coding: latin-1\nx = '\xe9'; slow('\xe9', timeout=10)",
        "app/marked.py": b"\xef\xbb\xbfslow(timeout=10)\n",
        "my app/emoji.py": "x = '😋é'; slow('😋', slow(timeout=10), timeout=10)\n".encode(),
        "app/tasks.py": b'"""Doc."""\n\nimport asyncio\n\n\nasync def f():\n    await asyncio.to_thread(block)\n',
    }
    assert (tmp_path / "app/same.py").read_bytes() == b"fine()\n"
    assert project.text("app/marked.py") == "slow(timeout=10)\n"  # the project goes on with what is on disk


def test_the_diff_is_what_would_be_written(tmp_path: Path) -> None:
    project = FakeProject.on_disk(tmp_path, FILES, DETECTORS)
    diff = run(project).diff()
    assert (tmp_path / "app/marked.py").read_bytes() == FILES["app/marked.py"]
    subprocess.run(["git", "apply", "-"], input=diff, cwd=tmp_path, check=True)
    patched = {name: (tmp_path / name).read_bytes() for name in FILES}
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    run(project, write=True)
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == patched


def test_a_file_that_cannot_be_written_does_not_stop_the_others(tmp_path: Path) -> None:
    project = FakeProject.on_disk(tmp_path, {"a.py": "slow()\n", "b.py": "slow()\n"}, DETECTORS)
    (tmp_path / "a.py").write_text("changed()\n")
    report = run(project, write=True)
    assert [str(error) for error in report.errors] == [
        f"{tmp_path / 'a.py'}: not written: it has changed since it was read"
    ]
    assert (tmp_path / "a.py").read_text() == "changed()\n"
    assert (tmp_path / "b.py").read_text() == "slow(timeout=10)\n"


def test_a_result_that_the_encoding_does_not_have_is_undone() -> None:
    def smile(call: Any, fix: Any) -> Any:
        return fix.parse_expression("done('😋')")

    rule = make_rule("BE990")
    rule.codemods["smile"] = smile
    data = b"# coding: latin-1\nstart('\xe9')\n"
    report = run(FakeProject(ROOT, {"m.py": data}, [simple("start", rule, "smile")]), rules={"BE990": rule})
    assert reasons(report) == [
        "BE990: the fix of BE990 was undone: the file's encoding, iso-8859-1, cannot hold the result"
    ]


# Surroundings


def test_libcst_is_not_imported_before_a_fix_is_asked_for() -> None:
    program = """
import sys
from pathlib import Path
import flake8_backend.fixes.apply, flake8_backend.fixes.report, flake8_backend.fixes.write
from flake8_backend.config import Options
class Project:
    root = Path(".")
    def diagnostics(self, path):
        return ()
flake8_backend.fixes.apply.fix_files(
    Project(), [Path("m.py")], unsafe=True, allowed=lambda *_: True, write=True, options=Options(), rules={}
)
assert "libcst" not in sys.modules
import flake8_backend.fixes.planner
assert "libcst" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_only_the_fix_layer_imports_libcst() -> None:
    package = Path(__file__).parents[2] / "src" / "flake8_backend"
    for path in package.rglob("*.py"):
        if "fixes" in path.relative_to(package).parts:
            continue
        tree = ast.parse(path.read_bytes())
        hidden = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.If) for inner in ast.walk(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in hidden:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                assert not any(name.split(".")[0] == "libcst" for name in names), path
