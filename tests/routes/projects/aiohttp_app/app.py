from aiohttp import web

routes = web.RouteTableDef()


@routes.get("/")
async def index(request):
    return web.Response()


@routes.view("/things")
class Things(web.View):
    async def get(self):
        return web.Response()

    async def post(self):
        return web.Response()


async def save(request):
    return web.Response()


async def drop(request):
    return web.Response()


def build():
    sub = web.Application()
    sub.router.add_delete("/drop", drop)
    app = web.Application()
    app.add_routes(routes)
    app.add_routes([web.put("/save", save), web.route("PATCH", "/patch", save)])
    app.router.add_post("/posted", save)
    app.router.add_route("GET", "/routed", save)
    app.add_subapp("/sub", sub)
    return app


app = build()
