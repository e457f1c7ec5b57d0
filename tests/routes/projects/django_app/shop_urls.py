from django.urls import path

import views

app_name = "shop"
urlpatterns = [path("orders/<int:pk>", views.OrderDetail.as_view()), path("pay", views.pay)]
