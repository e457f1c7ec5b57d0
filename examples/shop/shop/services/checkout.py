"""Paying for an order."""

from __future__ import annotations

from shop.clients.payments import PaymentGateway
from shop.repositories.orders import OrderRepository
from shop.schemas import Receipt
from shop.services.pricing import total_of


class OrderNotPayable(Exception):
    """There is no such order, it is somebody else's, or it has been paid for."""


class CheckoutService:
    def __init__(self, orders: OrderRepository, gateway: PaymentGateway) -> None:
        self.orders = orders
        self.gateway = gateway

    def pay(self, order_id: int, customer_id: int) -> Receipt:
        order = self.orders.get(order_id)
        if order is None or order.customer_id != customer_id or order.status != "open":
            raise OrderNotPayable(order_id)
        payment_id = self.gateway.charge(order.id, total_of(order))
        self.orders.mark_paid(order)
        return Receipt(order_id=order.id, payment_id=payment_id)
