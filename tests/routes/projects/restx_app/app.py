from flask import Blueprint, Flask
from flask_restful import Api as RestfulApi
from flask_restx import Api, Namespace, Resource

app = Flask(__name__)
bp = Blueprint("api", __name__, url_prefix="/api/v1")
api = Api(bp, prefix="/x")
orders = Namespace("orders")
moved = Namespace("moved", path="/elsewhere")


@orders.route("", "/all")
class Orders(Resource):
    def get(self):
        return []

    def post(self):
        return {}


@orders.route("/<int:key>")
class Order(Resource):
    def get(self, key):
        return {}


@moved.route("/here")
class Moved(Resource):
    def put(self):
        return {}


@api.route("/direct")
class Direct(Resource):
    def get(self):
        return {}


made = api.namespace("made")


@made.route("/it")
class Made(Resource):
    def delete(self):
        return {}


api.add_namespace(orders)
api.add_namespace(moved, "/there")
app.register_blueprint(bp)

plain = RestfulApi(app)
plain.add_resource(Direct, "/plain", "/plain/<key>", endpoint="plain")
