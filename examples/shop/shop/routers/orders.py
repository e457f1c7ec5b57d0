"""Orders of the calling customer."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, status

from shop.clients.carrier import parcel_state
from shop.clients.payments import gateway
from shop.database import DbSession
from shop.repositories.orders import OrderRepository
from shop.schemas import ParcelStatus, Receipt
from shop.security import CurrentCustomer
from shop.services.checkout import CheckoutService, OrderNotPayable

router = APIRouter(prefix="/v1/orders", tags=["orders"])


@router.post("/{order_id}/payment", status_code=status.HTTP_201_CREATED)
async def pay_order(order_id: int, session: DbSession, customer: CurrentCustomer) -> Receipt:
    """Charge the customer's card for an order that is still open."""
    checkout = CheckoutService(OrderRepository(session), gateway)
    try:
        return checkout.pay(order_id, customer.id)
    except OrderNotPayable as error:
        raise HTTPException(status.HTTP_409_CONFLICT, "This order cannot be paid for") from error


@router.get("/{order_id}/parcel")
def parcel(order_id: int, session: DbSession, customer: CurrentCustomer) -> ParcelStatus:
    """Where the parcel is."""
    order = OrderRepository(session).get(order_id)
    if order is None or order.customer_id != customer.id or order.parcel_number is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    return ParcelStatus(parcel_number=order.parcel_number, state=parcel_state(order.parcel_number))
