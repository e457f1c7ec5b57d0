"""``backend-fix models PATHS``: the tables behind a project's models, as they can be read from its sources."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from flake8_backend.cli.arguments import Parser, add_paths, relative
from flake8_backend.cli.output import Style, counted, say, say_warning
from flake8_backend.cli.session import session_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from flake8_backend.cli.session import Session
    from flake8_backend.project.schema.records import Column, Index, Relation, Table
    from flake8_backend.project.schema.shapes import Shape

SUMMARY = "list models: tables, columns, relations, indexes"


def add_arguments(parser: Parser) -> None:
    """What ``models`` understands."""
    add_paths(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--serializers", action="store_true", help="serializers and response schemas as well")


def run(arguments: argparse.Namespace) -> int:
    """Print the models in the order of their names; raises UsageError and ConfigError."""
    session = session_of(arguments)
    tables, shapes = _found(session, with_shapes=arguments.serializers)
    if arguments.format == "json":
        told: dict[str, Any] = {"models": [as_json(*pair) for pair in tables]}
        if arguments.serializers:
            told["serializers"] = [shape_as_json(*pair) for pair in shapes]
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        print_text(tables)
        print_shapes(shapes)
    for warning in session.warnings:
        say_warning(warning)
    if not arguments.quiet:
        more = f", {counted(len(shapes), 'serializer')}" if arguments.serializers else ""
        say(f"{counted(len(tables), 'model')}{more} in {counted(session.size, 'file')}.")
    return 0


def _found(session: Session, *, with_shapes: bool) -> tuple[list[tuple[Path, Table]], list[tuple[Path, Shape]]]:
    """The tables and the shapes that the run is about, by name."""
    tables: list[tuple[Path, Table]] = []
    shapes: list[tuple[Path, Shape]] = []
    for project, paths in session.projects():
        wanted = {path.resolve() for path in paths}
        solution = project.solution
        for table in solution.schema.tables:
            path = project.root / table.path
            # migrations hold copies of models as they once were
            if path.resolve() in wanted and not solution.contexts.is_migration(solution.table.by_path[table.path]):
                tables.append((path, table))
        for shape in solution.shapes.all if with_shapes else ():
            path = project.root / shape.path
            if path.resolve() in wanted:
                shapes.append((path, shape))
    tables.sort(key=lambda pair: (pair[1].model, str(pair[0])))
    shapes.sort(key=lambda pair: (pair[1].cls.name, str(pair[0])))
    return tables, shapes


def as_json(path: Path, table: Table) -> dict[str, Any]:
    """A table as programs want it; lines are 1-based."""
    return {
        "model": table.model,
        "orm": table.orm,
        "path": relative(path),
        "line": table.span.line if table.span is not None else None,
        "table": table.name,
        "inherits": table.inherits or None,
        "parent": table.parent.name if table.parent is not None else None,
        "columns": [_column_as_json(column) for column in table.columns],
        "relations": [_relation_as_json(relation) for relation in table.relations],
        "indexes": [_index_as_json(index) for index in table.indexes],
        "constraints": [_index_as_json(index) for index in table.constraints],
    }


def _column_as_json(column: Column) -> dict[str, Any]:
    names = ("name", "column", "type", "nullable", "default", "primary_key", "unique", "index", "max_length")
    return {name: getattr(column, name) for name in (*names, "references", "on_delete")}


def _relation_as_json(relation: Relation) -> dict[str, Any]:
    names = ("kind", "reverse", "is_reverse", "through", "on_delete", "eager", "lazy")
    target = relation.target.name if relation.target is not None else None
    return {"name": relation.name, "target": target, **{name: getattr(relation, name) for name in names}}


def _index_as_json(index: Index) -> dict[str, Any]:
    names = ("kind", "name", "unique", "implicit", "partial", "expressions", "type")
    return {"columns": list(index.columns), **{name: getattr(index, name) for name in names}}


def print_text(tables: list[tuple[Path, Table]]) -> None:
    """A block for each model."""
    style = Style(sys.stdout)
    for path, table in tables:
        line = f":{table.span.line}" if table.span is not None else ""
        name = table.name or "?"
        print(f"{style.bold(table.model)}  {name}{_kinship(table)}  {style.dim(f'{relative(path)}{line}')}")
        for row in _aligned([_column_cells(column) for column in table.columns]):
            print(f"    {row}")
        for relation in table.relations:
            print(f"    {_relation_text(relation)}")
        for index in (*table.indexes, *table.constraints):
            if not index.implicit:
                print(f"    {_index_text(index)}")
        print()


def _kinship(table: Table) -> str:
    if not table.inherits or table.parent is None:
        return ""
    return f" ({table.inherits}: {table.parent.name.rpartition('.')[2]})"


def _aligned(rows: list[list[str]]) -> Iterator[str]:
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _column_cells(column: Column) -> list[str]:
    name = column.name if column.column == column.name else f"{column.name} ({column.column})"
    length = f"({column.max_length})" if column.max_length is not None else ""
    flags = (
        ("primary key", column.primary_key),
        ("unique", column.unique and not column.primary_key),
        ("indexed", column.index and not (column.unique or column.primary_key)),
        ("null", column.nullable is True),
        ("null?", column.nullable is None),
        (f"default {column.default}", column.default is not None),
        (f"→ {column.references}", column.references is not None),
        (f"on delete {column.on_delete}", column.on_delete is not None),
    )
    return [name, f"{column.type or '?'}{length}", ", ".join(text for text, holds in flags if holds)]


def _relation_text(relation: Relation) -> str:
    target = relation.target.name if relation.target is not None else "?"
    told = [f"{'<-' if relation.is_reverse else '->'} {relation.name}: {relation.kind} {target}"]
    if relation.reverse is not None:
        told.append(f"reverse {relation.reverse}")
    if relation.through is not None:
        told.append(f"through {relation.through}")
    if relation.on_delete is not None:
        told.append(f"on delete {relation.on_delete}")
    if relation.lazy is not None:
        told.append(f"lazy {relation.lazy}")
    return ", ".join(told)


def _index_text(index: Index) -> str:
    columns = f"{', '.join(index.columns)}{'…' if index.expressions else ''}"
    told = [f"{index.kind} ({columns})" if columns else index.kind]
    told += [index.type] if index.type else []
    told += ["partial"] if index.partial else []
    told += [index.name] if index.name else []
    return ", ".join(told)


def shape_as_json(path: Path, shape: Shape) -> dict[str, Any]:
    """A serializer or schema as programs want it; lines are 1-based."""
    return {
        "name": shape.cls.name,
        "kind": shape.kind,
        "path": relative(path),
        "line": shape.span.line if shape.span is not None else None,
        "model": shape.model.name if shape.model is not None else None,
        "from_attributes": shape.from_attributes,
        "fields": [
            {
                "name": field.name,
                "type": field.type,
                "source": field.source,
                "many": field.many,
                "nested": field.nested.name if field.nested is not None else None,
                "write_only": field.write_only,
                "relations": list(field.relations),
            }
            for field in shape.fields
        ],
        "relations": list(shape.relations),
        "used_by": [{"handler": use.handler, "how": use.how} for use in shape.uses],
    }


def print_shapes(shapes: list[tuple[Path, Shape]]) -> None:
    """A block for each serializer or schema."""
    style = Style(sys.stdout)
    for path, shape in shapes:
        line = f":{shape.span.line}" if shape.span is not None else ""
        model = f" of {shape.model.name}" if shape.model is not None else ""
        print(f"{style.bold(shape.cls.name)}  {shape.kind}{model}  {style.dim(f'{relative(path)}{line}')}")
        rows = [
            [
                field.name,
                field.type or "?",
                ", ".join(
                    [
                        *([f"from {field.source}"] if field.source != field.name else []),
                        *([f"nests {field.nested.name}"] if field.nested is not None else []),
                        *(["write only"] if field.write_only else []),
                    ]
                ),
            ]
            for field in shape.fields
        ]
        for row in _aligned(rows):
            print(f"    {row}")
        if shape.relations:
            print(f"    reads {', '.join(shape.relations)}")
        for use in shape.uses:
            print(f"    used by {use.handler} ({use.how})")
        print()
