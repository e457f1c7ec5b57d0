"""The application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from shop.clients.rates import RateBoard
from shop.config import settings
from shop.routers import backoffice, orders, products
from shop.services import exchange


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    board = RateBoard("https://rates.example.com/latest.json")
    task = exchange.start(board, settings.rates_interval)
    app.state.rates = board
    yield
    task.cancel()


app = FastAPI(title="shop", lifespan=lifespan)
app.include_router(orders.router)
app.include_router(products.router)
app.include_router(backoffice.router)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}
