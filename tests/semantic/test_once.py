"""Which code runs for the first caller alone."""

from __future__ import annotations

import ast
import textwrap

import pytest

from flake8_backend.semantic import scopes
from flake8_backend.semantic.visit import Visit


def runs_once(body: str) -> bool:
    """Whether the call of ``make`` stands in a block that is run once."""
    text = "def method(self, key, fallback=None, *, fresh=False):\n    global _client, _pool\n"
    text += textwrap.indent(textwrap.dedent(body), "    ")
    module = "class Holder:\n" + textwrap.indent(text, "    ")
    frame = next(frame for frame in Visit(ast.parse(module)).frames if frame.name == "method")
    (call,) = (record for record in frame.calls if ast.unparse(record.node.func) == "make")
    block = call.block
    while block >= 0:
        if frame.blocks[block].kind == scopes.ONCE:
            return True
        block = frame.blocks[block].parent
    return False


@pytest.mark.parametrize(
    "body",
    [
        "if self._client is None:\n    self._client = make()",
        "if not self.ready:\n    make()\n    self.ready = True",
        "if not self.ready:\n    try:\n        make()\n    finally:\n        self.ready = True",
        "if _client is None:\n    _client = make()",
        "if fresh and not self._client:\n    self._client = make()",
        "if not hasattr(self, '_client'):\n    self._client = make()",
        "if key not in self.known:\n    self.known[key] = make()",
        "if _pool is None or not _pool.is_alive():\n    _pool = make()",
        "if self._client is not None:\n    return self._client\nself._client = make()",
        "if self._client:\n    return self._client\nself._client = make()",
        "if key in CACHE:\n    return CACHE[key]\nCACHE[key] = make()",
        "if key in CACHE and not fresh:\n    return CACHE[key]\nCACHE[key] = make()",
        "known = CACHE.get(key)\nif known is not None:\n    return known\nCACHE[key] = make()",
        "if (known := CACHE.get(key)) is not None:\n    return known\nCACHE[key] = make()",
        "client = _client\nif client is None:\n    _client = client = make()",
    ],
)
def test_once(body: str) -> None:
    assert runs_once(body)


@pytest.mark.parametrize(
    "body",
    [
        "if fallback is None:\n    fallback = make()",
        "found = key\nif not found:\n    found = make()",
        "if key.cover is None:\n    key.cover = make()",
        "if self._client is None:\n    make()",
        "if self._client is not None:\n    self._client = make()",
        "if self.token is None or self.clock > self.expiry:\n    self.token = make()",
        "if self._client is None:\n    def later():\n        self._client = 1\n    make()",
        "if self._client is not None:\n    return 1\nmake()",
        "if key in CACHE and not fresh:\n    return None\nCACHE[key] = make()",
        "known = {}\nif key not in known:\n    known[key] = make()",
    ],
)
def test_each_time(body: str) -> None:
    assert not runs_once(body)


@pytest.mark.parametrize(
    ("filled", "once"),
    [
        ("global found\n    found = make()", True),
        ("global found\n    found.update(make())", True),
        ("global found\n    if make():\n        found = 1", True),
        ("found = make()", False),
        ("global found\n    print(found)", False),
    ],
)
def test_a_function_that_fills_the_global_name_runs_once(filled: str, once: bool) -> None:
    text = f"found = None\ndef fill():\n    {filled}\ndef use():\n    if not found:\n        fill()\n"
    frame = next(frame for frame in Visit(ast.parse(text)).frames if frame.name == "use")
    assert (scopes.ONCE in {block.kind for block in frame.blocks}) is once
