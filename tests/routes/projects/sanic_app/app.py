from sanic import Blueprint, Sanic
from sanic.response import text
from sanic.views import HTTPMethodView

app = Sanic("shop")
first = Blueprint("first", url_prefix="/first")
second = Blueprint("second", url_prefix="/second")
third = Blueprint("third", url_prefix="/third")


@first.get("/a")
async def a(request):
    return text("")


@second.route("/b", methods=["POST", "PUT"])
async def b(request):
    return text("")


@third.delete("/c")
async def c(request):
    return text("")


class Simple(HTTPMethodView):
    async def get(self, request):
        return text("")


async def added(request):
    return text("")


app.blueprint(third)
app.blueprint(Blueprint.group(first, second, url_prefix="/api"))
app.add_route(added, "/added", methods=["GET"])
app.add_route(Simple.as_view(), "/simple")


@app.websocket("/feed")
async def feed(request, socket): ...
