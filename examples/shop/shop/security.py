"""Who is calling."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Depends, Header, HTTPException, status
from sqlalchemy import select

from shop.database import DbSession
from shop.models import Customer


def current_customer(session: DbSession, x_api_key: Annotated[str, Header()]) -> Customer:
    digest = hashlib.sha256(x_api_key.encode()).hexdigest()
    customer = session.scalars(select(Customer).where(Customer.api_key_hash == digest)).first()
    if customer is None:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Unknown API key")
    return customer


CurrentCustomer = Annotated[Customer, Depends(current_customer)]
