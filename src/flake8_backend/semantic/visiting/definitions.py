"""The walk into functions, lambdas and classes, each a frame of its own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from flake8_backend.semantic.scopes import ClassRecord

if TYPE_CHECKING:
    from flake8_backend.semantic.visit import Handler, Visit


def _function_def(visit: Visit, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    for decorator in node.decorator_list:
        visit.expression(decorator)
    arguments = node.args
    for default in (*arguments.defaults, *arguments.kw_defaults):
        visit.expression(default)
    outer, block, class_record, outer_call = visit.frame, visit.block, visit.class_record, visit.outer
    visit.order += 1
    order = visit.order
    is_method = outer.kind == "class"
    prefix = "" if outer.kind == "module" else outer.qualname + ("." if is_method else ".<locals>.")
    frame = visit.open("method" if is_method else "function", node, node.name, prefix + node.name, outer)
    frame.decorated_in = (block, order)
    frame.is_async = isinstance(node, ast.AsyncFunctionDef)
    visit.bind(node.name, "function", node, frame.index)
    if is_method and class_record is not None:
        frame.class_index = class_record.index
        class_record.methods[node.name] = frame.index
    elif outer.kind in ("method", "function", "lambda"):
        frame.class_index = -1
    frame.parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    if is_method and not _is_static(node) and (arguments.posonlyargs or arguments.args):
        frame.self_name = frame.parameters[0].arg
    elif not is_method and outer.self_name is not None and outer.self_name not in {a.arg for a in frame.parameters}:
        frame.self_name = outer.self_name
    visit.frame, visit.block = frame, 0
    if not is_method and outer.kind == "module":
        visit.class_record = None
    for position, parameter in enumerate(frame.parameters):
        visit.bind(parameter.arg, "parameter", parameter, position)
    for star in (arguments.vararg, arguments.kwarg):
        if star is not None:
            visit.bind(star.arg, "opaque", None)
    visit.body(node.body)
    visit.frame, visit.block, visit.class_record, visit.outer = outer, block, class_record, outer_call


def _lambda(visit: Visit, node: ast.Lambda) -> None:
    for default in (*node.args.defaults, *node.args.kw_defaults):
        visit.expression(default)
    outer, block, outer_call = visit.frame, visit.block, visit.outer
    frame = visit.open("lambda", node, "<lambda>", f"{outer.qualname}.<lambda>".lstrip("."), outer)
    frame.decorated_in = (block, visit.order)
    frame.self_name = outer.self_name
    frame.parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    visit.frame, visit.block = frame, 0
    for position, parameter in enumerate(frame.parameters):
        visit.bind(parameter.arg, "parameter", parameter, position)
    visit.expression(node.body)
    frame.returns.append((node.body, 0, visit.order))
    visit.frame, visit.block, visit.outer = outer, block, outer_call


def _class_def(visit: Visit, node: ast.ClassDef) -> None:
    for part in (*node.decorator_list, *node.bases, *node.keywords):
        visit.expression(part)
    outer, block, class_record = visit.frame, visit.block, visit.class_record
    visit.order += 1
    prefix = "" if outer.kind == "module" else outer.qualname + (".<locals>." if outer.kind != "class" else ".")
    frame = visit.open("class", node, node.name, prefix + node.name, outer)
    frame.decorated_in = (block, visit.order)
    record = ClassRecord(node, frame, len(visit.classes), outer, visit.order, block)
    frame.class_index = record.index
    visit.classes.append(record)
    visit.bind(node.name, "class", node, record.index)
    visit.frame, visit.block, visit.class_record = frame, 0, record
    visit.body(node.body)
    visit.frame, visit.block, visit.class_record = outer, block, class_record


def _is_static(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)


HANDLERS: dict[type[ast.AST], Handler] = {
    ast.FunctionDef: _function_def,
    ast.AsyncFunctionDef: _function_def,
    ast.Lambda: _lambda,
    ast.ClassDef: _class_def,
}
