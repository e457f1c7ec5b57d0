"""Settings, read from the environment once."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    database_url: str
    payments_url: str
    payments_key: str
    carrier_url: str
    rates_interval: float = 60.0


settings = Settings(
    database_url=os.environ["DATABASE_URL"],
    payments_url=os.environ["PAYMENTS_URL"],
    payments_key=os.environ["PAYMENTS_KEY"],
    carrier_url=os.environ["CARRIER_URL"],
)
