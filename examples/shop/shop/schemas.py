"""What goes over the wire."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel


class ProductOut(BaseModel):
    id: int
    sku: str
    name: str
    price: Decimal


class OrderOut(BaseModel):
    id: int
    customer: str
    status: str
    placed_at: datetime


class OrderTotal(BaseModel):
    order_id: int
    total: Decimal


class Receipt(BaseModel):
    order_id: int
    payment_id: str


class ParcelStatus(BaseModel):
    parcel_number: str
    state: str


class Revenue(BaseModel):
    month: str
    amount: Decimal
