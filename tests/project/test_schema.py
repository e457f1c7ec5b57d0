"""Questions about tables: columns, indexes that a search can use, uniqueness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flake8_backend.project.values import ClassRef
from tests.project.solving import solve

if TYPE_CHECKING:
    from flake8_backend.project.schema.records import Table
    from flake8_backend.project.solution import Solution

SHOP = """
    from django.db import models
    from django.db.models import Q


    class Customer(models.Model):
        email = models.EmailField(unique=True)
        city = models.CharField(max_length=40)


    class Order(models.Model):
        customer = models.ForeignKey(Customer, models.CASCADE)
        courier = models.ForeignKey(Customer, models.CASCADE, related_name="deliveries", db_index=False)
        state = models.CharField(max_length=10)
        placed = models.DateTimeField()
        number = models.IntegerField()

        class Meta:
            unique_together = [("customer", "number")]
            indexes = [
                models.Index(fields=["state", "-placed"]),
                models.Index(fields=["number"], condition=Q(state="open")),
            ]
"""


def table_in(solution: Solution, name: str) -> Table:
    cls = next(cls for cls in solution.schema.models() if cls.name == name)
    table = solution.schema.table(cls)
    assert table is not None
    return table


@pytest.fixture(scope="module")
def orders() -> Table:
    return table_in(solve({"shop/": "", "shop.models": SHOP}), "shop.models.Order")


@pytest.mark.parametrize(
    ("columns", "covered"),
    [
        (["id"], True),
        (["customer"], True),
        (["customer_id"], True),
        (["state"], True),
        (["placed", "state"], True),
        (["number", "customer"], True),
        (["placed"], False),  # second in its index
        (["number"], False),  # second in one index, and the other one is partial
        (["courier"], False),
        (["state", "number"], False),
        (["unknown"], False),
        ([], False),
    ],
)
def test_covers(orders: Table, columns: list[str], *, covered: bool) -> None:
    assert (orders.covers(columns) is not None) is covered


@pytest.mark.parametrize(
    ("columns", "unique"),
    [
        (["id"], True),
        (["id", "state"], True),
        (["customer", "number"], True),
        (["customer"], False),
        (["number"], False),
        ([], False),
    ],
)
def test_is_unique(orders: Table, columns: list[str], *, unique: bool) -> None:
    assert orders.is_unique(columns) is unique


def test_columns_go_by_both_names(orders: Table) -> None:
    assert orders.column("customer") is orders.column("customer_id") is not None
    assert orders.column("deliveries") is None
    assert orders.primary_key == ("id",)


def test_relations_lead_both_ways() -> None:
    customers = table_in(solve({"shop/": "", "shop.models": SHOP}), "shop.models.Customer")
    told = {relation.name: (relation.kind, relation.reverse, relation.many) for relation in customers.relations}
    assert told == {
        "order_set": ("one-to-many", "customer", True),
        "deliveries": ("one-to-many", "courier", True),
    }


def test_other_classes_have_no_table() -> None:
    solution = solve(
        {
            "app": """
            from django.db import models


            class Base(models.Model):
                class Meta:
                    abstract = True


            class Plain:
                name = models.CharField()
            """
        }
    )
    assert solution.schema.tables.all == ()
    assert solution.schema.table(ClassRef("app.Plain", ("app", 2))) is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('__tablename__ = "orders"', "orders"),
        ("@declared_attr\n    def __tablename__(cls):\n        return cls.__name__.lower() + 's'", "orderlines"),
        ("@declared_attr\n    def __tablename__(cls):\n        return f'app_{cls.__name__.lower()}'", "app_orderline"),
        (
            r"@declared_attr"
            "\n    def __tablename__(cls):\n        return re.sub('(?<!^)(?=[A-Z])', '_', cls.__name__)",
            "Order_Line",
        ),
        (
            "@declared_attr\n    def __tablename__(cls):\n        return CAMEL.sub('_', cls.__name__).lower()",
            "order_line",
        ),
        ("@declared_attr\n    def __tablename__(cls):\n        return named(cls)", None),
    ],
)
def test_names_of_tables(written: str, name: str | None) -> None:
    text = f"""import re
from names import CAMEL
from somewhere import named
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column


class Base(DeclarativeBase):
    pass


class OrderLine(Base):
    {written}
    id: Mapped[int] = mapped_column(primary_key=True)
"""
    names = "import re\n\nCAMEL: re.Pattern[str] = re.compile('(?<!^)(?=[A-Z])')\n"
    assert table_in(solve({"app": text, "names": names}), "app.OrderLine").name == name


@pytest.mark.parametrize(
    ("annotation", "column"),
    [
        ("Mapped[int]", ("Integer", False)),
        ("Mapped[int | None]", ("Integer", True)),
        ("Mapped[Optional[str]]", ("String", True)),
        ("Mapped[Annotated[bytes, 5]]", ("LargeBinary", False)),
        ("Mapped['str | None']", ("String", True)),
        ("Mapped[State]", ("Enum", False)),
        ("Mapped[Unheard]", ("NullType", False)),
    ],
)
def test_types_from_annotations(annotation: str, column: tuple[str, bool]) -> None:
    text = f"""import enum
from typing import Annotated, Optional
from somewhere import Unheard
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class State(enum.Enum):
    OPEN = 1


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    value: {annotation} = mapped_column()
"""
    found = table_in(solve({"app": text}), "app.Order").column("value")
    assert found is not None
    assert (found.type, found.nullable) == column


def test_what_an_abstract_model_calls_itself() -> None:
    text = """
    from django.db import models


    class Node(models.Model):
        parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")

        class Meta:
            abstract = True


    class Place(Node):
        pass


    class Team(Node):
        pass
    """
    solution = solve({"app": text})
    for cls in (cls for cls in solution.schema.models() if not solution.schema.is_abstract(cls)):
        table = solution.schema.table(cls)
        assert table is not None
        for name in ("parent", "children"):
            fact, relation = solution.schema.relation(cls, name), table.relation(name)
            assert fact is not None
            assert relation is not None
            assert fact.target == relation.target == cls


def test_the_base_of_models_is_no_model() -> None:
    text = """
    from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column


    class Base(DeclarativeBase):
        @declared_attr.directive
        def __tablename__(cls) -> str:
            return cls.__name__.lower()

        id: Mapped[int] = mapped_column(primary_key=True)


    class Order(Base):
        pass
    """
    solution = solve({"app": text})
    assert [(table.model, table.name, table.inherits) for table in solution.schema.tables.all] == [
        ("app.Order", "order", "")
    ]
    assert table_in(solution, "app.Order").primary_key == ("id",)


def test_types_that_the_base_maps() -> None:
    text = """
    import uuid
    from datetime import datetime

    import sqlalchemy as sa
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    Json = sa.JSON().with_variant(sa.Text(), "sqlite")


    class Moment(sa.TypeDecorator):
        impl = sa.DateTime


    class Base(DeclarativeBase):
        type_annotation_map = {uuid.UUID: sa.String(32), datetime: Moment()}


    class Order(Base):
        __tablename__ = "orders"
        id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
        placed: Mapped[datetime]
        number: Mapped[int]
        extra: Mapped[dict] = mapped_column(Json)
    """
    table = table_in(solve({"app": text}), "app.Order")
    assert [column.type for column in table.columns] == ["String", "Moment", "Integer", "JSON"]


def test_indexes_for_one_dialect_count() -> None:
    text = """
    import sqlalchemy as sa
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class Order(Base):
        __tablename__ = "orders"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
        city: Mapped[str]
        __table_args__ = (
            sa.Index("by_name", "name", postgresql_using="gin").ddl_if(dialect="postgresql"),
            sa.Index("by_city", sa.func.lower("city")),
        )
    """
    table = table_in(solve({"app": text}), "app.Order")
    assert [(index.name, index.columns, index.expressions) for index in table.indexes if not index.implicit] == [
        ("by_name", ("name",), False),
        ("by_city", (), True),
    ]
    assert table.covers(["name"]) is not None
    assert table.covers(["city"]) is None
