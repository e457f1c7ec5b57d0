from flask import Blueprint, Flask
from flask.views import MethodView
from flask_login import login_required

from blog import blog


class Item(MethodView):
    decorators = [login_required]

    def get(self, key):
        return ""

    def delete(self, key):
        return ""


def about():
    return ""


def pages(app):
    for rule, view in (("/about", about), ("/imprint", imprint)):
        app.add_url_rule(rule, rule.strip("/"), view)


def imprint():
    return ""


def blueprint(name):
    made = Blueprint(name, __name__, url_prefix="/" + name)
    made.add_url_rule("/ping", view_func=ping)
    return made


def ping():
    return ""


def create_app():
    app = Flask(__name__)
    app.register_blueprint(blog)
    app.register_blueprint(blog, url_prefix="/news", name="news")
    app.register_blueprint(blueprint("left"))
    app.register_blueprint(blueprint("right"))
    app.add_url_rule("/items/<key>", view_func=Item.as_view("item"))
    pages(app)

    @app.route("/hello", methods=["GET", "POST"])
    def hello():
        return ""

    return app


app = create_app()
