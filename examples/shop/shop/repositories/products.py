"""The catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from shop.models import Product


class ProductRepository:
    def __init__(self, session: Session) -> None:
        self.session = session

    def all(self) -> Sequence[Product]:
        return self.session.scalars(select(Product).order_by(Product.name)).all()

    def stock(self, sku: str) -> Row | None:
        return self.session.execute(text(f"SELECT warehouse, units FROM stock WHERE sku = '{sku}'")).first()
