from __future__ import annotations

from collections.abc import Callable

import pytest

from flake8_backend.knowledge.facts import Knowledge, TypeExpr
from flake8_backend.knowledge.records import Timeout, Was

Know = Callable[..., Knowledge]

SHOP = """
    [pack]
    name = "shop"
    [pack.aliases]
    "shop.client.Client" = "shop.Client"
    "shop.fetch_all" = "shop.Client.fetch"

    [[call]]
    names = ["shop.Client"]
    role = "constructor"
    effects = []

    [[call]]
    names = ["shop.Client.fetch", "shop.Client.store"]
    role = "http-request"
    effects = ["blocks", "net"]
    returns = "shop.client.Client"
    default_wait = "inherits"
    inherits_from = "shop.client.Client"
    connection = "pooled"
    async_alt = "shop.aio.<class>.<name>"
    timeouts = [
      { param = "timeout", pos = 1, default = 2500, kind = "per-op", unit = "ms", was = [
        { until = "2.0", default = "none" },
      ] },
      { param = "connect", default = "none", kind = "connect" },
    ]
    ttl = { param = "ttl", default = 300 }
    options = [{ param = "verify", default = true, unsafe = [false], others = ["tls"] }]
    since = "1.2"

    [[call]]
    names = ["shop.Base.close", "shop.Base.fetch"]
    role = "close"
    effects = []

    [[call]]
    names = ["shop.Magic.*"]
    effects = ["net"]
    returns = "$class"

    [[call]]
    names = ["shop.Magic.plain", "shop.factory", "shop.socket", "shop.socket.send"]
    effects = []

    [[class]]
    names = ["shop.Client"]
    bases = ["shop.Pooled"]
    params = ["row"]
    attributes = { rows = "list[$row]", own = "shop.client.Client" }
    iterates = "$row"
    items = "$row"
    enters = "shop.Session"
    awaits = "None"
    calls = "$row"

    [[class]]
    names = ["shop.Pooled"]
    bases = ["shop.Base[$row]", "shop.Loop"]
    attributes = { rows = "str", pool = "shop.Pool" }

    [[class]]
    names = ["shop.Loop"]
    bases = ["shop.Client"]

    [[object]]
    names = ["shop.default"]
    type = "shop.client.Client"
    """


def test_a_call_and_all_that_is_told_of_it(know: Know) -> None:
    fact = know(SHOP).call("shop.Client.fetch")
    assert fact is not None
    assert (fact.name, fact.role, fact.pack) == ("shop.Client.fetch", "http-request", "shop")
    assert fact.effects == {"blocks", "net"}
    assert (fact.connection, fact.default_wait, fact.inherits_from) == ("pooled", "inherits", "shop.Client")
    assert (fact.since, fact.until, fact.note, fact.verified) == ("1.2", None, "", True)
    assert fact.returns == TypeExpr("shop.Client")
    assert fact.ttl is not None
    assert (fact.ttl.param, fact.ttl.default) == ("ttl", 300)
    option = fact.option("verify")
    assert option is not None
    assert (option.default, option.unsafe, option.others) == (True, (False,), ("tls",))
    assert fact.option("tls") is None


def test_timeouts_keep_their_older_defaults(know: Know) -> None:
    fact = know(SHOP).call("shop.Client.fetch")
    assert fact is not None
    per_op, connect = fact.timeouts
    assert per_op.was == (Was("2.0", "none"),)
    assert (per_op.pos, per_op.seconds, per_op.bounds_silent_peer) == (1, 2.5, True)
    assert (connect.pos, connect.seconds, connect.bounds_silent_peer) == (None, None, False)


@pytest.mark.parametrize(
    ("kind", "bounds"),
    [
        ("total", True),
        ("per-op", True),
        ("read", True),
        ("wait", True),
        ("connect", False),
        ("write", False),
        ("pool", False),
        ("lock", False),
        ("idle", False),
        ("close", False),
        ("retry", False),
    ],
)
def test_which_timeouts_bound_a_silent_peer(kind: str, bounds: bool) -> None:
    assert Timeout("timeout", kind, 10).bounds_silent_peer is bounds


def test_the_alternative_is_spelled_out_for_the_name(know: Know) -> None:
    knowledge = know(SHOP)
    alternatives = [fact.async_alt for name in ("fetch", "store") if (fact := knowledge.call(f"shop.Client.{name}"))]
    assert alternatives == ["shop.aio.Client.fetch", "shop.aio.Client.store"]


def test_names_are_canonicalised_on_the_way_in(know: Know) -> None:
    knowledge = know(SHOP)
    direct = knowledge.call("shop.Client.fetch")
    assert knowledge.call("shop.client.Client.fetch") == direct
    assert knowledge.call("shop.fetch_all") == direct
    assert knowledge.canonical("shop.client.Client.fetch") == "shop.Client.fetch"


def test_a_method_is_looked_for_on_bases_nearest_first(know: Know) -> None:
    knowledge = know(SHOP)
    inherited = knowledge.call("shop.Client.close")
    assert inherited is not None
    assert inherited.name == "shop.Base.close"
    own = knowledge.call("shop.Client.fetch")
    assert own is not None
    assert own.role == "http-request"
    assert knowledge.call("shop.Base.store") is None


def test_bases_are_searched_breadth_first(know: Know) -> None:
    knowledge = know(
        """
        [[class]]
        names = ["zoo.Dog"]
        bases = ["zoo.Pet", "zoo.Mammal"]
        [[class]]
        names = ["zoo.Pet"]
        bases = ["zoo.Owned"]
        [[call]]
        names = ["zoo.Owned.feed", "zoo.Mammal.feed"]
        effects = []
        """
    )
    fact = knowledge.call("zoo.Dog.feed")
    assert fact is not None
    assert fact.name == "zoo.Mammal.feed"


def test_unknown_calls_are_unknown(know: Know) -> None:
    knowledge = know(SHOP)
    assert knowledge.call("shop.Client.unheard") is None
    assert knowledge.call("shop") is None
    assert knowledge.call("") is None
    assert knowledge.call("elsewhere.Client.fetch") is None


def test_any_member_of_a_class(know: Know) -> None:
    knowledge = know(SHOP)
    fact = knowledge.call("shop.Magic.whatever")
    assert fact is not None
    assert (fact.name, fact.effects) == ("shop.Magic.whatever", frozenset({"net"}))
    plain = knowledge.call("shop.Magic.plain")
    assert plain is not None
    assert plain.effects == frozenset()


def test_a_class_that_is_called_gives_itself(know: Know) -> None:
    knowledge = know(SHOP)
    results = {
        name: fact.returns for name in ("Client", "factory", "socket") if (fact := knowledge.call(f"shop.{name}"))
    }
    assert results == {"Client": TypeExpr("shop.Client"), "factory": None, "socket": TypeExpr("shop.socket")}


def test_a_class_and_all_that_is_told_of_it(know: Know) -> None:
    fact = know(SHOP).klass("shop.client.Client")
    assert fact is not None
    assert (fact.name, fact.bases, fact.params, fact.is_implicit) == ("shop.Client", ("shop.Pooled",), ("row",), False)
    assert (fact.iterates, fact.items, fact.calls) == (TypeExpr("$row"),) * 3
    assert (fact.enters, fact.awaits) == (TypeExpr("shop.Session"), TypeExpr("None"))


def test_bases_keep_their_type_arguments(know: Know) -> None:
    fact = know(SHOP).klass("shop.Pooled")
    assert fact is not None
    assert fact.bases == ("shop.Base", "shop.Loop")
    assert list(map(str, fact.base_types)) == ["shop.Base[$row]", "shop.Loop"]


@pytest.mark.parametrize(
    ("name", "is_class"),
    [
        ("shop.Client", True),  # has a row
        ("shop.Base", True),  # has methods and a capital
        ("shop.Session", True),  # is what entering gives
        ("shop.Pool", True),  # is an attribute's type
        ("shop.socket", True),  # is called and has methods
        ("shop.factory", False),
        ("shop.Client.fetch", False),
        ("shop", False),
        ("shop.Nothing", False),
    ],
)
def test_what_is_a_class(know: Know, name: str, is_class: bool) -> None:
    assert know(SHOP).is_class(name) is is_class


def test_subclasses_even_in_a_circle(know: Know) -> None:
    knowledge = know(SHOP)
    assert knowledge.is_subclass("shop.Client", "shop.Base")
    assert knowledge.is_subclass("shop.Client", "shop.client.Client")
    assert knowledge.is_subclass("shop.Loop", "shop.Pooled")
    assert not knowledge.is_subclass("shop.Base", "shop.Client")
    assert not knowledge.is_subclass("elsewhere.A", "shop.Client")


def test_attributes_through_bases_nearest_first(know: Know) -> None:
    knowledge = know(SHOP)
    assert str(knowledge.attribute("shop.Client", "rows")) == "list[$row]"
    assert knowledge.attribute("shop.Client", "own") == TypeExpr("shop.Client")
    assert knowledge.attribute("shop.client.Client", "pool") == TypeExpr("shop.Pool")
    assert knowledge.attribute("shop.Pooled", "own") == TypeExpr("shop.Client"), "through the circle"
    assert knowledge.attribute("shop.Base", "rows") is None


def test_objects_have_types(know: Know) -> None:
    knowledge = know(SHOP)
    assert knowledge.object_type("shop.default") == TypeExpr("shop.Client")
    assert knowledge.object_type("shop.other") is None


WEB = """
    [pack]
    name = "web"
    imports = ["web.core"]
    [pack.aliases]
    "web.app.App" = "web.App"

    [[marker]]
    kind = "route"
    form = "decorator"
    names = ["web.Base.get", "web.Base.post"]
    path_param = "path"
    methods = "by name"
    handler = "decorated function"
    sync_runs_in = "event loop"
    options = [{ param = "path", pos = 0 }]

    [[marker]]
    kind = "csrf-off"
    form = "decorator"
    names = ["web.Base.post"]

    [[marker]]
    kind = "client-stub"
    form = "class"
    names = ["*_web.*Stub"]

    [[marker]]
    kind = "log"
    form = "name-pattern"
    names = ["*logger*"]

    [[marker]]
    kind = "startup"
    form = "call"
    names = ["web.app.App.on_start"]

    [[class]]
    names = ["web.App"]
    bases = ["web.Base"]
    """


def test_markers_of_a_name_through_bases_and_aliases(know: Know) -> None:
    knowledge = know(WEB)
    (route,) = knowledge.markers("web.app.App.get")
    assert (route.kind, route.form, route.names) == ("route", "decorator", ("web.Base.get", "web.Base.post"))
    assert (route.path_param, route.methods, route.sync_runs_in) == ("path", "by name", "event loop")
    assert (route.pack, route.loses_data, route.verified) == ("web", False, True)
    option = route.option("path")
    assert option is not None
    assert option.pos == 0
    assert [marker.kind for marker in knowledge.markers("web.App.post")] == ["route", "csrf-off"]
    (startup,) = knowledge.markers("web.App.on_start")
    assert startup.names == ("web.App.on_start",)
    assert knowledge.markers("web.App.delete") == ()


def test_markers_may_be_globs_of_dotted_names(know: Know) -> None:
    knowledge = know(WEB)
    assert [marker.kind for marker in knowledge.markers("app.shop_web.OrderStub")] == ["client-stub"]
    assert knowledge.markers("app.logger.info") == (), "patterns of local names are no dotted names"


def test_markers_of_a_kind_come_once_each(know: Know) -> None:
    knowledge = know(WEB)
    assert [marker.names for marker in knowledge.markers_of_kind("route")] == [("web.Base.get", "web.Base.post")]
    assert [marker.names for marker in knowledge.markers_of_kind("client-stub")] == [("*_web.*Stub",)]
    assert knowledge.markers_of_kind("dataloader") == ()


def test_a_fact_is_built_once(know: Know) -> None:
    knowledge = know(SHOP, WEB)
    assert knowledge.call("shop.Client.fetch") is knowledge.call("shop.Client.fetch")
    assert knowledge.markers("web.App.get")[0] is knowledge.markers_of_kind("route")[0]


def test_known_modules_are_those_of_imports_and_names(know: Know) -> None:
    knowledge = know(SHOP, WEB)
    assert knowledge.knows_module("web")
    assert knowledge.knows_module("shop")
    assert knowledge.knows_module("builtins")
    assert not knowledge.knows_module("celery")
