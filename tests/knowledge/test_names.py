from __future__ import annotations

import pytest

from flake8_backend.knowledge.names import Aliases, KnowledgeError, TypeExpr, is_dotted, names_in_type, parse_type


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme.Reply", TypeExpr("acme.Reply")),
        ("list[acme.Row]", TypeExpr("list", (TypeExpr("acme.Row"),))),
        ("dict[str, list[$row]]", TypeExpr("dict", (TypeExpr("str"), TypeExpr("list", (TypeExpr("$row"),))))),
        (" tuple[ acme.A,acme.B ] ", TypeExpr("tuple", (TypeExpr("acme.A"), TypeExpr("acme.B")))),
        ("None", TypeExpr("None")),
        ("$self", TypeExpr("$self")),
        ("acme.Page[$0.row]", TypeExpr("acme.Page", (TypeExpr("$0.row"),))),
        ("$arg:cls=acme.Session", TypeExpr("$arg:cls", default=TypeExpr("acme.Session"))),
        ("a.F[$arg:c=a.S[a.T]]", TypeExpr("a.F", (TypeExpr("$arg:c", default=TypeExpr("a.S", (TypeExpr("a.T"),))),))),
    ],
)
def test_type_expressions(text: str, expected: TypeExpr) -> None:
    assert parse_type(text) == expected


@pytest.mark.parametrize("text", ["acme.Page[$row, list[$0]]", "$arg:class_=acme.Session", "dict[str, $arg:model.row]"])
def test_a_type_expression_prints_as_it_is_written(text: str) -> None:
    assert str(parse_type(text)) == text
    assert parse_type(str(parse_type(text))) == parse_type(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "ends too early"),
        ("list[", "ends too early"),
        ("list[acme.Row", "ends too early"),
        ("list[]", "unexpected ']'"),
        ("list[str]]", "unexpected ']'"),
        ("list[str str]", "unexpected 'str'"),
        ("Row", "'Row' is neither dotted nor one of"),
        ("acme.A | None", "unexpected '|'"),
        ("acme..A", "unexpected '.'"),
        ("$10", "$10 is no variable"),
        ("$self.row", "$self.row is no variable"),
        ("$self[str]", "$self takes no arguments"),
        ("$row=acme.A", "$row is no argument and has no default"),
        ("$", "unexpected '$'"),
    ],
)
def test_what_is_no_type_expression(text: str, told: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_type(text)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "argument", "parameter"),
    [
        ("$0", 0, None),
        ("$9", 9, None),
        ("$arg:entity", "entity", None),
        ("$0.row", 0, "row"),
        ("$arg:entity.row", "entity", "row"),
        ("$row", None, "row"),
        ("$self", None, None),
        ("$class", None, None),
        ("acme.A", None, None),
    ],
)
def test_what_a_variable_asks_for(text: str, argument: int | str | None, parameter: str | None) -> None:
    expression = parse_type(text)
    assert (expression.argument, expression.parameter) == (argument, parameter)
    assert expression.is_variable == text.startswith("$")


def test_walking_reaches_arguments_and_defaults() -> None:
    names = [part.name for part in parse_type("acme.F[str, $arg:c=acme.S[$row]]").walk()]
    assert names == ["acme.F", "str", "$arg:c", "acme.S", "$row"]


def test_renaming_leaves_variables_alone() -> None:
    renamed = parse_type("acme.F[$row, $arg:c=acme.S]").renamed(str.upper)
    assert str(renamed) == "ACME.F[$row, $arg:c=ACME.S]"


@pytest.mark.parametrize("text", ["acme.F[list[acme.G], $arg:c=acme.S[$row]]", "$0.row", "dict[str, a.b.C]", "$self"])
def test_the_names_in_a_type_are_those_that_parsing_finds(text: str) -> None:
    assert names_in_type(text) == [
        part.name for part in parse_type(text).walk() if "." in part.name and not part.is_variable
    ]


@pytest.mark.parametrize(
    ("name", "expected"), [("a", True), ("a.b_1", True), ("a.", False), ("1a", False), ("a b", False)]
)
def test_dotted_names(name: str, expected: bool) -> None:
    assert is_dotted(name) is expected


def test_an_alias_of_a_class_is_one_of_its_methods() -> None:
    aliases = Aliases({"acme.client.Client": "acme.Client"})
    assert aliases.canonical("acme.client.Client") == "acme.Client"
    assert aliases.canonical("acme.client.Client.get") == "acme.Client.get"
    assert aliases.canonical("acme.client.Clients") == "acme.client.Clients"
    assert aliases.canonical("acme.client") == "acme.client"


def test_the_longest_prefix_wins() -> None:
    aliases = Aliases({"acme.v1": "acme", "acme.v1.Client": "acme.old.Client"})
    assert aliases.canonical("acme.v1.Client.get") == "acme.old.Client.get"
    assert aliases.canonical("acme.v1.Server") == "acme.Server"


def test_an_alias_of_an_alias() -> None:
    aliases = Aliases({"a.A": "b.B", "b.B": "c.C"})
    assert aliases.canonical("a.A.run") == "c.C.run"


@pytest.mark.parametrize("pairs", [{"a.A": "b.B", "b.B": "a.A"}, {"a": "a.b"}])
def test_aliases_that_lead_back_to_themselves_are_refused(pairs: dict[str, str]) -> None:
    with pytest.raises(KnowledgeError, match="leads back to itself"):
        Aliases(pairs)
