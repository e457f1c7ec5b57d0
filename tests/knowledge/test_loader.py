from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flake8_backend.knowledge import compiled, loader
from flake8_backend.knowledge.installed import ENTRY_POINT_GROUP
from flake8_backend.knowledge.names import KnowledgeError, TypeExpr

WritePack = Callable[[str], Path]
FETCH: dict[str, Any] = {"names": ["requests.get"], "effects": ["cpu"]}
PACK = """\
[pack]
name = "{name}"
imports = ["{name}"]
topic = "misc"

[pack.distributions]
{name} = {{ version = "1", modules = ["{name}"] }}

[[call]]
names = ["{name}.run"]
effects = ["net"]
returns = "{result}"
source = "{name}.py:1"
checked = ["source"]
verified = true
"""


def pack(name: str, *, result: str = "None") -> bytes:
    """A complete pack of one call."""
    return PACK.format(name=name, result=result).encode()


def test_packs_are_loaded_for_what_is_imported() -> None:
    knowledge = loader.load(["requests"])
    assert knowledge.call("requests.get") is not None
    assert knowledge.call("builtins.open") is not None, "needs no import"
    assert knowledge.call("django.shortcuts.get_object_or_404") is None


def test_imports_may_be_dotted() -> None:
    assert loader.load(["django.shortcuts"]).call("django.shortcuts.get_object_or_404") is not None


def test_a_pack_is_loaded_for_whatever_module_its_calls_are_in() -> None:
    assert loader.load(["werkzeug"]).call("werkzeug.security.check_password_hash") is not None


def test_a_pack_brings_those_of_the_types_it_names() -> None:
    fact = loader.load(["sqlmodel"]).call("sqlmodel.create_engine")
    assert fact is not None
    assert fact.name == "sqlalchemy.create_engine"


def test_a_user_type_brings_its_pack() -> None:
    rows = {"object": [{"names": ["acme.session"], "type": "requests.Session"}]}
    assert loader.load([], rows=rows).call("requests.Session.get") is not None
    assert loader.load([]).call("requests.Session.get") is None


def test_a_user_row_replaces_the_packs_row_of_the_same_name_only() -> None:
    plain, changed = loader.load(["requests"]), loader.load(["requests"], rows={"call": [FETCH]})
    fact = changed.call("requests.get")
    assert fact is not None
    assert fact.effects == {"cpu"}
    assert fact.pack == "pyproject.toml"
    assert fact.timeouts == ()
    assert changed.call("requests.api.get") == fact, "aliases of the packs hold for users' rows"
    assert changed.call("requests.post") == plain.call("requests.post")


def test_a_user_may_write_an_alias_of_a_name() -> None:
    changed = loader.load(["requests"], rows={"call": [{**FETCH, "names": ["requests.api.get"]}]})
    fact = changed.call("requests.get")
    assert fact is not None
    assert fact.effects == {"cpu"}


def test_a_user_marker_replaces_those_of_its_name() -> None:
    rows = {"marker": [{"names": ["flask.Flask.route"], "kind": "auth", "form": "decorator"}]}
    knowledge = loader.load(["flask"], rows=rows)
    assert [marker.kind for marker in knowledge.markers("flask.Flask.route")] == ["auth"]
    assert [marker.kind for marker in knowledge.markers("flask.Blueprint.route")] == ["route"]
    (route,) = knowledge.markers("flask.Blueprint.route")
    assert "flask.Flask.route" not in route.names
    assert route in knowledge.markers_of_kind("route")


def test_layers_in_their_order(write_pack: WritePack) -> None:
    path = write_pack('[[call]]\nnames = ["requests.get", "requests.post"]\neffects = ["sleep"]\n')
    knowledge = loader.load(["requests"], extra_packs=[path], rows={"call": [FETCH]})
    effects = [fact.effects for name in ("get", "post", "put") if (fact := knowledge.call(f"requests.{name}"))]
    assert effects == [{"cpu"}, {"sleep"}, {"blocks", "net"}]


def test_a_pack_of_the_user_is_named_by_its_file_when_it_has_no_name(write_pack: WritePack) -> None:
    path = write_pack('[[call]]\nnames = ["acme.run"]\neffects = []\n')
    fact = loader.load([], extra_packs=[path]).call("acme.run")
    assert fact is not None
    assert fact.pack == str(path)


def test_two_rows_of_one_name_are_refused(write_pack: WritePack) -> None:
    text = '[[call]]\nnames = ["requests.api.get"]\neffects = []\n'
    paths = [write_pack(text), write_pack(text.replace("api.get", "get"))]
    with pytest.raises(KnowledgeError, match=r"pack2\.toml: call requests\.get: already told in .*pack1\.toml"):
        loader.load([], extra_packs=paths)


def test_aliases_that_disagree_are_refused(write_pack: WritePack) -> None:
    paths = [write_pack(f'[pack.aliases]\n"acme.A" = "acme.{target}"\n') for target in ("b.A", "c.A")]
    with pytest.raises(KnowledgeError, match=r"acme\.A is acme\.b\.A in another pack"):
        loader.load([], extra_packs=paths)


def test_errors_name_the_users_file(write_pack: WritePack, tmp_path: Path) -> None:
    with pytest.raises(
        KnowledgeError, match=r'pyproject\.toml: call a\.b: unknown key "effect"; did you mean "effects"'
    ):
        loader.load([], rows={"call": [{"names": ["a.b"], "effect": []}]})
    with pytest.raises(KnowledgeError, match=r"pack1\.toml: not TOML"):
        loader.load([], extra_packs=[write_pack("[[call]")])
    missing = tmp_path / "missing.toml"
    with pytest.raises(KnowledgeError) as caught:
        loader.load([], extra_packs=[missing])
    assert str(caught.value) == f"{missing}: cannot be read: No such file or directory"


# Fingerprints


def test_the_fingerprint_tells_what_is_known(write_pack: WritePack) -> None:
    path = write_pack('[[call]]\nnames = ["acme.run"]\neffects = []\n')
    variants = [
        loader.load([]),
        loader.load(["requests"]),
        loader.load(["requests"], rows={"call": [FETCH]}),
        loader.load(["requests"], rows={"call": [{**FETCH, "effects": []}]}),
        loader.load(["requests"], extra_packs=[path]),
    ]
    assert len({knowledge.fingerprint for knowledge in variants}) == len(variants)
    reordered = loader.load(["requests"], rows={"call": [dict(reversed(FETCH.items()))]})
    assert reordered.fingerprint == variants[2].fingerprint
    assert loader.load(["requests", "unheard"]).fingerprint == loader.load(["requests"]).fingerprint


def test_fingerprints_are_the_same_in_every_process() -> None:
    code = (
        "from flake8_backend.knowledge import loader;"
        "print(loader.load(['django', 'redis']).fingerprint, loader.vocabulary().fingerprint)"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {f"{loader.load(['redis', 'django']).fingerprint} {loader.vocabulary().fingerprint}\n"}


# Vocabulary


def test_the_vocabulary_is_of_all_packs_and_their_aliases() -> None:
    words = loader.vocabulary()
    assert {"get", "urlopen", "StrictRedis", "select_related", "OAuth2PasswordBearer"} <= words.terminals
    assert not any("." in word or "*" in word for word in words.terminals)
    assert words.argument_terminals < words.terminals


@pytest.mark.parametrize(
    "word",
    ["select_related", "selectinload", "execute", "to_thread", "wait_for", "add_url_rule", "relationship", "path"],
)
def test_words_whose_arguments_matter(word: str) -> None:
    assert word in loader.vocabulary().argument_terminals


def test_users_extend_the_vocabulary(write_pack: WritePack) -> None:
    path = write_pack(
        """
        [pack.aliases]
        "acme.Rennen" = "acme.run_it"
        "acme.Verbinde" = "requests.Session"
        "acme.Warte" = "asyncio.wait_for"
        [[call]]
        names = ["acme.run_it"]
        effects = []
        returns = "list[$0]"
        """
    )
    plain, extended = loader.vocabulary(), loader.vocabulary(extra_packs=[path], rows={"call": [FETCH]})
    assert extended.terminals - plain.terminals == {"run_it", "Rennen", "Verbinde", "Warte"}
    assert extended.argument_terminals - plain.argument_terminals == {"run_it", "Rennen", "Warte"}
    assert extended.fingerprint != plain.fingerprint
    assert loader.vocabulary(rows={"call": [FETCH]}).fingerprint == plain.fingerprint, "the same words"


# Packs of installed packages


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[importlib.metadata.EntryPoint]]:
    """Entry points that seem to be installed, beside an importable package ``acme_lint`` with a pack."""
    entries: list[importlib.metadata.EntryPoint] = []

    def entry_points(*, group: str) -> list[importlib.metadata.EntryPoint]:
        return [entry for entry in entries if entry.group == group]

    (tmp_path / "acme_lint").mkdir()
    (tmp_path / "acme_lint" / "acme.toml").write_bytes(pack("acme"))
    (tmp_path / "acme_lint" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    loader._installed.cache_clear()
    yield entries
    loader._installed.cache_clear()
    sys.modules.pop("acme_lint", None)


def entry(value: str) -> importlib.metadata.EntryPoint:
    return importlib.metadata.EntryPoint("acme", value, ENTRY_POINT_GROUP)


def test_an_installed_pack_is_loaded_when_it_is_imported(installed: list[importlib.metadata.EntryPoint]) -> None:
    installed.append(entry("acme_lint:acme.toml"))
    fact = loader.load(["acme"]).call("acme.run")
    assert fact is not None
    assert fact.returns == TypeExpr("None")
    assert loader.load(["requests"]).call("acme.run") is None
    assert "run" in loader.vocabulary().terminals


@pytest.mark.parametrize("value", ["acme_lint:other.toml", "unheard_of:acme.toml"])
def test_an_installed_pack_that_is_not_there(installed: list[importlib.metadata.EntryPoint], value: str) -> None:
    installed.append(entry(value))
    with pytest.raises(KnowledgeError, match=f"^entry point acme: cannot read {value}: "):
        loader.load([])


# The compiled form


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two small packs; the first one's result is of the second's library."""
    folder = tmp_path / "packs"
    folder.mkdir()
    (folder / "acme.toml").write_bytes(pack("acme", result="bolt.Reply"))
    (folder / "bolt.toml").write_bytes(pack("bolt"))
    return folder


def test_packs_are_compiled_once(folder: Path) -> None:
    text = compiled.compiled_text(folder)
    written = folder / compiled.COMPILED
    assert written.read_text(encoding="utf-8") == text
    assert [path.name for path in folder.iterdir() if path.suffix != ".toml"] == [compiled.COMPILED]
    before = written.stat().st_mtime_ns
    assert compiled.compiled_text(folder) == text
    assert written.stat().st_mtime_ns == before


def test_a_changed_pack_is_seen_at_once(folder: Path) -> None:
    old = compiled.compiled_text(folder)
    (folder / "bolt.toml").write_bytes(pack("bolt", result="acme.Reply"))
    new = compiled.compiled_text(folder)
    assert new != old
    assert (folder / compiled.COMPILED).read_text(encoding="utf-8") == new
    (folder / "bolt.toml").unlink()
    assert compiled.Library(compiled.compiled_text(folder)).names == ("acme",)


@pytest.mark.parametrize("damage", ["", "\n", "[]\n", "{}\n", "{", "\ud800"])
def test_a_damaged_file_is_made_anew(folder: Path, damage: str) -> None:
    text = compiled.compiled_text(folder)
    (folder / compiled.COMPILED).write_bytes(damage.encode("utf-8", "surrogatepass"))
    assert compiled.compiled_text(folder) == text


def test_a_folder_that_cannot_be_written_is_no_obstacle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *arguments: object, **keywords: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.write_text", refuse)
    assert compiled.Library(compiled.compiled_text(folder)).names == ("acme", "bolt")
    assert not (folder / compiled.COMPILED).exists()


def test_the_library_follows_references(folder: Path) -> None:
    library = compiled.Library(compiled.compiled_text(folder))
    assert library.needed(["acme"]) == ("acme", "bolt")
    assert library.needed(["bolt"]) == ("bolt",)
    assert library.needed(["unheard"]) == ()


def test_compiled_rows_keep_no_evidence(folder: Path) -> None:
    rows = compiled.Library(compiled.compiled_text(folder)).pack("bolt").rows
    assert rows == {"call": [{"names": ["bolt.run"], "effects": ["net"], "returns": "None", "verified": True}]}


def test_compiling_is_deterministic(folder: Path) -> None:
    files = {path.name: path.read_bytes() for path in folder.glob("*.toml")}
    assert compiled.compile_packs(files) == compiled.compile_packs(dict(reversed(files.items())))
    index = json.loads(compiled.compile_packs(files).splitlines()[0])
    assert index["terminals"] == ["run"]


def test_a_broken_pack_is_not_compiled(folder: Path) -> None:
    (folder / "bolt.toml").write_bytes(pack("bolt").replace(b"effects", b"efects"))
    with pytest.raises(KnowledgeError, match=r'^bolt\.toml: call bolt\.run: unknown key "efects"'):
        compiled.compiled_text(folder)
    assert not (folder / compiled.COMPILED).exists()
