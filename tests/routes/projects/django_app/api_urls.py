from django.urls import include, path
from rest_framework.routers import DefaultRouter, SimpleRouter

import api

router = DefaultRouter()
router.register("orders", api.OrderViewSet, basename="order")
router.register(r"notes", api.NoteViewSet, basename="note")
plain = SimpleRouter(trailing_slash=False)
plain.register("tags", api.TagViewSet, basename="tag")


class BulkRouter(SimpleRouter):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.routes[0].mapping.update({"delete": "bulk_destroy"})


bulk = BulkRouter()
bulk.register("bulk", api.BulkViewSet, basename="bulk")

urlpatterns = [
    path("", include(router.urls)),
    path("plain/", include(plain.urls)),
    path("me/", api.Me.as_view()),
    path("list/", api.Lines.as_view()),
    path("fun/", api.fun),
    path("one/", api.NoteViewSet.as_view({"get": "list", "put": "replace"})),
]
urlpatterns += bulk.urls
