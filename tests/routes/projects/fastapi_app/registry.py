from collections.abc import Callable

from fastapi import APIRouter, FastAPI

public = APIRouter(prefix="/public")


def listing(path: str) -> Callable:
    return public.get(path)


def registered(path: str) -> Callable:
    def decorate(function: Callable) -> Callable:
        public.add_api_route(path, function, methods=["PATCH"])
        return function

    return decorate


@registered("/patched")
async def patched() -> None: ...


class Server:
    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.add_routes()

    def add_routes(self) -> None:
        self.app.add_api_route("/server", self.status)

    async def status(self) -> str:
        return ""
