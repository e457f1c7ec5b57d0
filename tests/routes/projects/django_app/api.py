from rest_framework import generics, mixins, viewsets
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView


class OrderSerializer(Serializer): ...


class OrderViewSet(viewsets.ModelViewSet):
    serializer_class = OrderSerializer
    permission_classes = [IsAuthenticated]
    lookup_field = "number"

    @action(detail=True, methods=["post"], url_path="pay-now")
    def pay(self, request, number=None):
        return Response()

    @pay.mapping.delete
    def unpay(self, request, number=None):
        return Response()

    @action(detail=False)
    def recent(self, request):
        return Response()


class NoteViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    permission_classes = [AllowAny]

    def replace(self, request):
        return Response()


class TagViewSet(viewsets.ReadOnlyModelViewSet):
    pagination_class = None


class BulkViewSet(viewsets.ViewSet):
    def list(self, request):
        return Response()

    def bulk_destroy(self, request):
        return Response()


class Me(APIView):
    permission_classes = [IsAdminUser]

    def get(self, request):
        return Response()

    def patch(self, request):
        return Response()


class Lines(generics.ListCreateAPIView):
    serializer_class = OrderSerializer


@api_view(["GET", "POST"])
@permission_classes([IsAuthenticated])
def fun(request):
    return Response()
