from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.security import OAuth2PasswordBearer
from starlette.staticfiles import StaticFiles

import orders
from registry import Server, listing, public

bearer = OAuth2PasswordBearer(tokenUrl="/token")


def settings() -> dict[str, str]:
    return {}


def user(token: Annotated[str, Depends(bearer)]) -> str:
    return token


async def audit() -> None: ...


app = FastAPI(dependencies=[Depends(audit)])
VERSIONS = ("v1", "v2")


class SecuredRouter(APIRouter):
    def __init__(self, prefix: str = "", **options: object) -> None:
        super().__init__(prefix=prefix, dependencies=[Depends(user)], **options)


admin = SecuredRouter(prefix="/admin")


@admin.get("/stats", response_model=dict[str, int])
async def stats(config: dict[str, str] = Depends(settings)):
    return {}


@app.get("/health")
def health() -> dict[str, bool]:
    return {"ok": True}


@app.api_route("/echo", methods=["GET", "POST"])
def echo() -> None: ...


@app.websocket("/live")
async def live(socket: WebSocket) -> None: ...


async def late() -> str:
    return ""


app.add_api_route("/late", late, methods=["PUT"])
for version in VERSIONS:
    app.include_router(orders.router, prefix=f"/{version}")


@listing("/listed")
async def listed() -> list[str]:
    return []


@public.delete("/gone/{key}")
async def gone(key: str) -> None: ...


app.include_router(admin)
app.include_router(public)
inner = FastAPI()


@inner.get("/")
def index() -> None: ...


app.mount("/inner", inner)
app.mount("/files", StaticFiles(directory="."), name="files")
server = Server(app)
unused = APIRouter()


@unused.get("/unused")
def nobody() -> None: ...
