import os

from flask import Blueprint
from flask_login import login_required

blog = Blueprint("blog", __name__, url_prefix="/blog/")
comments = Blueprint("comments", __name__, url_prefix="/comments")


def scoped(rule):
    if os.environ.get("MANY_ORGANISATIONS"):
        return "/<organisation>" + rule
    return rule


@blog.route(scoped("/scoped"))
def scoped_page():
    return ""


@blog.route("/")
def index():
    return ""


@blog.post("/new")
@login_required
def new():
    return ""


@comments.get("/<int:number>")
def comment(number):
    return ""


blog.register_blueprint(comments)
