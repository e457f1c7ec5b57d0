"""What an order costs."""

from __future__ import annotations

from decimal import Decimal

from shop.models import Order

FREE_SHIPPING_FROM = Decimal("50.00")
SHIPPING = Decimal("4.90")


def total_of(order: Order) -> Decimal:
    goods = sum((line.quantity * line.unit_price for line in order.lines), Decimal(0))
    return goods if goods >= FREE_SHIPPING_FROM else goods + SHIPPING
