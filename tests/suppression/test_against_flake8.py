"""Our reading of ``# noqa`` against flake8's own code, on generated files."""

from __future__ import annotations

import argparse
import random
from typing import TYPE_CHECKING

import pytest
from flake8.processor import FileProcessor
from flake8.violation import Violation

from flake8_backend.core.diagnostic import Diagnostic, Severity, Span
from flake8_backend.core.source import SourceFile
from flake8_backend.core.suppression import suppressed, suppressions

if TYPE_CHECKING:
    from pathlib import Path

CODES = ("BE001", "BE002", "BE010", "BE100")
COMMENTS = (
    "",
    "# noqa",
    "#noqa",
    "#  noqa",
    "# NOQA",
    "# NoQA:BE001",
    "# noqa: BE001",
    "# noqa:  BE001",
    "# noqa : BE001",
    "# noqa BE001",
    "# noqa: be001",
    "# noqa: BE",
    "# noqa: BE0",
    "# noqa: B",
    "# noqa: BE001,BE002",
    "# noqa: BE001 BE002",
    "# noqa: BE001, E501 because it is fine",
    "# noqa: BE001because",
    "# noqa: BE001E501",
    "# noqa: some-rule-name",
    "# noqa:BE002,  ,BE001",
    "# noqa:\tBE010",
    "# type: ignore # noqa: BE002",
    "# noqa: E501 # noqa: BE001",
    "# noqa: BE001#noqa",
    "# é😋 # noqa: BE100",
    "# flake8: noqa_not_at_the_start",
)
FILE_COMMENTS = (
    "# flake8: noqa",
    "  # FLAKE8: NOQA",
    "# flake8=noqa",
    "# flake8:noqa: BE001",
    "# flake8: no",
    "#flake8: noqa",
    "x = 1  # flake8: noqa",
    '"""\n# flake8: noqa\n"""',
    's = """# noqa: E501\nBE001\n"""',
)
LAYOUTS = (
    "a = 1  {0}",
    "def f(  {0}\n    a,  {1}\n):  {2}\n    return a  {3}",
    "f(  {0}\n    1,  {1}\n    2)  {2}",
    's = """one {0}\ntwo {1}\n"""  {2}',
    's = f"""one {0}\n{{a}} two {1}\n"""  {2}',
    "s = f'{{a}}'  {0}",
    "t = 1 + \\\n    2  {0}",
    "u = ('a'  {0}\n     'b')  {1}",
    "@deco  {0}\nclass C:  {1}\n    '''doc {2}\n    '''\n    x = 1  {3}",
    "if a: {0}\n    pass  {1}\n\n{2}\n",
    'v = \'x\' \\\n    """  {0}\n"""; w = 1  {1}',
    "\f\ny = 2  {0}",
    "    {0}",
    "# a comment {0}",
    "",
)
BROKEN = ('s = """ never closed  {0}\nx = 1  {1}', "f(  {0}\nx = 1  {1}", "if a:\n        b\n   c  {0}", "x = $ {0}")


def generated(seed: int) -> str:
    choose = random.Random(seed)
    layouts = [*choose.choices(LAYOUTS, k=choose.randint(1, 6)), *choose.choices(BROKEN, k=choose.random() < 0.2)]
    if choose.random() < 0.15:
        layouts.insert(choose.randrange(len(layouts) + 1), choose.choice(FILE_COMMENTS))
    newline = choose.choice(("\n", "\n", "\r\n", "\r"))
    text = "\n".join(layout.format(*choose.choices(COMMENTS, k=4)) for layout in layouts)
    return (text + choose.choice(("", "\n"))).replace("\n", newline)


def flake8_answers(path: Path) -> dict[tuple[str, int], bool]:
    """Whether flake8 silences each code on each line, and on two lines past the end."""
    options = argparse.Namespace(
        hang_closing=False, indent_size=4, max_line_length=79, max_doc_length=None, verbose=0, disable_noqa=False
    )
    processor = FileProcessor(str(path), options)
    whole_file = processor.should_ignore_file()
    return {
        (code, line): whole_file
        or Violation(code, str(path), line, 1, "text", processor.noqa_line_for(line)).is_inline_ignored(False)
        for code in CODES
        for line in range(1, len(processor.lines) + 3)
    }


@pytest.mark.parametrize("seed", range(40))
def test_agrees_with_flake8(seed: int, tmp_path: Path) -> None:
    silenced = 0
    for number in range(25):
        path = tmp_path / f"case_{number}.py"
        path.write_bytes(generated(seed * 1000 + number).encode())
        expected = flake8_answers(path)
        ours = suppressions(SourceFile.from_bytes(str(path), path.read_bytes()))
        actual = {case: ours.covers(*case) for case in expected}
        assert actual == expected, path.read_text()
        silenced += sum(expected.values())
    assert silenced > 100, "the generator no longer produces comments that silence anything"


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "bom.py"
    path.write_bytes(b"\xef\xbb\xbf# flake8: noqa\nx = 1\n")
    assert all(flake8_answers(path).values())
    assert suppressions(SourceFile.from_bytes("bom.py", path.read_bytes())).whole_file


def test_a_diagnostic_is_silenced_by_its_first_line() -> None:
    source = SourceFile("a.py", "requests.get(\n    url,  # noqa: BE002\n)\n")
    diagnostic = Diagnostic("BE002", Span(1, 0, 3, 1), "message", Severity.HIGH)
    assert not suppressed(source, diagnostic)
    assert suppressed(SourceFile("a.py", source.text.replace("get(", "get(  # noqa: BE002")), diagnostic)


def test_a_file_without_comments_is_not_tokenized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenize.generate_tokens", None)
    for text in ("x = 'noqa'\n", "import os  # noqa: F401\n"):
        assert suppressions(SourceFile("a.py", text)).lines == {}
