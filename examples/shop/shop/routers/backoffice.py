"""Figures for the people who run the shop."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from shop.database import DbSession
from shop.models import Order
from shop.repositories.orders import OrderRepository
from shop.repositories.reports import ReportRepository
from shop.schemas import OrderOut, OrderTotal, Revenue
from shop.security import CurrentCustomer
from shop.services.backlog import open_totals

router = APIRouter(prefix="/v1/backoffice", tags=["back office"])


@router.get("/latest")
def latest_orders(session: DbSession, caller: CurrentCustomer) -> list[OrderOut]:
    """The last twenty orders."""
    orders = session.scalars(select(Order).order_by(Order.placed_at.desc()).limit(20)).all()
    return [
        OrderOut(id=order.id, customer=order.customer.name, status=order.status, placed_at=order.placed_at)
        for order in orders
    ]


@router.get("/backlog")
def backlog(
    session: DbSession, caller: CurrentCustomer, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[OrderTotal]:
    """The oldest open orders with what they cost."""
    totals = open_totals(OrderRepository(session), limit)
    return [OrderTotal(order_id=order_id, total=total) for order_id, total in totals.items()]


@router.get("/revenue")
def revenue(session: DbSession, caller: CurrentCustomer, status: str = "paid") -> list[Revenue]:
    """Revenue of the last two years by month."""
    rows = ReportRepository(session).revenue(status, months=24)
    return [Revenue(month=row.month, amount=row.amount) for row in rows]
