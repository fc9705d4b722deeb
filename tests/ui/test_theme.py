"""Themes, fonts and icons."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication, QPushButton

from poseapp.ui import icons, theme

UI = Path(theme.__file__).parent


@pytest.fixture
def app(qapp: QApplication):
    theme.apply(qapp, "dark")
    yield qapp
    theme.apply(qapp, "dark")


def test_the_tokens_are_what_color_gives_in_each_theme(app):
    tokens = json.loads((theme.RESOURCES / "tokens.json").read_text())
    for shown in ("dark", "light"):
        theme.apply(app, shown)
        for role, value in tokens[shown].items():
            assert theme.color(role) == QColor(value), (shown, role)


def test_an_overlay_colour_keeps_its_transparency():
    assert theme.overlay("halo").getRgb() == (0, 0, 0, 153)


def test_a_change_of_theme_changes_palette_and_sheet_and_is_told(app, qtbot):
    dark_sheet = app.styleSheet()
    with qtbot.waitSignal(theme.notifier.changed):
        theme.apply(app, "light")
    assert app.palette().color(QPalette.ColorRole.Window) == theme.color("panel")
    assert app.styleSheet() != dark_sheet
    assert theme.color("panel").name() in app.styleSheet()
    assert not theme.is_dark()


def test_an_unknown_theme_is_refused(app):
    with pytest.raises(ValueError, match="no theme"):
        theme.apply(app, "sepia")


def test_system_shows_one_of_the_two_and_is_remembered_as_wanted(app):
    theme.apply(app, "system")
    assert theme.wanted() == "system"
    assert theme.color("panel") in (QColor("#1A1B1E"), QColor("#F8F8F9"))


def test_text_is_set_in_the_bundled_font_with_the_sizes_of_the_type_table(app):
    info = QFontInfo(theme.font("strong"))
    assert info.family() == "Inter"
    assert theme.font("caption").pixelSize() == 11
    assert theme.font("figure").pixelSize() == 28


def test_figures_have_equal_width(app):
    from PySide6.QtGui import QFontMetricsF

    metrics = QFontMetricsF(theme.font("body"))
    widths = {round(metrics.horizontalAdvance(figure * 10), 3) for figure in "0123456789"}
    assert len(widths) == 1


def test_no_colour_value_stands_outside_the_tokens():
    hexadecimal = re.compile(r"""["'#]#?[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?["']""")
    named = re.compile(r"QColor\(\s*[\"'0-9]|GlobalColor\.(?!transparent)")
    for path in UI.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found = [m.group() for m in hexadecimal.finditer(text) if "#" in m.group()]
        assert not found, (path.name, found)
        assert not named.search(text), (path.name, named.search(text))
    assert "#" not in re.sub(r"/\*.*?\*/", "", (theme.RESOURCES / "style.qss").read_text())


def test_an_icon_is_drawn_in_the_colour_of_its_role(app):
    picture = icons.pixmap("square", 16, "danger").toImage()
    drawn = [
        picture.pixelColor(x, y)
        for x in range(16)
        for y in range(16)
        if picture.pixelColor(x, y).alpha() > 200
    ]
    wanted = theme.color("danger")
    assert drawn
    assert all(abs(colour.red() - wanted.red()) < 8 for colour in drawn)
    assert all(abs(colour.blue() - wanted.blue()) < 8 for colour in drawn)


def test_an_icon_is_sharp_on_a_finer_screen():
    fine = icons.pixmap("play", 16, "text", scale=2.0)
    assert (fine.width(), fine.devicePixelRatio()) == (32, 2.0)


def test_a_missing_icon_is_an_error():
    with pytest.raises(FileNotFoundError):
        icons.icon("no-such-drawing")


def _strings(code):
    return {n.value for n in ast.walk(code) if isinstance(n, ast.Constant) and n.value}


_NAMED_AT = {
    "pixmap": 0, "icon": 0, "icon_button": 0, "set_content": 0, "show_empty": 0,
    "show_instead": 0, "_tinted_file": 0, "attach": 1, "action_button": 1, "toast": 1,
}  # fmt: skip
"""Which argument of these calls is the name of an icon."""


def _named(code):
    """The icons that are named where one is asked for."""
    for call in (n for n in ast.walk(code) if isinstance(n, ast.Call)):
        function = getattr(call.func, "attr", getattr(call.func, "id", ""))
        place = _NAMED_AT.get(function)
        asked = [] if place is None else call.args[place : place + 1]
        asked += [keyword.value for keyword in call.keywords if keyword.arg == "icon"]
        yield from (a.value for a in asked if isinstance(a, ast.Constant) and a.value)


def test_every_icon_that_is_named_is_shipped_and_the_other_way_round():
    code = [ast.parse(path.read_text(encoding="utf-8")) for path in UI.rglob("*.py")]
    shipped = {path.stem for path in (theme.RESOURCES / "icons").glob("*.svg")}
    named = {name for tree in code for name in _named(tree)}
    assert len(named) > 20
    assert named - shipped == set()
    assert shipped - set().union(*map(_strings, code)) == set()


def test_an_attached_icon_follows_the_theme(app, qtbot):
    button = QPushButton()
    qtbot.addWidget(button)
    icons.attach(button, "square", 16, "text")
    dark = button.icon().pixmap(16, 16).toImage()
    theme.apply(app, "light")
    assert button.icon().pixmap(16, 16).toImage() != dark


def test_the_mark_of_the_program_shows_the_three_sides(app):
    picture = icons.logo(48).toImage()
    drawn = {picture.pixelColor(x, y).rgb() for x in range(48) for y in range(48)}
    assert {theme.color(f"panel{side}").rgb() for side in ("Left", "Right", "Centre")} <= drawn


def test_the_font_and_icon_licences_are_shipped():
    assert "SIL OPEN FONT LICENSE" in (theme.RESOURCES / "fonts" / "LICENSE").read_text()
    assert "ISC License" in (theme.RESOURCES / "icons" / "LICENSE").read_text()
