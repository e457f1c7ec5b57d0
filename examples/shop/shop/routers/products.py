"""The catalogue."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, status

from shop.database import DbSession
from shop.repositories.products import ProductRepository
from shop.schemas import ProductOut

router = APIRouter(prefix="/v1/products", tags=["products"])


@router.get("")
def list_products(session: DbSession) -> list[ProductOut]:
    """Everything we sell."""
    return [ProductOut.model_validate(product, from_attributes=True) for product in ProductRepository(session).all()]


@router.get("/{sku}/stock")
def stock(sku: str, session: DbSession) -> int:
    """Units left of one product."""
    row = ProductRepository(session).stock(sku)
    if row is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    return int(row.units)
