"""The one place that knows colours, type, spaces and the style sheet.

Everything comes from `resources/tokens.json`; widgets and painters ask for roles.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication

RESOURCES = Path(__file__).resolve().parents[1] / "resources"

THEMES = ("dark", "light", "system")
"""What `apply` takes; "system" follows the desktop."""

_LARGEST_USUAL_SYSTEM_FONT_PX = 15.0


class Notifier(QObject):
    """Says that the colours changed, to whoever keeps something painted."""

    changed = Signal()


class _State:
    """What is applied now."""

    def __init__(self) -> None:
        self.wanted = "dark"
        self.shown = "dark"
        self.family = "Inter"
        self.text_scale = 1.0
        self.prepared = False
        self.folder = QTemporaryDir()


notifier = Notifier()
_state = _State()


@cache
def _tokens() -> dict[str, Any]:
    return json.loads((RESOURCES / "tokens.json").read_text(encoding="utf-8"))


SPACE: tuple[int, ...] = tuple(_tokens()["space"])
"""4, 8, 12, 16, 24, 32, 40 px: 16 inside panels, 8 between controls, 12 inside cards."""


# -- what painters and widgets ask for ---------------------------------------------------------


def color(role: str) -> QColor:
    """The colour of a role ("panel", "text2", "accent", …) in the theme that is shown."""
    return _parsed(_tokens()[_state.shown][role])


def overlay(role: str) -> QColor:
    """A colour that is drawn on the picture, the same in both themes."""
    return _parsed(_tokens()["overlay"][role])


def font(role: str = "body") -> QFont:
    """The font of a role of the type table, with figures of equal width."""
    size, _line, weight = _tokens()["type"][role]
    return QFont(_font(_state.family, round(size * _state.text_scale), weight))


@cache
def _font(family: str, px: int, weight: int) -> QFont:
    made = QFont()
    made.setFamilies([family, *QFont().families()])
    made.setPixelSize(px)
    made.setWeight(QFont.Weight(weight))
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def space(step: int) -> int:
    """The space at a step of the scale, in px: 0 is 4, 1 is 8, 3 is 16."""
    return SPACE[step]


def height(role: str) -> int:
    """How high a bar, row, lane or control is, in px; grows with the system's text."""
    return round(_tokens()["height"][role] * _state.text_scale)


def radius(role: str) -> int:
    """Corner radius of "thumb", "control", "card" or "dialog", in px."""
    return _tokens()["radius"][role]


def stroke(role: str) -> float:
    """Width of a line, in px."""
    return _tokens()["stroke"][role]


def motion(role: str) -> int:
    """How long something is shown or takes, in ms."""
    return _tokens()["motion"][role]


def wanted() -> str:
    """The theme that was asked for: "dark", "light" or "system"."""
    return _state.wanted


def is_dark() -> bool:
    """Whether the dark colours are shown now."""
    return _state.shown == "dark"


# -- applying ----------------------------------------------------------------------------------


def apply(app: QApplication, theme: str = "dark") -> None:
    """Dress the application in "dark", "light" or whatever the desktop shows ("system")."""
    if theme not in THEMES:
        raise ValueError(f"{theme!r} is no theme; choose one of {', '.join(THEMES)}")
    _prepare(app)
    _state.wanted = theme
    _dress(app)


def _prepare(app: QApplication) -> None:
    """Done once: the fonts, the style under the sheet, and the ear for the desktop's theme."""
    if _state.prepared:
        return
    _state.prepared = True
    system_px = QFontInfo(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))
    _state.text_scale = max(1.0, system_px.pixelSize() / _LARGEST_USUAL_SYSTEM_FONT_PX)
    for path in sorted((RESOURCES / "fonts").glob("*.otf")):
        QFontDatabase.addApplicationFont(str(path))
    if "Inter" not in QFontDatabase.families():
        _state.family = app.font().family()
    app.setStyle("Fusion")
    app.styleHints().colorSchemeChanged.connect(_follow_desktop)


def _follow_desktop() -> None:
    app = QApplication.instance()
    if _state.wanted == "system" and isinstance(app, QApplication):
        _dress(app)


def _dress(app: QApplication) -> None:
    if _state.wanted == "system":
        light = app.styleHints().colorScheme() == Qt.ColorScheme.Light
        _state.shown = "light" if light else "dark"
    else:
        _state.shown = _state.wanted
    app.setFont(font("body"))
    app.setPalette(_palette())
    app.setStyleSheet(style_sheet())
    notifier.changed.emit()


def style_sheet() -> str:
    """The whole style sheet in the colours and measures of now."""
    values = {role: color(role).name() for role in _tokens()[_state.shown]}
    values |= {f"radius_{role}": f"{radius(role)}px" for role in _tokens()["radius"]}
    values |= {f"height_{role}": f"{height(role)}px" for role in _tokens()["height"]}
    values["chevron_down"] = _tinted_file("chevron-down", "text2")
    values["chevron_up"] = _tinted_file("chevron-up", "text2")
    values["check"] = _tinted_file("check", "onFill")
    return Template((RESOURCES / "style.qss").read_text(encoding="utf-8")).substitute(values)


def _tinted_file(name: str, role: str) -> str:
    """A drawing as a file, since a style sheet can take a picture from nowhere else."""
    tint = color(role)
    path = Path(_state.folder.path()) / f"{name}-{tint.name()[1:]}.svg"
    if not path.exists():
        path.write_text(tinted_svg(name, tint), encoding="utf-8")
    return path.as_posix()


@cache
def _drawing(name: str) -> str:
    return (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def tinted_svg(name: str, colour: QColor) -> str:
    """The drawing called `name` in one colour, with the stroke of the tokens."""
    return (
        _drawing(name)
        .replace("currentColor", colour.name())
        .replace('stroke-width="2"', f'stroke-width="{stroke("icon")}"')
    )


def _palette() -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for where, what in (
        (role.Window, "panel"),
        (role.WindowText, "text"),
        (role.Base, "panel"),
        (role.AlternateBase, "raised"),
        (role.Text, "text"),
        (role.Button, "raised"),
        (role.ButtonText, "text"),
        (role.BrightText, "onFill"),
        (role.Highlight, "soft"),
        (role.HighlightedText, "text"),
        (role.Accent, "accent"),
        (role.Link, "accent"),
        (role.LinkVisited, "accent"),
        (role.PlaceholderText, "text3"),
        (role.ToolTipBase, "raised"),
        (role.ToolTipText, "text"),
        (role.Light, "hover"),
        (role.Midlight, "raised"),
        (role.Mid, "line2"),
        (role.Dark, "line"),
        (role.Shadow, "window"),
    ):
        palette.setColor(where, color(what))
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, color("control"))
    return palette


_RGBA = re.compile(r"rgba\((\d+),(\d+),(\d+),([\d.]+)\)")


@cache
def _parse(text: str) -> tuple[int, int, int, int]:
    if found := _RGBA.fullmatch(text):
        red, green, blue = (int(part) for part in found.groups()[:3])
        return red, green, blue, round(float(found[4]) * 255)
    opaque = QColor(text)
    return opaque.red(), opaque.green(), opaque.blue(), 255


def _parsed(text: str) -> QColor:
    return QColor(*_parse(text))
