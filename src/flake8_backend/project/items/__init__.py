"""What is asked once per item: in loops, serializers, resolvers and templates."""
