"""Paths: prefixes and paths put together, regular expressions shown as paths."""

from __future__ import annotations

import pytest

from flake8_backend.project.routes import paths


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        (r"^orders/(?P<pk>[0-9]+)/$", "orders/<pk>/"),
        (r"^(?P<slug>[-\w]+)/(?P<rest>.*)$", "<slug>/<rest>"),
        (r"^a(?:/b(?P<c>\d+))?/?$", "a/b<c>/"),
        (r"([0-9]{4})/x\.json$", "<var>/x.json"),
        (r"^nested/(?P<a>(x|y)+)/end", "nested/<a>/end"),
        (r"^set/(?P<a>[^)]+)/$", "set/<a>/"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_a_regular_expression_is_shown_as_a_path(pattern: str, shown: str) -> None:
    assert paths.of_pattern(pattern) == shown


@pytest.mark.parametrize(
    ("how", "prefix", "path", "together"),
    [
        ("plain", "/api", "/orders", "/api/orders"),
        ("plain", "/api/", "/orders", "/api//orders"),
        ("slash", "/api/", "/orders", "/api/orders"),
        ("slash", "/api", "", "/api"),
        ("slash", "", "/orders", "/orders"),
        ("collapse", "api/", "/orders/", "api/orders/"),
        ("trim", "/api", "/", "/api"),
        ("trim", "", "/", "/"),
    ],
)
def test_prefix_and_path_are_put_together(how: str, prefix: str, path: str, together: str) -> None:
    assert paths.joined(prefix, path, how) == together
