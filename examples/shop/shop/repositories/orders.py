"""Orders and their lines."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import Order


class OrderRepository:
    def __init__(self, session: Session) -> None:
        self.session = session

    def get(self, order_id: int) -> Order | None:
        return self.session.get(Order, order_id)

    def oldest_open(self, limit: int) -> Sequence[Order]:
        query = select(Order).where(Order.status == "open").order_by(Order.placed_at).limit(limit)
        return self.session.scalars(query).all()

    def mark_paid(self, order: Order) -> None:
        order.status = "paid"
        self.session.commit()
