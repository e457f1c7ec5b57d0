from pyramid.config import Configurator
from pyramid.response import Response
from pyramid.view import view_config


@view_config(route_name="home", request_method="GET")
def home(request):
    return Response("")


@view_config(route_name="order", request_method=("GET", "PUT"))
def order(request):
    return Response("")


def added(request):
    return Response("")


def main():
    config = Configurator()
    config.add_route("home", "/")
    config.add_route("order", "/orders/{key}")
    config.add_route("added", "/added")
    config.add_view(added, route_name="added")
    config.scan()
    return config.make_wsgi_app()
