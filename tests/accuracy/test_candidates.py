"""Candidates are found by names and drawn evenly; the command puts it together."""

from __future__ import annotations

import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flake8_backend.dev.__main__ import main
from flake8_backend.dev.accuracy import drawing
from flake8_backend.dev.accuracy.candidates import Candidate, candidates
from flake8_backend.dev.accuracy.labels import is_set_aside

if TYPE_CHECKING:
    from collections.abc import Callable

    Kinds = Callable[[str], set[tuple[str, int, str]]]

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def kinds(tmp_path: Path) -> Kinds:
    """Rule, line and kind of the candidates in a module of this text."""

    def of(text: str) -> set[tuple[str, int, str]]:
        (tmp_path / "app.py").write_text(textwrap.dedent(text))
        return {(each.rule, each.line, each.kind) for each in candidates(tmp_path)}

    return of


def test_be001_calls_in_async_functions(kinds: Kinds) -> None:
    found = kinds(
        """
        import time
        def keep_it(path):
            path.write_text("")
        def keep_all(path):
            keep_it(path)
        async def run(path, client):
            time.sleep(1)
            keep_it(path)
            keep_all(path)
            path.read_text()
            await client.get("/")
            open(path)
            def later():
                time.sleep(2)
        """
    )
    assert {(line, kind) for rule, line, kind in found if rule == "BE001"} == {
        (8, "named"),
        (9, "through a function"),
        (10, "through two functions"),
        (11, "method"),
        (12, "awaited"),
        (13, "named"),
    }


def test_be002_calls_that_may_wait(kinds: Kinds) -> None:
    found = kinds(
        """
        import requests
        requests.get(url)
        requests.get(url, timeout=1)
        requests.get(url, **options)
        session.post(url)
        """
    )
    assert {(line, kind) for rule, line, kind in found if rule == "BE002"} == {
        (3, "named without timeout"),
        (4, "named with timeout"),
        (5, "named with **"),
        (6, "method without timeout"),
    }


def test_be003_texts_that_are_not_constant(kinds: Kinds) -> None:
    found = kinds(
        """
        query = "SELECT 1"
        def run(cursor, name, statement):
            cursor.execute(query)
            cursor.execute(statement)
            cursor.execute(f"SELECT {name}")
            cursor.execute("SELECT %s" % name)
            cursor.execute("SELECT {}".format(name))
            cursor.execute("SELECT 1")
        """
    )
    assert {(line, kind) for rule, line, kind in found if rule == "BE003"} == {
        (4, "name of a text"),
        (5, "name"),
        (6, "f-string"),
        (7, "operator"),
        (8, "format"),
    }


def test_be004_handlers(kinds: Kinds) -> None:
    found = kinds(
        """
        @app.get("/orders")
        def list_orders():
            return session.query(Order).all()
        @app.post("/orders")
        def add(): ...
        class Orders(ListView):
            model = Order
        class Order(Resource):
            def get(self):
                return {"limit": 1}
        """
    )
    assert {(line, kind) for rule, line, kind in found if rule == "BE004"} == {
        (2, "function reads list free"),
        (7, "class"),
        (10, "method other list bound"),
    }


def test_be005_reads_for_each_item(kinds: Kinds, tmp_path: Path) -> None:
    (tmp_path / "list.html").write_text("{% for order in orders %}\n{{ order.customer.name }}\n{% endfor %}\n")
    found = kinds(
        """
        from django.db import models
        class Order(models.Model):
            customer = models.ForeignKey(Customer, related_name="orders", on_delete=1)
        def load(order):
            return Item.objects.filter(order=order).count()
        def show(orders, customers):
            for order in orders:
                order.customer
                Item.objects.get(pk=1)
                load(order)
            return [each.orders.count() for each in customers]
        class OrderView(ModelViewSet):
            queryset = Order.objects.all()
        class OrderSerializer(ModelSerializer):
            def get_name(self, order):
                return order.orders.first()
        """
    )
    assert {(line, kind) for rule, line, kind in found if rule == "BE005"} == {
        (2, "template"),
        (9, "relation"),
        (10, "query"),
        (11, "through a function"),
        (12, "manager"),
        (14, "view"),
        (16, "method of a record"),
    }


def test_tests_are_left_out(tmp_path: Path) -> None:
    for name in ("test_app.py", "conftest.py", "tests/app.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("import requests\nrequests.get(url)\n")
    assert candidates(tmp_path) == []


def test_what_does_not_parse_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("print 'x'\n")
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe")
    assert candidates(tmp_path) == []


# Drawing

FEW = [Candidate("BE002", "a.py", line, "rare") for line in range(2)]
MANY = [Candidate("BE002", f"m{line % 5}.py", line, "common") for line in range(500)]
OTHERS = [Candidate("BE002", "b.py", line, "common") for line in range(100)]


def test_kinds_and_projects_take_turns() -> None:
    drawn = drawing.draw({"one": FEW + MANY, "two": OTHERS}, 12)
    assert Counter((project, each.kind) for project, each in drawn) == {
        ("one", "rare"): 2,
        ("one", "common"): 5,
        ("two", "common"): 5,
    }
    assert len({each.path for project, each in drawn if (project, each.kind) == ("one", "common")}) == 5


def test_the_seed_decides_and_nothing_else() -> None:
    found = {"one": FEW + MANY, "two": OTHERS}
    mixed = {"two": OTHERS[::-1], "one": (FEW + MANY)[::-1]}
    assert drawing.draw(found, 40, seed=3) == drawing.draw(mixed, 40, seed=3)
    assert drawing.draw(found, 40, seed=3) != drawing.draw(found, 40, seed=4)


def test_known_places_are_not_drawn_again() -> None:
    drawn = drawing.draw({"one": FEW}, 10, known=[("one", "BE002 a.py:0")])
    assert [each.line for _, each in drawn] == [1]


# The command


def test_sample_prints_places(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/app.py").write_text("import requests\nrequests.get(url)\n")
    monkeypatch.chdir(CHECKOUT)
    assert main(["accuracy", "sample", str(tmp_path), "--rule", "BE002"]) == 0
    assert capsys.readouterr().out == "BE002 shop app.py:2 [named without timeout]\n"


def aside(line: int) -> bool:
    return is_set_aside("r", "a.py", line, "BE002")


def test_a_missing_checkout_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "checkout"
    (root / "src/flake8_backend").mkdir(parents=True)
    (root / "pyproject.toml").write_text("")
    (root / "tests/corpus").mkdir(parents=True)
    rows = "".join(
        f"[[label]]\nrule = 'BE002'\npath = 'a.py'\nline = {line}\nverdict = 'right'\nreach = 'near'\nsource = '0'\nnote = 'x'\n"
        for line in range(1, 9)
        if not aside(line)
    )
    (root / "tests/corpus/shop.toml").write_text(f"repository = 'r'\ncommit = 'c'\n{rows}")
    monkeypatch.chdir(root)
    assert main(["accuracy", "report", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "shop: no such folder; it holds r at c\n"
    assert main(["accuracy", "seal"]) == 0
    assert "sealed" in capsys.readouterr().out
