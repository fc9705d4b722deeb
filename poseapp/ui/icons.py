"""Icons: Lucide drawings tinted with a colour role, sharp at every scale factor."""

from __future__ import annotations

from functools import cache
from weakref import WeakKeyDictionary

import shiboken6
from PySide6.QtCore import QByteArray, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QIcon, QPainter, QPen, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from poseapp.ui import theme


def icon(name: str, px: int = 16, role: str = "text2") -> QIcon:
    """The drawing called `name` as an icon in the colours of now.

    Keep nothing made with it across a change of theme, or use `attach`.

    Raises:
        FileNotFoundError: when there is no such drawing.
    """
    made = QIcon()
    modes = {
        QIcon.Mode.Normal: theme.color(role),
        QIcon.Mode.Active: theme.color("text" if role == "text2" else role),
        QIcon.Mode.Selected: theme.color("text" if role == "text2" else role),
        QIcon.Mode.Disabled: theme.color("control"),
    }
    scales = {1.0} | {screen.devicePixelRatio() for screen in QGuiApplication.screens()}
    for mode, colour in modes.items():
        for scale in sorted(scales):
            made.addPixmap(_tinted(name, px, colour.name(QColor.NameFormat.HexArgb), scale), mode)
    return made


def pixmap(name: str, px: int = 16, role: str = "text2", scale: float = 1.0) -> QPixmap:
    """One drawing for a painter; `scale` is the device pixel ratio of what is painted on."""
    return _tinted(name, px, theme.color(role).name(QColor.NameFormat.HexArgb), scale)


_attached: WeakKeyDictionary[QAction | QAbstractButton, tuple[str, int, str]] = WeakKeyDictionary()


def attach(target: QAction | QAbstractButton, name: str, px: int = 16, role: str = "text2") -> None:
    """Give an action or button its icon, and a new one whenever the theme changes."""
    _attached[target] = (name, px, role)
    target.setIcon(icon(name, px, role))
    if isinstance(target, QAbstractButton):
        target.setIconSize(QSize(px, px))


def _renew() -> None:
    for target, (name, px, role) in list(_attached.items()):
        if shiboken6.isValid(target):
            target.setIcon(icon(name, px, role))


theme.notifier.changed.connect(_renew)


@cache
def _tinted(name: str, px: int, colour: str, scale: float) -> QPixmap:
    tint = QColor(colour)
    drawing = QSvgRenderer(QByteArray(theme.tinted_svg(name, tint).encode()))
    made = _blank(px, scale)
    painter = QPainter(made)
    painter.setOpacity(tint.alphaF())
    drawing.render(painter, QRectF(0, 0, px, px))
    painter.end()
    return made


def _blank(px: int, scale: float) -> QPixmap:
    side = round(px * scale)
    made = QPixmap(side, side)
    made.setDevicePixelRatio(scale)
    made.fill(Qt.GlobalColor.transparent)
    return made


def logo(px: int = 20, scale: float = 1.0) -> QPixmap:
    """The mark of the program: a diamond, a circle and a square, joined like bones."""
    made = _blank(px, scale)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(px / 24, px / 24)
    joint, head = QPointF(12, 13.5), QPointF(13.5, 5)
    left, right = QPointF(5, 19.5), QPointF(20, 14.5)
    for end, role in ((head, "text2"), (left, "accent"), (right, "accent")):
        painter.setPen(QPen(theme.color(role), 2.2, c=Qt.PenCapStyle.RoundCap))
        painter.drawLine(joint, end)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("panelLeft"))
    painter.drawEllipse(left, 3.2, 3.2)
    painter.setBrush(theme.color("panelRight"))
    painter.drawRect(QRectF(right.x() - 2.9, right.y() - 2.9, 5.8, 5.8))
    painter.setBrush(theme.color("panelCentre"))
    painter.translate(head)
    painter.rotate(45)
    painter.drawRect(QRectF(-2.8, -2.8, 5.6, 5.6))
    painter.end()
    return made
