"""Exchange rates, kept in memory between two readings."""

from __future__ import annotations

from decimal import Decimal

import httpx


class RateBoard:
    def __init__(self, url: str) -> None:
        self.url = url
        self.rates: dict[str, Decimal] = {}

    async def read(self, client: httpx.AsyncClient) -> None:
        response = await client.get(self.url)
        response.raise_for_status()
        self.rates = {code: Decimal(rate) for code, rate in response.json().items()}
