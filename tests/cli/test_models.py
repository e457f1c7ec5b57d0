"""``backend-fix models``: small projects, one per ORM, and what is printed of them.

The expected texts of Django, SQLAlchemy, Flask-SQLAlchemy and SQLModel were compared with the frameworks' own metadata.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Outcome

CASES = Path(__file__).parent.parent / "fixtures/models"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    def copied(name: str) -> Path:
        root = tmp_path / name
        shutil.copytree(CASES / name, root, ignore=shutil.ignore_patterns("expected.txt"))
        (root / "pyproject.toml").write_text("", encoding="utf-8")
        monkeypatch.chdir(root)
        return root

    return copied


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_a_project(name: str, project: Callable[[str], Path], command: Callable[..., Outcome]) -> None:
    project(name)
    expected = (CASES / name / "expected.txt").read_text(encoding="utf-8")
    for _ in range(2):  # the second time from the cache
        outcome = command("models", "--serializers", "--quiet", ".")
        assert outcome.code == 0
        assert outcome.raw.decode() == expected
        assert outcome.errors == []


def test_json_holds_what_the_text_shows(project: Callable[[str], Path], command: Callable[..., Outcome]) -> None:
    project("django")
    outcome = command("models", "--format", "json", ".")
    told = json.loads(outcome.raw)
    assert list(told) == ["models"]
    models = {model["model"]: model for model in told["models"]}
    assert list(models) == sorted(models)
    order = models["shop.models.Order"]
    assert (order["table"], order["orm"], order["path"], order["line"]) == (
        "orders",
        "django-orm",
        "shop/models.py",
        31,
    )
    columns = {column["name"]: column for column in order["columns"]}
    assert columns["author"] == {
        "name": "author",
        "column": "author_id",
        "type": "ForeignKey",
        "nullable": True,
        "default": None,
        "primary_key": False,
        "unique": False,
        "index": True,
        "max_length": None,
        "references": "people_person.id",
        "on_delete": "SET_NULL",
    }
    relations = {relation["name"]: relation for relation in order["relations"]}
    assert relations["line_set"]["is_reverse"] is True
    assert relations["items"]["through"] == "store_line"
    assert {"columns": ["slug"], "partial": True}.items() <= next(
        {**index, "columns": index["columns"]} for index in order["indexes"] if index["name"] == "one_active"
    ).items()
    assert [constraint["kind"] for constraint in order["constraints"]] == ["check"]
    assert models["shop.models.OpenOrder"]["inherits"] == "proxy"
    assert models["shop.models.BigOrder"]["parent"] == "shop.models.Order"


def test_json_of_serializers(project: Callable[[str], Path], command: Callable[..., Outcome]) -> None:
    project("rest")
    told = json.loads(command("models", "--serializers", "--format", "json", ".").raw)
    book = next(shape for shape in told["serializers"] if shape["name"] == "api.BookSerializer")
    assert book["model"] == "library.models.Book"
    assert book["relations"] == ["authors", "reviews", "section.editor"]
    assert book["used_by"] == [{"handler": "api.Books", "how": "serializer_class"}]
    fields = {field["name"]: field for field in book["fields"]}
    assert (fields["authors"]["nested"], fields["authors"]["many"]) == ("api.AuthorSerializer", True)
    assert fields["key"]["write_only"] is True


def test_only_the_paths_that_are_named(project: Callable[[str], Path], command: Callable[..., Outcome]) -> None:
    project("django")
    told = json.loads(command("models", "--format", "json", "people/models.py").raw)
    assert [model["model"] for model in told["models"]] == ["people.models.Address", "people.models.Person"]
    # what other files declare still counts
    assert "store_orders" in [relation["name"] for relation in told["models"][1]["relations"]]


def test_migrations_are_no_models(project: Callable[[str], Path], command: Callable[..., Outcome]) -> None:
    root = project("sqlmodel")
    source = (root / "models.py").read_text(encoding="utf-8")
    head = "revision = '1'\ndown_revision = None\n\n\ndef upgrade():\n    pass\n\n\n"
    (root / "step.py").write_text(head + source, encoding="utf-8")
    outcome = command("models", ".")
    assert outcome.errors == ["3 models in 2 files."]


def test_without_models(shop: object, command: Callable[..., Outcome]) -> None:
    outcome = command("models", ".")
    assert (outcome.code, outcome.raw, outcome.errors) == (0, b"", ["0 models in 4 files."])
    assert json.loads(command("models", "--format", "json", ".").raw) == {"models": []}


def test_mistakes_are_told_in_a_line(shop: object, command: Callable[..., Outcome]) -> None:
    outcome = command("models", "nowhere")
    assert (outcome.code, outcome.raw) == (2, b"")
    assert outcome.errors[0].startswith("backend-fix: error: there is no file or folder `nowhere`")
    outcome = command("models")
    assert (outcome.code, len(outcome.errors)) == (2, 1)
    outcome = command("models", "--format", "yaml", ".")
    assert (outcome.code, len(outcome.errors)) == (2, 1)
