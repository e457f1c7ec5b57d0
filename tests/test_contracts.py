"""What holds for every rule and every module: agreements that no single author can keep in mind."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import flake8_backend
from flake8_backend.core.registry import all_rules
from flake8_backend.core.rule import Category, Rule
from flake8_backend.dev import rule_docs
from tests.harness.cases import FIXTURES, cases_in, check
from tests.harness.contracts import (
    declared_packs,
    dotted_constants,
    imports_of,
    impure_places,
    is_framework_name,
    module_name,
    runtime_imports_of,
)
from tests.harness.marks import marks_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.core.diagnostic import Safety

PACKAGE = Path(flake8_backend.__file__).parent
CHECKOUT = Path(__file__).parent.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
RULE_FILES = sorted((PACKAGE / "rules").glob("be*.py"))
RULES = [rule for rule in all_rules() if rule.category is not Category.TOOL]
by_code = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
by_file = pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)


# What users are told


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_the_name_says_the_pattern(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.name)
    assert not rule.name.startswith(("no-", "use-", "avoid-")), 'names read well after "allow …"'


def test_codes_and_names_are_unique() -> None:
    rules = all_rules()
    assert len({rule.code for rule in rules}) == len({rule.name for rule in rules}) == len(rules)


@by_file
def test_a_rule_file_is_named_after_its_rule(path: Path) -> None:
    (rule,) = [rule for rule in all_rules() if rule.code.lower() == path.stem[:5]]
    assert path.stem == f"{rule.code.lower()}_{rule.name.replace('-', '_')}"


@by_file
def test_a_rule_module_opens_with_code_and_harm(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring is not None
    assert docstring.startswith(f"{path.stem[:5].upper()}: ")


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_the_reason_is_given_in_full(rule: Rule) -> None:
    assert len(re.findall(r"[^.!?]+[.!?](?=\s|\Z)", rule.why_text)) >= 2
    assert rule.summary.endswith(".")
    assert rule.mandate.strip()


@by_code
def test_a_rule_has_an_example(rule: Rule) -> None:
    assert rule.examples


@by_code
def test_what_a_fix_may_change_is_said(rule: Rule) -> None:
    assert bool(rule.fix_note.strip()) == bool(rule.fixes)


@by_code
def test_messages_are_fit_for_baselines(rule: Rule) -> None:
    text = (FIXTURES / rule.code.lower() / "snapshot/messages.txt").read_text(encoding="utf-8")
    messages = re.findall(r"\.pyi?:\d+:\d+: BE\d{3} \[.*\]\n    >.*\n    (.*)\n", text)
    assert messages
    for message in messages:
        assert not message.endswith("."), message
        assert not re.search(r"\bline \d+|:\d+:", message), message
        assert "<" not in re.sub(r"`[^`]*`", "", message), f"an internal representation shows: {message}"


# Fixtures


def good_groups(text: str) -> int:
    """Blocks of ``good.py`` that blank lines set off at the left margin, imports and constants not counted."""
    tree = ast.parse(text)
    cases = 0
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            methods = sum(isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) for inner in statement.body)
            cases += max(1, methods)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.For | ast.With | ast.If | ast.Try):
            cases += 1
    return cases


@by_code
def test_fixtures_are_ample(rule: Rule) -> None:
    cases = cases_in(FIXTURES / rule.code.lower())
    marks = [mark for case in cases for text in case.sources.values() for mark in marks_of(text)]
    good = sum(good_groups(text) for case in cases if case.name.startswith("good") for text in case.sources.values())
    assert sum(mark.code == rule.code for mark in marks) >= 8
    assert good >= 8


@by_code
def test_declared_safeties_are_those_that_fixtures_yield(rule: Rule, tmp_path: Path) -> None:
    yielded: set[Safety] = set()
    for case in cases_in(FIXTURES / rule.code.lower()):
        for found in check(case, tmp_path / case.name).values():
            yielded |= {fix.safety for item in found if item.code == rule.code for fix in item.fixes}
    assert yielded == rule.fixes


def test_every_fixture_has_a_rule() -> None:
    folders = {path.name.upper() for path in FIXTURES.glob("be*") if path.is_dir()}
    assert folders <= {rule.code for rule in all_rules()}


# Documentation


def test_the_documentation_of_rules_is_fresh() -> None:
    text = (CHECKOUT / rule_docs.PATH).read_text(encoding="utf-8")
    assert text == rule_docs.render(all_rules()), "run: python -m flake8_backend.dev docs"


# Rule modules


@by_file
def test_rules_import_authoring_alone(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    allowed = {"flake8_backend.authoring"}
    for name in runtime_imports_of(tree):
        assert name in allowed or name.partition(".")[0] in sys.stdlib_module_names, name
    for name in imports_of(tree):
        assert name in allowed or name == "libcst" or name.partition(".")[0] in sys.stdlib_module_names, name


@by_file
def test_rules_spell_no_framework(path: Path) -> None:
    packs = declared_packs(PACKAGE / "knowledge/packs")
    spelled = [
        f"line {constant.lineno}: {constant.value!r}"
        for constant in dotted_constants(ast.parse(path.read_text(encoding="utf-8")))
        if is_framework_name(constant.value, packs)
    ]
    assert spelled == [], "a fact about a library belongs into a pack"


def test_a_spelled_framework_is_noticed() -> None:
    body = "@RULE.on(ast.Call)\ndef check(call, model):\n    return model.name(call) in ({!r}, {!r})\n"
    packs = declared_packs(PACKAGE / "knowledge/packs")
    tree = ast.parse(body.format("requests.get", "time.sleep"))
    assert [constant.value for constant in dotted_constants(tree) if is_framework_name(constant.value, packs)] == [
        "requests.get",
        "time.sleep",
    ]
    tree = ast.parse(body.format("calls `requests.get` here", "blocks"))
    assert not any(is_framework_name(constant.value, packs) for constant in dotted_constants(tree))


@by_file
def test_rules_keep_no_state(path: Path) -> None:
    assert impure_places(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_state_in_a_rule_is_noticed() -> None:
    assert impure_places(ast.parse("seen = []\n")) == ["line 1: seen can change"]
    assert impure_places(ast.parse("SEEN = set()\ndef f(x):\n    SEEN.add(x)\n")) == ["line 3: SEEN is changed"]
    assert impure_places(ast.parse("SEEN = {}\ndef f(x):\n    SEEN[x] = 1\n")) == ["line 3: SEEN is changed"]
    assert impure_places(ast.parse("def f():\n    global n\n")) == ["line 2: global"]
    assert impure_places(ast.parse("NAMES = frozenset({1})\ndef f(x):\n    y = []\n    y.append(x)\n")) == []


# Who may import what

ALLOWED: dict[str, set[str]] = {
    "core": set(),
    "semantic": {"core"},
    "knowledge": {"core"},
    "project": {"core", "semantic", "knowledge", "config"},
    "fixes": {"core"},
    "authoring": {"core", "semantic", "knowledge", "project"},
    "rules": {"authoring"},
}
OWNERS = {
    "flake8": ("flake8_backend.plugin",),
    "pygls": ("flake8_backend.lsp",),
    "libcst": ("flake8_backend.fixes",),
    "astroid": ("flake8_backend.semantic.astroid_bridge",),
    "rich": ("flake8_backend.cli",),
}


def reaches(name: str, module: str) -> bool:
    return name == module or name.startswith(module + ".")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: module_name(path, PACKAGE))
def test_imports_keep_to_their_layer(path: Path) -> None:
    module = module_name(path, PACKAGE)
    names = list(
        runtime_imports_of(
            ast.parse(path.read_text(encoding="utf-8")), package=module, is_package=path.stem == "__init__"
        )
    )
    room = module.removeprefix("flake8_backend").lstrip(".").partition(".")[0]
    rooms = {name.split(".")[1] for name in names if name.startswith("flake8_backend.")}
    if module == "flake8_backend.core.registry":  # it discovers the rules: the one place that knows where they live
        rooms.discard("rules")
    if room in ALLOWED:
        assert rooms <= ALLOWED[room] | {room}
    else:
        assert "rules" not in rooms
    for library, owners in OWNERS.items():
        if not any(reaches(module, owner) for owner in owners):
            assert not any(reaches(name, library) for name in names), f"{module} may not import {library}"


def test_an_import_is_noticed_wherever_it_stands() -> None:
    text = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import libcst
else:
    import ast
from . import rules
def f():
    from ..cli import main
    import rich.console
"""
    found = list(runtime_imports_of(ast.parse(text), package="flake8_backend.core", is_package=True))
    assert found == ["typing", "ast", "flake8_backend.core", "flake8_backend.cli", "rich.console"]
    assert "libcst" in imports_of(ast.parse(text))


HEAVY = ("libcst", "astroid", "rich", "pygls", "lsprotocol", "pygments", "mypy", "numpy")


def heavy_modules_after(code: str, folder: Path) -> list[str]:
    """Which heavy libraries a fresh interpreter has loaded after running ``code``."""
    ending = f"\nimport sys\nprint('loaded:', *(name for name in {HEAVY!r} if name in sys.modules))\n"
    done = subprocess.run([sys.executable, "-c", code + ending], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()[1:]


def test_the_plugin_loads_nothing_heavy(tmp_path: Path) -> None:
    assert heavy_modules_after("import flake8_backend.plugin", tmp_path) == []


def test_running_the_plugin_loads_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "app.py").write_text("import time\n\n\nasync def f():\n    time.sleep(1)\n")
    run = "from flake8.main.cli import main\nassert main(['-j1', '--select', 'BE', 'app.py']) == 1"
    assert heavy_modules_after(run, tmp_path) == []


def test_a_heavy_module_is_noticed(tmp_path: Path) -> None:
    assert heavy_modules_after("import libcst", tmp_path) == ["libcst"]


# The README


def commands(text: str) -> dict[str, str]:
    """The commands that the README marks by name."""
    return dict(re.findall(r"<!-- command: (\w+) -->\n```sh\n(.+)\n```", text))


def test_the_readme_and_ci_run_the_same_tests() -> None:
    readme = commands((CHECKOUT / "README.md").read_text(encoding="utf-8"))
    assert sorted(readme) == ["install", "test"]
    script = (CHECKOUT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert readme["test"] in script


def names_in_prose(text: str) -> Iterator[str]:
    yield from re.findall(r"\[[^\]]*\]\((?!http|#|mailto)([^)#]+)", text)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md"])
def test_links_between_pages_lead_somewhere(page: str) -> None:
    path = CHECKOUT / page
    for target in names_in_prose(path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{page}: {target}"
