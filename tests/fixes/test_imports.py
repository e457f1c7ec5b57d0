"""The import editor puts each import beside its like."""

from __future__ import annotations

import ast

import pytest

from flake8_backend.core.source import SourceFile
from flake8_backend.fixes.imports import import_edits
from flake8_backend.fixes.plan import CannotFix, ImportRequest, apply_edits
from flake8_backend.fixes.style import Style

STYLE = Style(frozenset({"app"}))
ASYNCIO = ImportRequest("asyncio")
LOADER = ImportRequest("sqlalchemy.orm", "selectinload")
LINE = "from sqlalchemy.orm import selectinload"


def imported(text: str, *requests: ImportRequest) -> str:
    source = SourceFile("m.py", text)
    result = apply_edits(text, import_edits(source, requests, style=STYLE))
    ast.parse(result)
    again = SourceFile("m.py", result)
    assert import_edits(again, requests, style=STYLE) == ()  # never twice
    return result


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # sorted among its like
        ("import os\n", "import asyncio\nimport os\n"),
        ("import abc\nimport os\n", "import abc\nimport asyncio\nimport os\n"),
        ("import abc\n\n\ndef f(): ...\n", "import abc\nimport asyncio\n\n\ndef f(): ...\n"),
        ("import os\nimport abc\n", "import os\nimport abc\nimport asyncio\n"),  # unsorted: last
        ("import os  # c\nimport abc\n", "import os  # c\nimport abc\nimport asyncio\n"),
        ("import abc  # c\nimport os\n", "import abc  # c\nimport asyncio\nimport os\n"),
        ("# c\nimport os\n", "# c\nimport asyncio\nimport os\n"),
        ("import os\nfrom a import b\n", "import asyncio\nimport os\nfrom a import b\n"),
        ("from abc import ABC\n", "import asyncio\nfrom abc import ABC\n"),
        ("from abc import ABC\nimport os\n", "from abc import ABC\nimport asyncio\nimport os\n"),  # the two mixed
        ("import os; import abc\n", "import os; import abc\nimport asyncio\n"),
        # a section of its own
        ("import django\n", "import asyncio\n\nimport django\n"),
        ("from .a import b\n", "import asyncio\n\nfrom .a import b\n"),
        ("# third party\nimport django\n", "# third party\nimport asyncio\n\nimport django\n"),
        (
            "'''Doc.'''\n\n# third party\nimport django\n",
            "'''Doc.'''\n\nimport asyncio\n\n# third party\nimport django\n",
        ),
        ("# Copyright.\n\nimport django\n", "# Copyright.\n\nimport asyncio\n\nimport django\n"),
        # the top of a module without imports
        ("", "import asyncio\n"),
        ("x = 1\n", "import asyncio\n\nx = 1\n"),
        ("def f(): ...\n", "import asyncio\n\n\ndef f(): ...\n"),
        ("@d\nclass A: ...\n", "import asyncio\n\n\n@d\nclass A: ...\n"),
        ("# helper\ndef f(): ...\n", "import asyncio\n\n\n# helper\ndef f(): ...\n"),
        ("# Copyright.\n\n\ndef f(): ...\n", "# Copyright.\n\nimport asyncio\n\n\ndef f(): ...\n"),
        ("# Copyright.\n\ndef f(): ...\n", "# Copyright.\n\nimport asyncio\n\n\ndef f(): ...\n"),
        ("#!/usr/bin/env python\nx = 1\n", "#!/usr/bin/env python\n\nimport asyncio\n\nx = 1\n"),
        ("# -*- coding: latin-1 -*-\nx = 1\n", "# -*- coding: latin-1 -*-\n\nimport asyncio\n\nx = 1\n"),
        ("# only a comment\n", "# only a comment\n\nimport asyncio\n"),
        ("# only a comment", "# only a comment\n\nimport asyncio"),
        ('"""Doc."""\n', '"""Doc."""\n\nimport asyncio\n'),
        ('"""Doc."""', '"""Doc."""\n\nimport asyncio'),
        ('"""Doc.\n\nMore.\n"""\n\n\ndef f(): ...\n', '"""Doc.\n\nMore.\n"""\n\nimport asyncio\n\n\ndef f(): ...\n'),
        ('"""Doc."""\nx = 1\n', '"""Doc."""\n\nimport asyncio\n\nx = 1\n'),
        # __future__
        ("from __future__ import annotations\n", "from __future__ import annotations\n\nimport asyncio\n"),
        (
            "from __future__ import annotations\n\nx = 1\n",
            "from __future__ import annotations\n\nimport asyncio\n\nx = 1\n",
        ),
        (
            "'''D.'''\n\nfrom __future__ import annotations\n\nimport django\n",
            "'''D.'''\n\nfrom __future__ import annotations\n\nimport asyncio\n\nimport django\n",
        ),
        # a module that does not divide its sections
        (
            "from __future__ import annotations\nimport django\n",
            "from __future__ import annotations\nimport asyncio\nimport django\n",
        ),
        ("import django\nimport os\nfrom . import x\n", "import django\nimport asyncio\nimport os\nfrom . import x\n"),
        # imports that are not sure to run do not count, and nothing goes into them
        (
            "try:\n    import asyncio\nexcept ImportError:\n    raise\n",
            "import asyncio\n\ntry:\n    import asyncio\nexcept ImportError:\n    raise\n",
        ),
        ("if X:\n    import asyncio\n", "import asyncio\n\nif X:\n    import asyncio\n"),
        ("def f():\n    import asyncio\n", "import asyncio\n\n\ndef f():\n    import asyncio\n"),
        ("import asyncio as aio\n", "import asyncio as aio\nimport asyncio\n"),
        # line ends
        ("import os\r\nx\r\n", "import asyncio\r\nimport os\r\nx\r\n"),
        ("'''D.'''\r\n\r\n\r\ndef f(): ...\r\n", "'''D.'''\r\n\r\nimport asyncio\r\n\r\n\r\ndef f(): ...\r\n"),
        ("import abc", "import abc\nimport asyncio"),
        ("import abc\r\nimport aaa.b", "import abc\r\nimport asyncio\r\nimport aaa.b"),
    ],
)
def test_a_module_is_imported(before: str, after: str) -> None:
    assert imported(before, ASYNCIO) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("joinedload", "joinedload, selectinload"),
        ("subqueryload", "selectinload, subqueryload"),
        ("(joinedload, subqueryload)", "(joinedload, selectinload, subqueryload)"),
        ("(joinedload, relationship,)", "(joinedload, relationship, selectinload,)"),
        ("Session, relationship", "Session, relationship, selectinload"),
        ("relationship, Session, subqueryload", "relationship, selectinload, Session, subqueryload"),
        ("Z, A", "Z, A, selectinload"),
        (
            "MANYTOONE, ONETOMANY, Session, Zed, joinedload",
            "MANYTOONE, ONETOMANY, Session, Zed, joinedload, selectinload",
        ),
        ("ONETOMANY, backref", "ONETOMANY, backref, selectinload"),
        ("aliased as a, sessionmaker as s", "aliased as a, selectinload, sessionmaker as s"),
        ("joinedload  # noqa: F401", "joinedload, selectinload  # noqa: F401"),
        ("(\n    joinedload,\n    subqueryload,\n)", "(\n    joinedload,\n    selectinload,\n    subqueryload,\n)"),
        ("(\n    joinedload,\n)", "(\n    joinedload,\n    selectinload,\n)"),
        ("(\n    joinedload\n)", "(\n    joinedload,\n    selectinload\n)"),
        ("(\n    joinedload  # c\n)", "(\n    joinedload,  # c\n    selectinload\n)"),
        ("(\n    joinedload)", "(\n    joinedload,\n    selectinload)"),
        ("(\n    subqueryload,\n)", "(\n    selectinload,\n    subqueryload,\n)"),
        (
            "(\n\tjoinedload,  # keep\n\t# next\n\tsubqueryload,\n)",
            "(\n\tjoinedload,  # keep\n\tselectinload,\n\t# next\n\tsubqueryload,\n)",
        ),
        ("(\n    joinedload, subqueryload,\n)", "(\n    joinedload, selectinload, subqueryload,\n)"),
        ("joinedload, \\\n    subqueryload", "joinedload, \\\n    selectinload, subqueryload"),
        ("(\r\n    joinedload,\r\n)", "(\r\n    joinedload,\r\n    selectinload,\r\n)"),
    ],
)
def test_a_name_is_added_to_an_import_of_its_module(before: str, after: str) -> None:
    newline = "\r\n" if "\r" in before else "\n"
    head, tail = f"import os{newline}{newline}from sqlalchemy.orm import ", f"{newline}{newline}x = 1{newline}"
    assert imported(head + before + tail, LOADER) == head + after + tail


def test_a_line_that_would_grow_too_long_is_broken() -> None:
    names = [f"a_rather_long_name_{number}" for number in range(3)]
    before = f"from sqlalchemy.orm import {', '.join(names)}\n"
    lines = "".join(f"    {name},\n" for name in [*names, "selectinload"])
    assert imported(before, LOADER) == f"from sqlalchemy.orm import (\n{lines})\n"


def test_a_module_with_longer_lines_decides_what_is_too_long() -> None:
    names = ", ".join(f"a_rather_long_name_{number}" for number in range(3))
    longer = ", ".join(f"a_rather_long_name_{number}" for number in range(4))
    before = f"from somewhere import {longer}\nfrom sqlalchemy.orm import {names}\n"
    assert (
        imported(before, LOADER)
        == f"from somewhere import {longer}\nfrom sqlalchemy.orm import {names}, selectinload\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from sqlalchemy.orm import *\n", f"from sqlalchemy.orm import *\n{LINE}\n"),
        ("import sqlalchemy\n", f"import sqlalchemy\n{LINE}\n"),
        ("from sqlalchemy import select\n", f"from sqlalchemy import select\n{LINE}\n"),
        ("from zope import x\n", f"{LINE}\nfrom zope import x\n"),
        ("from flask import Flask\nfrom zope import x\n", f"from flask import Flask\n{LINE}\nfrom zope import x\n"),
        ("import os\n\nfrom app import x\n", f"import os\n\n{LINE}\n\nfrom app import x\n"),
        ("import os\n\nfrom . import x\n", f"import os\n\n{LINE}\n\nfrom . import x\n"),
        ("import os\n", f"import os\n\n{LINE}\n"),
        ("import os\n\n\ndef f(): ...\n", f"import os\n\n{LINE}\n\n\ndef f(): ...\n"),
        (
            "if T:\n    from sqlalchemy.orm import selectinload\n",
            f"{LINE}\n\nif T:\n    from sqlalchemy.orm import selectinload\n",
        ),
        ("from .orm import selectinload as s\n", f"{LINE}\n\nfrom .orm import selectinload as s\n"),
        (
            "from sqlalchemy.orm import selectinload as s\n",
            "from sqlalchemy.orm import selectinload, selectinload as s\n",
        ),
        # prepared first, imported then
        (
            "import os\nos.environ['A'] = 'b'\nfrom sqlalchemy import select\nx = 1\n",
            f"import os\nos.environ['A'] = 'b'\nfrom sqlalchemy import select\n{LINE}\nx = 1\n",
        ),
        (
            "import os\nos.environ['A'] = 'b'\nfrom sqlalchemy.orm import a\nx = 1\n",
            "import os\nos.environ['A'] = 'b'\nfrom sqlalchemy.orm import a, selectinload\nx = 1\n",
        ),
    ],
)
def test_a_member_is_imported(before: str, after: str) -> None:
    assert imported(before, LOADER) == after


def test_code_that_runs_at_import_time_needs_the_import_above() -> None:
    early = ImportRequest("sqlalchemy.orm", "selectinload", early=True)
    text = "import os\n\nx = 1\nfrom sqlalchemy.orm import a\n"
    assert imported(text, early) == f"import os\n\n{LINE}\n\nx = 1\nfrom sqlalchemy.orm import a\n"


def test_several_requests_are_met_together() -> None:
    requests = [
        LOADER,
        ASYNCIO,
        ImportRequest("app.db", "engine"),
        ImportRequest("sqlalchemy.orm", "joinedload"),
        ASYNCIO,
    ]
    expected = (
        "import asyncio\n\nfrom sqlalchemy.orm import joinedload, selectinload\n\nfrom app.db import engine\n\nx = 1\n"
    )
    assert imported("x = 1\n", *requests) == expected
    assert imported("x = 1\n", *requests[::-1]) == expected


def test_a_request_that_is_met_needs_no_edit() -> None:
    text = "import asyncio\nfrom sqlalchemy.orm import selectinload\n"
    assert imported(text, ASYNCIO, LOADER) == text


def test_two_meanings_of_one_name_do_not_fit_together() -> None:
    with pytest.raises(CannotFix, match="`sleep` for different things"):
        imported("", ImportRequest("time", "sleep"), ImportRequest("asyncio", "sleep"))


def test_a_submodule_and_its_package_bind_one_name_to_the_same() -> None:
    assert imported("", ImportRequest("concurrent.futures"), ImportRequest("concurrent")) == (
        "import concurrent\nimport concurrent.futures\n"
    )


def test_edits_are_small() -> None:
    text = "import os\n" + "x = 1\n" * 2000
    (edit,) = import_edits(SourceFile("m.py", text), [ASYNCIO])
    assert (edit.start, edit.end, edit.text) == (0, 0, "import asyncio\n")
