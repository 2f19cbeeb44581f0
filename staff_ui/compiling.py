"""How a template is compiled: to what is certain of the tablet's pages, where Jinja has to be ready for anybody's."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import TemplateModule
from jinja2.visitor import NodeTransformer
from markupsafe import escape

Spoken = Mapping[str, Callable[..., str]]

_special: Final = re.compile("[&<>\"']").search


def escaped(value: object) -> str:
    """As markupsafe's `escape`, which makes an object of every text, also of those that have nothing to escape."""
    return value if type(value) is str and not _special(value) else escape(value)


class _Code(CodeGenerator):
    """Writes `it.name` as Python has it, for a page hands its template dataclasses: a slip fails at once."""

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:
        if node.name == "it" and node.ctx == "load":
            self.write(frame.symbols.ref(node.name))  # each rendering has one
        else:
            super().visit_Name(node, frame)

    def _import_common(self, node: nodes.Import | nodes.FromImport, frame: Frame) -> None:
        self.write("environment.pieces(")
        self.visit(node.template, frame)
        self.write(")")


class _Page(Template):
    """A template that escapes what it puts in with `escaped`."""

    @classmethod
    def from_code(cls, *made_of: Any, **options: Any) -> Template:
        made = super().from_code(*made_of, **options)
        made.root_render_func.__globals__["escape"] = escaped  # where compiled templates look it up
        return made


class SpokenEnvironment(Environment):
    """Says what a template always says when it is compiled: half of a card is words that never differ."""

    code_generator_class = _Code
    template_class = _Page

    def __init__(self, spoken: Spoken, **options: Any) -> None:
        super().__init__(**options)
        self._spoken = spoken
        self.pieces = cache(self._pieces)

    def _pieces(self, template: str) -> TemplateModule:
        """The macros of a template, made once; they know nothing of the page that uses them."""
        return self.get_template(template).module

    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        return super()._generate(_Saying(self._spoken).visit(source), *args, **options)


class _Saying(NodeTransformer):
    """Puts what `say("…")` gives in its place; with a value in it, it waits for the value."""

    def __init__(self, spoken: Spoken) -> None:
        self._spoken = spoken

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        match node:
            case nodes.Call(node=nodes.Name(name=name), args=[nodes.Const(value=str(said))], kwargs=[]) if (
                name in self._spoken
            ):
                return nodes.Const(self._spoken[name](said), lineno=node.lineno)
        return node
