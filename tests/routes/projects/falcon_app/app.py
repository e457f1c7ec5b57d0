import falcon
import falcon.asgi


class Orders:
    async def on_get(self, request, response): ...

    async def on_post(self, request, response): ...

    async def on_get_item(self, request, response, key): ...


app = falcon.asgi.App()
orders = Orders()
app.add_route("/orders", orders)
app.add_route("/orders/{key}", orders, suffix="item")
