from litestar import Controller, Litestar, Router, delete, get, post
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler


def staff_only(connection: ASGIConnection, handler: BaseRouteHandler) -> None: ...


class OrderController(Controller):
    path = "/orders"
    guards = [staff_only]

    @get()
    async def list_orders(self) -> list[int]:
        return []

    @get("/{key:int}")
    async def read_order(self, key: int) -> int:
        return key

    @delete("/{key:int}")
    async def drop_order(self, key: int) -> None: ...


@get("/")
async def index() -> str:
    return ""


@post("/search")
async def search() -> str:
    return ""


api = Router(path="/api", route_handlers=[OrderController, search])
app = Litestar(route_handlers=[index, api])
