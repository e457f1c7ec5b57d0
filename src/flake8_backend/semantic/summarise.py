"""The visit of one module, from tree to summary."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from flake8_backend.core.containment import internal_error
from flake8_backend.core.rule import NodeCheck, Rule, checks_of
from flake8_backend.core.serial import diagnostic_to_json
from flake8_backend.semantic import branches, loopkinds, scopes, terms
from flake8_backend.semantic.lowering import Lowering
from flake8_backend.semantic.model import SemanticModel
from flake8_backend.semantic.outline import TEST, Outline, absolute
from flake8_backend.semantic.summary import (
    AWAITED,
    AWAITED_LATER,
    SITE_FLAGS,
    SITE_TERM,
    ClassSummary,
    FunctionSummary,
    ModuleSummary,
)
from flake8_backend.semantic.terms import UNKNOWN
from flake8_backend.semantic.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flake8_backend.semantic.scopes import Block, CallRecord, ClassRecord, Frame

# builtins that go through or measure their argument, so that calling them may do what iterating it does
CONSUMERS = frozenset(
    {"list", "tuple", "set", "frozenset", "sorted", "len", "bool", "sum", "max", "min", "any", "all", "next", "iter"}
    | {"dict", "map", "filter", "enumerate", "zip", "reversed", "getattr"}
)
_GROWING = frozenset({"extend", "update"})  # methods of lists and sets that go through their argument
_DEAD_ROOTS = frozenset({terms.STRING, terms.CONSTANT, terms.DISPLAY, terms.BINARY})
_LIVE_OPERATORS = frozenset({"/", "|"})  # of paths and of querysets


class Summariser:
    """Turns a finished visit into a summary."""

    def __init__(self, visit: Visit, module: str, package: str, *, kept_builtins: frozenset[str]) -> None:
        self._visit = visit
        self._lowering = Lowering(visit, module, package)
        self._kept = kept_builtins | CONSUMERS

    def fill(self, summary: ModuleSummary) -> None:
        """Put all that is defined into the module's summary."""
        visit, lowering = self._visit, self._lowering
        module = visit.frames[0]
        summary.classes = [self._class(record) for record in visit.classes]
        summary.functions = [self._function(frame) for frame in visit.frames]
        names = {
            name: [lowering.bound(binding, name, module) for binding in bindings[-6:]]
            for name, bindings in module.bindings.items()
        }
        for name, bindings in module.bindings.items():
            if bindings[-1].how == "function":
                names[name] = [lowering.intern(terms.FUNCTION, bindings[-1].detail)]
        summary.names = names
        summary.assignments = [
            [
                lowering.lower(target.value, frame, binding.block, binding.order),
                target.attr,
                lowering.lower(binding.value, frame, binding.block, binding.order),
            ]
            for target, frame, binding in visit.attribute_targets
        ]
        summary.terms = lowering.terms

    def check(self, tree: ast.Module, checks: Sequence[tuple[Rule, type[ast.AST], NodeCheck]]) -> list[Any]:
        """What syntactic checks report, as JSON; a check that raises is contained and reported."""
        model = SemanticModel(tree, self._visit, self._lowering)
        found: list[Any] = []
        for node, _, _, _ in self._visit.matches:
            for rule, node_type, run in checks:
                if node.__class__ is not node_type:
                    continue
                try:
                    found += [diagnostic_to_json(diagnostic) for diagnostic in run(node, model)]
                except Exception as error:
                    found.append(diagnostic_to_json(internal_error(rule.code, error)))
        return found

    # --- functions ---------------------------------------------------------------------------------------------

    def _function(self, frame: Frame) -> FunctionSummary:
        node: Any = frame.node
        sites, _ = self._sites(frame)
        parent = frame.parent
        lower = self._lowering
        parameters: list[list[Any]] = []
        decorators: list[int] = []
        returns = UNKNOWN
        if parent is not None:
            block, order = frame.decorated_in
            parameters = self._parameters(frame, parent)
            decorators = [lower.lower(d, parent, block, order) for d in getattr(node, "decorator_list", ())]
            if frame.kind in ("function", "method") and node.returns is not None:
                returns = lower.annotation(node.returns, parent, block, order)
        return FunctionSummary(
            kind=frame.kind,
            name=frame.name,
            qualname=frame.qualname,
            span=_header(node),
            parent=-1 if parent is None else parent.index,
            class_index=frame.class_index,
            is_async=frame.is_async,
            is_generator=frame.is_generator,
            parameters=parameters,
            returns=returns,
            decorators=decorators,
            blocks=[self._block(frame, block) for block in frame.blocks],
            sites=sites,
            reads=self._reads(frame),
            iterations=self._iterations(frame),
            outputs=self._outputs(frame, frame.returns),
            yields=self._outputs(frame, frame.yields),
            self_reads=[[name, block] for name, block in sorted(frame.self_reads.items())],
            loads=self._outputs(frame, frame.loads),
            remembers=_remembers(frame),
            compared=branches.compared(frame),
        )

    def _parameters(self, frame: Frame, parent: Frame) -> list[list[Any]]:
        arguments = getattr(frame.node, "args", None)
        if arguments is None:
            return []
        block, order = frame.decorated_in
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: dict[int, ast.expr | None] = {}
        for offset, default in enumerate(reversed(arguments.defaults)):
            defaults[len(positional) - 1 - offset] = default
        for offset, default in enumerate(arguments.kw_defaults):
            defaults[len(positional) + offset] = default
        lower = self._lowering
        return [
            [
                parameter.arg,
                lower.annotation(parameter.annotation, parent, block, order),
                lower.given(defaults.get(position), parent, block, order),
            ]
            for position, parameter in enumerate(frame.parameters)
        ]

    def _sites(self, frame: Frame) -> tuple[list[list[int]], dict[int, int]]:
        sites: list[list[int]] = []
        index_of: dict[int, int] = {}
        lower = self._lowering
        for position, record in enumerate(frame.calls):
            if self._is_dead(record, frame):
                continue
            term = lower.lower(record.node, frame, record.block, record.order)
            if not term or lower.terms[term][0] != terms.CALL:
                continue
            index_of[position] = len(sites)
            outer = index_of.get(record.outer, -1) if record.outer >= 0 else -1
            sites.append([term, record.block, AWAITED if record.awaited else 0, outer])
        if frame.awaits:
            later = {lower.lower(node, frame, block, order) for node, block, order in frame.awaits}
            for site in sites:
                if site[SITE_TERM] in later:
                    site[SITE_FLAGS] |= AWAITED_LATER
        return sites, index_of

    def _is_dead(self, record: CallRecord, frame: Frame) -> bool:
        """Calls that no rule can say anything about: plain builtins, methods of literals."""
        func = record.node.func
        lower = self._lowering
        callee = lower.lower(func, frame, record.block, record.order)
        if not callee:
            return True
        term = lower.terms[callee]
        if term[0] == terms.NAME:
            head, _, tail = term[1].partition(".")
            return head == "builtins" and tail not in self._kept
        if term[0] != terms.ATTRIBUTE or not _is_dead_root(lower.terms[term[1]]):
            return False
        return term[2] not in _GROWING or lower.terms[term[1]][0] != terms.DISPLAY

    def _reads(self, frame: Frame) -> list[list[Any]]:
        found: dict[tuple[int, int], list[Any]] = {}
        for node, block, order in frame.reads:
            term = self._lowering.lower(node, frame, block, order)
            if term:
                found.setdefault((term, block), [term, block, *_place(node)])
        return list(found.values())

    def _iterations(self, frame: Frame) -> list[list[Any]]:
        found = []
        for node, block, order, is_async in frame.iterations:
            term = self._lowering.lower(node, frame, block, order)
            if term and not _is_dead_root(self._lowering.terms[term]):
                found.append([term, block, 2 if is_async else 0, *_place(node)])
        return found

    def _outputs(self, frame: Frame, records: Iterable[tuple[ast.expr, int, int]]) -> list[list[Any]]:
        found = []
        for node, block, order in records:
            term = self._lowering.lower(node, frame, block, order)
            if term:
                found.append([term, block, *_place(node)])
        return found

    def _block(self, frame: Frame, block: Block) -> list[Any]:
        kind, parent = block.kind, block.parent
        if kind in (scopes.FOR, scopes.ASYNC_FOR, scopes.COMPREHENSION):
            loop: Any = block.nodes[0]
            iterable = self._lowering.lower(loop.iter, frame, parent, block.order)
            is_short = loopkinds.goes_through_keywords(loop.iter, frame)
            if kind != scopes.COMPREHENSION:
                is_short = is_short or loopkinds.is_retry(loop) or loopkinds.knows_its_keys(loop)
            return [kind, parent, iterable, is_short, *_place(loop.iter)]
        if kind in (scopes.WITH, scopes.ASYNC_WITH):
            item = block.nodes[0]
            return [kind, parent, self._lowering.lower(item, frame, parent, block.order), *_place(item)]
        if kind == scopes.WHILE:
            return [kind, parent, loopkinds.goes_through_items(block.nodes[0])]
        if kind == scopes.EXCEPT:
            handler: Any = block.nodes[0]
            return [kind, parent, self._lowering.lower(handler.type, frame, parent, block.order)]
        if kind == scopes.IF and branches.is_switched_off(block.nodes[0], frame, self._visit.frames[0]):
            kind = scopes.OFF
        elif kind == scopes.IF and self._is_for_one_item(frame, block):
            kind = scopes.NAMED
        return [kind, parent, block.exits, *branches.flag(frame, block)]

    @staticmethod
    def _is_for_one_item(frame: Frame, block: Block) -> bool:
        """Whether a branch of a loop is that of a single item: ``for kind in kinds: if kind == "user": …``."""
        index = block.parent
        while index >= 0:
            around = frame.blocks[index]
            if around.kind in (scopes.FOR, scopes.ASYNC_FOR):
                return loopkinds.names_item(around.nodes[0], block.nodes[0])
            index = around.parent
        return False

    # --- classes -----------------------------------------------------------------------------------------------

    def _class(self, record: ClassRecord) -> ClassSummary:
        lower = self._lowering
        frame, owner = record.frame, record.owner
        node = record.node
        attributes = {}
        places: dict[str, list[int]] = {}
        for name, bindings in frame.bindings.items():
            values = [b for b in bindings if b.how in ("assign", "annotated")]
            if values:
                attributes[name] = [lower.bound(b, name, frame) for b in values]
                places[name] = _place(values[-1].detail if isinstance(values[-1].detail, ast.AST) else values[-1].value)
        instance: dict[str, list[int]] = {}
        for name, assigned in record.attributes.items():
            found = [lower.bound(binding, name, where) for where, binding in assigned]
            instance[name] = [term for term in found if term]
        return ClassSummary(
            name=node.name,
            qualname=frame.qualname,
            span=_header(node),
            function=frame.index,
            bases=[lower.annotation(base, owner, record.block, record.order) for base in node.bases],
            decorators=[lower.lower(d, owner, record.block, record.order) for d in node.decorator_list],
            attributes=attributes,
            instance=instance,
            methods=dict(record.methods),
            places=places,
            keywords={
                keyword.arg: lower.lower(keyword.value, owner, record.block, record.order)
                for keyword in node.keywords
                if keyword.arg is not None
            },
        )


def _is_dead_root(term: terms.Term) -> bool:
    return term[0] in _DEAD_ROOTS and not (term[0] == terms.BINARY and term[1] in _LIVE_OPERATORS)


def _place(node: Any) -> list[int]:
    return [node.lineno, node.col_offset, node.end_lineno, node.end_col_offset]


def _header(node: Any) -> list[int]:
    """The span of a definition's first line: what stands between the keyword and the end of that line."""
    if isinstance(node, ast.Module):
        return [1, 0, 1, 0]
    if isinstance(node, ast.Lambda):
        return _place(node)
    return [node.lineno, node.col_offset, node.lineno, node.col_offset + len(node.name)]


def _remembers(frame: Frame) -> bool:
    """Whether a function returns early for what it finds where it stores its results: ``cache[key] = found``."""
    if not frame.stored:
        return False
    for block in frame.blocks:
        if not (block.kind == scopes.IF and block.exits == scopes.LEAVES and block.nodes):
            continue
        if any(isinstance(node, ast.Name) and node.id in frame.stored for node in ast.walk(block.nodes[0])):
            return True
    return False


def summarise(
    tree: ast.Module,
    module: str,
    *,
    is_package: bool,
    path: str = "",
    kept_builtins: frozenset[str] = frozenset(),
    rules: Sequence[Rule] = (),
    accepted: Sequence[Sequence[Any]] = (),
) -> ModuleSummary:
    """The summary of a parsed module, with what the syntactic checks of ``rules`` report.

    ``accepted`` are the lines on which a comment accepts findings of this tool, each with its code prefixes.
    Raises RecursionError when the tree is too deep for the running interpreter.
    """
    checks = list(checks_of(rules))
    outline = Outline(tree)
    package = module if is_package else module.rpartition(".")[0]
    summary = ModuleSummary(
        name=module,
        is_package=is_package,
        imports=sorted({name.partition(".")[0] for name in outline.imported if name}),
        stars=[absolute(package, level, name) for level, name in outline.stars],
        traits=outline.traits(path),
        accepted=accepted,
    )
    # Tests are half of many projects, and what they call concerns nobody: they are not walked.
    if TEST in summary.traits and not checks:
        return summary
    visit = Visit(tree, {node_type: None for _, node_type, _ in checks})
    summariser = Summariser(visit, module, package, kept_builtins=kept_builtins)
    if TEST not in summary.traits:
        summariser.fill(summary)
    if checks:
        summary.diagnostics = summariser.check(tree, checks)
    return summary
