"""The floor: the same server and the same JSON, and nothing in between."""

import orjson
from flask import Flask, Response, request


def create_app() -> Flask:
    """POST / gives the body back, parsed and written anew."""
    app = Flask(__name__)

    @app.post("/")
    def echo() -> Response:
        return Response(orjson.dumps(orjson.loads(request.get_data())), mimetype="application/json")

    return app
