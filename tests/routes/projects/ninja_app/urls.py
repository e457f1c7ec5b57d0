from django.urls import path
from ninja import NinjaAPI, Router
from ninja.security import django_auth

api = NinjaAPI(auth=django_auth)
orders = Router()


@api.get("/health", auth=None)
def health(request) -> dict:
    return {}


@orders.get("/", response=list[int])
def list_orders(request):
    return []


@orders.api_operation(["POST", "PATCH"], "/{key}")
def change(request, key: int):
    return {}


api.add_router("/orders/", orders)
urlpatterns = [path("api/", api.urls)]
