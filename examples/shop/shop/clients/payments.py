"""The payment provider."""

from __future__ import annotations

from decimal import Decimal

import requests

from shop.config import settings


class PaymentGateway:
    def __init__(self, base_url: str, key: str) -> None:
        self.base_url = base_url
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {key}"

    def charge(self, order_id: int, amount: Decimal) -> str:
        response = self.http.post(
            f"{self.base_url}/charges",
            json={"reference": f"order-{order_id}", "amount": str(amount)},
            headers={"Idempotency-Key": f"order-{order_id}"},
            timeout=8,
        )
        response.raise_for_status()
        return str(response.json()["id"])


gateway = PaymentGateway(settings.payments_url, settings.payments_key)
