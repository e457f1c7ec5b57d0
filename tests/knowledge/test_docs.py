from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from flake8_backend.dev import knowledge_docs
from flake8_backend.knowledge import compiled, loader, schema

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"```toml\n(.*?)```", re.DOTALL)


def test_the_page_is_fresh() -> None:
    written = (CHECKOUT / knowledge_docs.PATH).read_text(encoding="utf-8")
    assert written == knowledge_docs.render(), "run python -m flake8_backend.dev knowledge"


def test_every_pack_and_every_word_is_on_the_page() -> None:
    page = knowledge_docs.render()
    for path in compiled.PACKS.glob("*.toml"):
        assert f"\n| {path.stem} | " in page
    for word in schema.EFFECTS | schema.ROLES | schema.KINDS | schema.FORMS:
        assert f"`{word}`" in page


def test_every_key_is_explained() -> None:
    page = knowledge_docs.render()
    keys = {key for table in schema.ROW_TABLES for key in schema.keys_of(table)}
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


def test_experiments_are_no_sources() -> None:
    assert "tools/run_" not in knowledge_docs.render()


def test_the_example_on_the_page_works() -> None:
    (text,) = EXAMPLE.findall(knowledge_docs.render())
    tables = compiled.parse_toml(text.encode(), file="example")["tool"]["flake8-backend"]
    del tables["packs"]
    knowledge = loader.load([], rows=tables)
    fact = knowledge.call("acme.http.Client.fetch")
    assert fact is not None
    assert str(fact.returns) == "acme.http.Reply"
    assert [marker.kind for marker in knowledge.markers("acme.auth.needs_login")] == ["auth"]
    assert str(knowledge.object_type("acme.http.client")) == "acme.http.Client"
    table = knowledge.klass("acme.db.Table")
    assert table is not None
    assert str(table.iterates) == "$row"


@pytest.mark.parametrize("heavy", ["libcst", "astroid", "rich", "importlib.metadata", "difflib"])
def test_loading_needs_nothing_heavy(heavy: str) -> None:
    code = f"import sys; from flake8_backend.knowledge import loader; assert {heavy!r} not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
