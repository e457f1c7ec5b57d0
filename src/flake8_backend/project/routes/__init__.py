"""Routes: every path that a project serves, with its verbs, its handler and what guards it."""

from flake8_backend.project.routes.records import HTTP, MOUNT, WEBSOCKET, Route
from flake8_backend.project.routes.table import RouteTable

__all__ = ["HTTP", "MOUNT", "WEBSOCKET", "Route", "RouteTable"]
