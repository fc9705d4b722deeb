"""The net in use and the frame on screen: a prediction where there is none yet, and a heatmap."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from poseapp.app.inference import Inference
from poseapp.app.settings import Settings
from poseapp.domain.ids import FrameRef
from poseapp.media.packing import packed
from poseapp.ui.bridge import Background
from poseapp.ui.workspaces.shown_frame import Picture, Player, ShownFrame

_STAYS_MS = 150
"""Who looks at a frame for this long is neither playing nor scrubbing."""
_PREDICTS = "predict_shown"


class ScreenNet(QObject):
    """Has the net look at a frame once a person stays on it."""

    heat_changed = Signal(object)
    """The (H, W) map over the frame that is shown; None while there is none."""

    def __init__(
        self,
        inference: Inference,
        settings: Settings,
        frame: ShownFrame,
        player: Player,
        background: Background,
    ) -> None:
        super().__init__(frame)
        self._inference = inference
        self._settings = settings
        self._frame = frame
        self._player = player
        self._background = background
        self._seen: tuple[FrameRef, Picture] | None = None
        """The exact picture that is shown."""
        self._wants_heat = False
        self._stays = QTimer(self, singleShot=True, interval=_STAYS_MS)
        self._stays.timeout.connect(self._look)
        frame.arrived.connect(self._arrived)
        player.changed.connect(self.look_soon)

    @property
    def predicts(self) -> bool:
        """Whether frames without labels and predictions are predicted; it is remembered."""
        return bool(self._settings.get(_PREDICTS))

    def set_predicts(self, on: bool) -> None:
        self._settings.set(_PREDICTS, on)
        self.look_soon()

    def set_heat(self, on: bool) -> None:
        """Whether a heatmap is wanted from now on."""
        self._wants_heat = on
        self.heat_changed.emit(None)
        self.look_soon()

    def not_yet(self) -> str:
        """Why the net cannot look, as a sentence; empty when it can."""
        return self._inference.not_yet()

    def look_soon(self) -> None:
        """Look at the frame that is shown, if it still is in a moment."""
        self._stays.start()

    def close(self) -> None:
        """Look no more."""
        self._stays.stop()
        self._seen = None

    def _arrived(self, ref: FrameRef, picture: Picture, exact: bool) -> None:
        if self._wants_heat and (self._seen is None or self._seen[0] != ref):
            self.heat_changed.emit(None)
        self._seen = (ref, picture) if exact else None
        self.look_soon()

    def _look(self) -> None:
        if self._seen is None or self._player.playing or self.not_yet():
            return
        ref, picture = self._seen
        if self._wants_heat or (self.predicts and self._inference.is_bare(ref)):
            self._background.run("packing", partial(packed, picture), partial(self._ask, ref))

    def _ask(self, ref: FrameRef, picture: bytes) -> None:
        if ref != self._frame.wanted or self.not_yet():
            return
        if self.predicts:
            self._inference.predict_shown(ref, picture)
        if self._wants_heat:
            self._inference.heat_of(ref, picture, partial(self._heat_came, ref))

    def _heat_came(self, ref: FrameRef, heat: NDArray[np.float32]) -> None:
        if self._wants_heat and ref == self._frame.shown:
            self.heat_changed.emit(heat)
