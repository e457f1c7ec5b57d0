from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponse
from django.views import View
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic import DetailView, TemplateView


class Home(TemplateView):
    template_name = "home.html"


class Mine(View):
    http_method_names = ["get"]

    def get(self, request):
        return HttpResponse()

    def post(self, request):
        return HttpResponse()


class OrderDetail(LoginRequiredMixin, DetailView):
    def post(self, request, pk):
        return HttpResponse()


@require_POST
def pay(request):
    return HttpResponse()


@require_http_methods(["GET", "PUT"])
def status(request):
    return HttpResponse()


def archive(request, year):
    return HttpResponse()


def page(request, slug=""):
    return HttpResponse()
