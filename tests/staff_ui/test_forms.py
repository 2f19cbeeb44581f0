"""Every address that takes a form is documented with the fields that it reads."""

import ast
import inspect
from collections.abc import Iterator
from types import ModuleType

from edge.joining.rules import ASKED
from staff_ui.described import document
from staff_ui.drafts import FORMS
from staff_ui.forms import FIELDS
from staff_ui.routes import ROUTES

WRITING = [each for each in ROUTES if each.method != "GET"]
FORM = {"form", "fields"}  # what the pages call it
# Read by a name that is no text in the page's own file, or sent by the button that stands for the rest of its form.
INDIRECT = {
    "/visits/{visit}/wallet": {"pin"},
    "/saving/{note}": {"pin"},
    "/visits/{visit}/fobs": {"look"},
    "/manage/tags": {"hang"},
    "/draft": {name for names in FORMS.values() for name in names},
    "/join": set(ASKED),
    "/own/correct": {"day", "month"},
}


def bare(path: str) -> str:
    return path.replace(":str}", "}")


def read(source: ModuleType) -> dict[str, set[str]]:
    """Function -> the names that it asks a form for."""
    tree = ast.parse(inspect.getsource(source))
    functions = (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    return {each.name: set(_asked(each)) for each in functions}


def _asked(function: ast.AST) -> Iterator[str]:
    """The names in `form.get("name")`, `form["name"]` and `"name" in form`."""
    for each in ast.walk(function):
        match each:
            case (
                ast.Call(
                    func=ast.Attribute(value=ast.Name(held), attr="get"), args=[ast.Constant(str(found)), *_]
                )
                | ast.Subscript(value=ast.Name(held), slice=ast.Constant(str(found)))
                | ast.Compare(left=ast.Constant(str(found)), comparators=[ast.Name(held)])
            ) if held in FORM:
                yield found


def test_every_writing_operation_of_the_appliance_has_its_own_body_documented() -> None:
    told = {
        path: each["post"]["requestBody"]
        for path, each in document(ROUTES)["paths"].items()
        if set(each) - {"get"}
    }
    assert set(told) == set(FIELDS) == {bare(each.path) for each in WRITING}
    for path, body in told.items():
        (schema,) = (each["schema"] for each in body["content"].values())
        assert (set(schema["properties"]), schema["required"]) == ({"own", *FIELDS[path]}, ["own"])


def test_a_page_reads_the_fields_that_are_documented_at_its_address_and_no_others() -> None:
    handlers = {each.page.__name__ for each in WRITING}
    modules = {inspect.getmodule(each.page) for each in WRITING}
    asked = {module: read(module) for module in modules if module}
    shared = {
        module: set[str]().union(*(names for name, names in found.items() if name not in handlers))
        for module, found in asked.items()
    }
    told: dict[ModuleType, set[str]] = {module: set() for module in asked}
    for each in WRITING:
        module, path = inspect.getmodule(each.page), bare(each.path)
        assert module
        told[module] |= set(FIELDS[path])
        its = asked[module][each.page.__name__]
        assert its <= set(FIELDS[path]), path
        assert set(FIELDS[path]) - its - shared[module] == INDIRECT.get(path, set()), path
    assert {
        module.__name__: shared[module] - told[module] for module in asked if shared[module] - told[module]
    } == {}
