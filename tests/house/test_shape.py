"""Size, names and cleanliness of what is in the repository."""

import ast
import os
import re
import tomllib
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edge.config import example
from tests.house.repo import PACKAGES, ROOT, files, name, table, texts

MOST_LINES = 500
ROOMS = ("drivers", "edge", "staff_ui", "sync", "systemd", "tests")
# Written for whole hosts and drives of one machine, never for a place where the program is installed.
MACHINE = re.compile(
    "|".join("/" + each for each in ("work/main", "work/shared", r"home/\w+/", r"Users/\w+/"))
)
REGISTRIES = tuple("".join(each) for each in (
    ("py", "pi.org"), ("python", "hosted.org"), ("npm", "js.org"), ("npm", "js.com"),
    ("crates", ".io"), ("golang", ".org")
))  # fmt: skip


def modules_of_tests() -> list[Path]:
    return [path for path in files() if name(path).startswith("tests/") and path.suffix == ".py"]


def test_no_file_is_longer_than_500_lines() -> None:
    long = {
        name(path): lines
        for path, text in texts()
        if path.suffix in {".py", ".html", ".css", ".js"}
        and "/vendor/" not in name(path)
        and (lines := text.count("\n")) > MOST_LINES
    }
    assert long == {}


def test_every_room_has_a_readme_and_a_row_in_the_map() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for room in ROOMS:
        assert (ROOT / room / "README.md").exists(), room
        assert f"[`{room}/`]({room}/README.md)" in text, room


def test_every_room_of_the_tests_has_its_row() -> None:
    text = (ROOT / "tests/README.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in modules_of_tests() if path.parent.parent == ROOT / "tests"}
    assert rooms == set(re.findall(r"^\| `(\w+)/`", text, re.MULTILINE))


def test_every_link_in_a_readme_leads_somewhere() -> None:
    links = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
    pages = [(path, links.findall(text)) for path, text in texts() if path.suffix == ".md"]
    broken = [
        f"{name(path)}: {target}"
        for path, targets in pages
        for target in targets
        if not (path.parent / target).exists()
    ]
    assert broken == []


def test_every_module_says_why_it_exists() -> None:
    silent = [
        name(path)
        for path in files()
        if path.suffix == ".py"
        and path.name not in {"__init__.py", "conftest.py"}
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_the_files_of_systemd_are_those_in_its_table() -> None:
    assert table("systemd/README.md", "Files").names >= {
        path.name for path in (ROOT / "systemd").iterdir() if path.is_file() and path.suffix != ".sh"
    }
    assert table("systemd/README.md", "Files").names <= {path.name for path in (ROOT / "systemd").iterdir()}


def test_the_example_configuration_is_the_one_generated_from_the_types() -> None:
    assert (ROOT / "systemd/welkom.toml.example").read_text(encoding="utf-8") == example()


def test_the_version_is_the_newest_of_the_changelog() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    headings = re.findall(
        r"^## \[?v?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert headings[0] == project["version"]
    assert headings == sorted(
        headings, key=lambda each: [int(part) for part in each.split(".")], reverse=True
    )


def test_no_text_names_a_place_on_one_machine() -> None:
    found = [f"{name(path)}: {hit[0]}" for path, text in texts() if (hit := MACHINE.search(text))]
    assert found == []


def test_no_text_names_a_package_registry() -> None:
    hosts = set(REGISTRIES)
    for variable in ("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "npm_config_registry"):
        if host := urlsplit(os.environ.get(variable, "")).hostname:
            hosts.add(host)
    found = [f"{name(path)}: {host}" for path, text in texts() for host in sorted(hosts) if host in text]
    assert found == []


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_with_hashes_and_names_no_index(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==[^ ;]+", entry), entry[:60]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry[:60]
    assert not re.search(
        r"^\s*(-i|--(extra-)?index-url|--find-links|-f|--trusted-host)\b", text, re.MULTILINE
    )


def test_what_running_needs_is_pinned_the_same_for_development() -> None:
    pins = [
        dict(
            re.findall(
                r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ;\\]+)", (ROOT / file).read_text(), re.MULTILINE
            )
        )
        for file in ("requirements.txt", "requirements-dev.txt")
    ]
    assert {package: pins[1].get(package) for package in pins[0]} == pins[0]


def test_every_dependency_is_imported_somewhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    modules = {
        "argon2-cffi": "argon2",
        "dbus-fast": "dbus_fast",
        "nfcpy": "nfc",
        "psycopg[binary]": "psycopg",
        "pyserial": "serial",
        "tzdata": "zoneinfo",
    }
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for path in files()
        if path.suffix == ".py" and name(path).split("/")[0] in PACKAGES
    )
    without_an_import = {"httptools"}  # uvicorn chooses it
    unused = [
        package
        for package in project["dependencies"]
        if package not in without_an_import
        and not re.search(rf"(import|from) {modules.get(package, package)}\b|\"{package}\"", source)
    ]
    assert unused == []


def test_no_test_patches_what_it_modules_of_tests() -> None:
    needle = re.compile("|".join(("mock" + r"\.patch", "from unittest " + "import mock", "Magic" + "Mock")))
    assert [
        name(path) for path in modules_of_tests() if needle.search(path.read_text(encoding="utf-8"))
    ] == []


def test_the_name_of_a_test_is_a_sentence() -> None:
    short = [
        f"{name(path)}: {node.name}"
        for path in modules_of_tests()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and len(node.name.split("_")) < 4
    ]
    assert short == []


def test_the_makefile_has_its_targets_and_lists_them() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("setup", "run", "test", "prove", "help"):
        assert re.search(rf"^{target}:.*## \S", text, re.MULTILINE), target


def test_what_others_wrote_is_what_its_table_says() -> None:
    folder = ROOT / "staff_ui/static/vendor"
    assets = tomllib.loads((folder / "vendor.toml").read_text(encoding="utf-8"))["asset"]
    for asset in assets:
        assert sha256((folder / asset["file"]).read_bytes()).hexdigest() == asset["sha256"], asset["file"]
        assert (folder / asset["licence_file"]).stat().st_size > 100
        assert asset["version"] in asset["file"]
    named = {asset[key] for asset in assets for key in ("file", "licence_file")}
    assert named | {"vendor.toml"} == {path.name for path in folder.iterdir()}


def test_the_licence_is_the_whole_european_union_public_licence() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2\nEUPL © the European Union 2007, 2016\n")
    assert re.findall(r"^(\d+)\.", text, re.MULTILINE) == [str(n) for n in range(1, 16)]
    assert "\n‘Compatible Licences’ according to Article 5 EUPL are:\n" in text
    assert text.rstrip().endswith("require the production of a new EUPL version.")


def test_migrations_are_never_changed_only_added_to() -> None:
    """Each has four digits and words; what was released under a number is what that number means."""
    for path in files():
        if path.suffix == ".sql":
            assert re.fullmatch(r"\d{4}_[a-z_]+\.sql", path.name), name(path)


@pytest.mark.xdist_group("together")
def test_what_belongs_together_stays_on_one_worker(request: pytest.FixtureRequest) -> None:
    """Else each worker starts a browser for its half of a file, and stories that share a port run side by side."""
    assert request.node.nodeid.endswith("@together") or not request.config.getoption("loadgroup", False)
