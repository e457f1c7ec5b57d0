"""The carrier that delivers the parcels."""

from __future__ import annotations

import requests

from shop.config import settings


def parcel_state(parcel_number: str) -> str:
    response = requests.get(f"{settings.carrier_url}/parcels/{parcel_number}")
    response.raise_for_status()
    return str(response.json()["state"])
