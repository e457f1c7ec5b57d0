from quart import Blueprint, Quart

app = Quart(__name__)
bp = Blueprint("bp", __name__, url_prefix="/bp")


@app.get("/")
async def index():
    return ""


@bp.route("/form", methods=["GET", "POST"])
async def form():
    return ""


@app.websocket("/ws")
async def ws(): ...


app.register_blueprint(bp)
