from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path
from django.views.decorators.cache import cache_page

import api_urls
import views

extra = [path("<int:year>/", views.archive), re_path(r"^(?P<slug>[\w-]+)/$", views.page)]
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("admin/", admin.site.urls),
    path("shop/", include("shop_urls")),
    path("api/", include(api_urls)),
    path("extra/", include((extra, "extra"))),
    path(f"{settings.BASE}status", cache_page(60)(views.status)),
    path("mine/", login_required(views.Mine.as_view())),
    *(path(f"{name}.txt", views.page) for name in ("robots", "humans")),
]
urlpatterns += [path("plus/", views.status)]
urlpatterns.append(path("appended/", views.status))
