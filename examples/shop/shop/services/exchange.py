"""Keeps the exchange rates fresh while the service runs."""

from __future__ import annotations

import asyncio
import logging
import time

import httpx

from shop.clients.rates import RateBoard

logger = logging.getLogger(__name__)


async def follow_rates(board: RateBoard, interval: float) -> None:
    async with httpx.AsyncClient() as client:
        while True:
            try:
                await board.read(client)
            except httpx.HTTPError:
                logger.warning("rates not read, the old ones stay", exc_info=True)
            time.sleep(interval)


def start(board: RateBoard, interval: float) -> asyncio.Task[None]:
    return asyncio.create_task(follow_rates(board, interval))
