"""Open orders, as the warehouse sees them in the morning."""

from __future__ import annotations

from decimal import Decimal

from shop.repositories.orders import OrderRepository
from shop.services.pricing import total_of


def open_totals(orders: OrderRepository, limit: int) -> dict[int, Decimal]:
    totals: dict[int, Decimal] = {}
    for order in orders.oldest_open(limit):
        totals[order.id] = total_of(order)
    return totals
