from tornado.web import Application, RequestHandler, url


class Main(RequestHandler):
    def get(self):
        self.write("")


class Item(RequestHandler):
    async def get(self, key):
        self.write("")

    async def put(self, key):
        self.write("")


def make_app():
    return Application([(r"/", Main), url(r"/items/([0-9]+)", Item, name="item")])


app = make_app()
app.add_handlers(".*", [(r"/late", Main)])
