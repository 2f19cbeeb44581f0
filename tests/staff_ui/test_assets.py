"""Styles and scripts: what others wrote is whole and licensed, raw values stand in one file, nothing is inline."""

import re
import tomllib
from hashlib import sha256

from staff_ui.assets import FOLDER
from staff_ui.sheets import TEMPLATES

VENDOR = FOLDER / "vendor"
LICENCES = {"0BSD": "Permission to use, copy, modify", "Apache-2.0": "Apache License\n"}


def test_every_vendored_file_has_version_licence_and_hash() -> None:
    table = tomllib.loads((VENDOR / "vendor.toml").read_text(encoding="utf-8"))["asset"]
    for asset in table:
        body = (VENDOR / asset["file"]).read_bytes()
        assert sha256(body).hexdigest() == asset["sha256"], asset["name"]
        assert asset["version"] in asset["file"]
        assert LICENCES[asset["licence"]] in (VENDOR / asset["licence_file"]).read_text(encoding="utf-8")
    listed = {asset["file"] for asset in table} | {asset["licence_file"] for asset in table} | {"vendor.toml"}
    assert {file.name for file in VENDOR.iterdir()} == listed


def test_no_page_has_inline_style_or_script_or_an_address_elsewhere() -> None:
    for file in TEMPLATES.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:|hx-on|https?://", text), file.name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), file.name


def test_raw_values_stand_only_in_the_tokens() -> None:
    css = (FOLDER / "welkom.css").read_text(encoding="utf-8")
    assert not re.search(r"#[0-9a-f]{3,8}\b(?![^{]*\{)|rgb\(|hsl\(", re.sub(r"#[a-z]+[ >.:,{]", " ", css))
    assert not re.findall(r"font-size:\s*[\d.]+(?:px|r?em)", css)
    sizes = re.findall(r"--t\d: (\d+)px", (FOLDER / "tokens.css").read_text(encoding="utf-8"))
    assert sizes == ["15", "18", "22", "28", "56"]


def test_every_theme_sets_the_same_tokens_and_auto_is_the_dark_one() -> None:
    text = (FOLDER / "tokens.css").read_text(encoding="utf-8")
    blocks = [dict(re.findall(r"(--[\w-]+):\s*([^;]+);", body)) for body in re.findall(r"{([^{}]*)}", text)]
    light, dark, auto, glare = blocks
    colours = set(dark)
    assert dark == auto
    assert colours <= set(light)
    assert colours <= set(glare)
    assert set(glare) <= set(light)


def test_every_class_that_a_template_uses_is_styled() -> None:
    for file in TEMPLATES.glob("*.html"):
        # A page of its own, as the stage, brings its own sheet; one within the frame has the frame's as well, and a
        # part of pages has whatever those have.
        whole = file.read_text(encoding="utf-8")
        sheets = re.findall(r'asset\("([a-z]+\.css)"\)', whole)
        if '{% extends "base.html" %}' in whole:
            sheets.append("welkom.css")
        elif not sheets:
            sheets = [each.name for each in FOLDER.glob("*.css")]
        css = "".join((FOLDER / each).read_text(encoding="utf-8") for each in sheets)
        text = re.sub(r"{%.*?%}|{{.*?}}", " ", whole)
        names = {name for value in re.findall(r'class="([^"]*)"', text) for name in value.split()}
        missing = {name for name in names if f".{name}" not in css} - {"sheet", "door", "empty"}
        assert missing == set(), file.name
