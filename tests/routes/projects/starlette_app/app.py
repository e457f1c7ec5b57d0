from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, Router, WebSocketRoute
from starlette.websockets import WebSocket


async def home(request: Request) -> Response:
    return PlainTextResponse("")


async def save(request: Request) -> Response:
    return PlainTextResponse("")


async def feed(socket: WebSocket) -> None: ...


class Orders(HTTPEndpoint):
    async def get(self, request: Request) -> Response:
        return PlainTextResponse("")

    async def post(self, request: Request) -> Response:
        return PlainTextResponse("")


api = [Route("/orders", Orders), Route("/save", save, methods=["POST"])]
other = Router(routes=[Route("/other", home)])
app = Starlette(
    routes=[
        Route("/", home),
        WebSocketRoute("/feed", feed),
        Mount("/api", routes=api),
        Mount("/more", app=other),
    ]
)
app.add_route("/added", save, methods=["PUT"])
