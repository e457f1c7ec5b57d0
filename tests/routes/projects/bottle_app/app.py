import bottle
from bottle import Bottle, route

app = Bottle()
sub = Bottle()


@app.get("/")
def index():
    return ""


@app.route("/form", method=["GET", "POST"])
def form():
    return ""


@sub.delete("/gone")
def gone():
    return ""


@route("/default")
def default():
    return ""


@bottle.post("/posted")
def posted():
    return ""


app.mount("/sub", sub)
