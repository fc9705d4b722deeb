"""Bodies fitted to everybody in the open video: which body, how smoothly, and how far it is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from poseapp.app.mesh_options import MeshOptions
from poseapp.app.mesh_tasks import Outcome
from poseapp.app.services import Services
from poseapp.app.settings import Settings
from poseapp.domain.errors import PoseAppError
from poseapp.domain.video import Video
from poseapp.nets.body.arrays import ANNY
from poseapp.nets.body.figure import arrays_called
from poseapp.nets.motion_hmr.choice import architecture_in, own_file, shipped_names
from poseapp.ui.bridge import Background
from poseapp.ui.panels import pieces
from poseapp.ui.workspaces.mesh import MeshWorkspace
from poseapp.ui.workspaces.mesh_shown import ShownMeshes
from poseapp.ui.workspaces.video_control import VideoControl

_BODIES, _NETS = "mesh_bodies", "mesh_nets"
_MOST_FILES = 5
"""Of the user's, each, that are offered again."""


class MeshFitting(QObject):
    """Keeps what was chosen for the next fit, and starts it."""

    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        settings: Settings,
        services: Services,
        background: Background,
        videos: VideoControl,
        shown: ShownMeshes,
        view: MeshWorkspace,
    ) -> None:
        super().__init__(view)
        self._settings = settings
        self._meshing = services.meshing
        self._inference = services.inference
        self._background = background
        self._videos = videos
        self._shown = shown
        self._view = view
        self._chosen: MeshOptions | None = None
        panel = view.inspector.fit
        panel.body_chosen.connect(self.choose_body)
        panel.body_file_wanted.connect(self._ask_for_body)
        panel.net_chosen.connect(self.choose_net)
        panel.net_file_wanted.connect(self._ask_for_net)
        panel.smoothing_changed.connect(self._smooth)
        panel.again_wanted.connect(self.recover)
        panel.show_bodies(settings.get(_BODIES, []))
        panel.show_nets(shipped_names(), settings.get(_NETS, []))
        shown.loaded.connect(self._show_options)

    @property
    def options(self) -> MeshOptions:
        """For the next fit: what was chosen, else what the meshes that are there have."""
        return self._chosen or self._fitted or MeshOptions()

    def recover(self) -> None:
        """Fit bodies to everybody in the open video."""
        missing, video = self.not_yet(), self._videos.current
        if missing or video is None:
            self.said.emit(missing)
            return
        self._meshing.recover([video.id], partial(self._recovered, video), self.options)

    def not_yet(self) -> str:
        """Why no bodies can be fitted now; empty when they can."""
        return self._meshing.not_yet() if self._videos.current else "Add a video first."

    # -- what is chosen ----------------------------------------------------------------------

    def choose_body(self, body: str) -> None:
        """Fit another body next time, once its file was read."""
        self._background.run(
            "body", partial(arrays_called, body), lambda _: self._take_body(body), self._refused
        )

    def _ask_for_body(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self._view.window(), "Which body? A file of SMPL or SMPL-X", "", "Bodies (*.npz)"
        )
        if path:
            self.choose_body(str(Path(path).absolute()))

    def _take_body(self, body: str) -> None:
        self._choose(replace(self.options, body=body))
        if body != ANNY:
            self._view.inspector.fit.show_bodies(self._remembered(_BODIES, body))

    def choose_net(self, net: str) -> None:
        """Begin the next fit with another net, once its file was read."""
        if (file := own_file(net)) is None:
            self._choose(replace(self.options, net=net))
            return
        self._background.run(
            "net", partial(architecture_in, file), lambda _: self._take_net(net), self._refused
        )

    def _ask_for_net(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self._view.window(), "Which net? A file that Motion-HMR was trained into", "",
            "Nets (*.safetensors)",
        )  # fmt: skip
        if path:
            self.choose_net(str(Path(path).absolute()))

    def _take_net(self, net: str) -> None:
        self._choose(replace(self.options, net=net))
        self._view.inspector.fit.show_nets(shipped_names(), self._remembered(_NETS, net))

    def _remembered(self, kind: str, file: str) -> list[str]:
        """The user's files of a kind, the newest first."""
        known = [one for one in self._settings.get(kind, []) if one != file]
        known = [file, *known][:_MOST_FILES]
        self._settings.set(kind, known)
        return known

    def _refused(self, problem: BaseException) -> None:
        if not isinstance(problem, PoseAppError):
            raise problem
        self.failed.emit(str(problem))

    def _smooth(self, smoothing: float) -> None:
        self._choose(replace(self.options, smoothing=smoothing))

    def _choose(self, options: MeshOptions) -> None:
        self._chosen = options
        self._show_options()

    @property
    def _fitted(self) -> MeshOptions | None:
        person = self._shown.person
        return None if person is None else person.options

    def _show_options(self) -> None:
        self._view.inspector.fit.show_options(self.options, self._fitted)

    # -- how far it is -----------------------------------------------------------------------

    def show_state(self) -> None:
        """Show the meshes, or why there are none and what to do."""
        if self._shown.people:
            self._view.show_meshes()
        elif (job := self._meshing.job) is not None:
            text = f"{job.progress:.0%} · {job.text}" if job.text else "Starting"
            self._view.show_instead("person-standing", "Fitting bodies", text)
        elif problem := self._shown.problem:
            again = ("Fit bodies again", self.recover, True)
            self._view.show_instead(
                "triangle-alert", "The meshes cannot be read", problem, (again,)
            )
        else:
            self._say_what_to_do()

    def _say_what_to_do(self) -> None:
        missing = self._meshing.not_yet()
        buttons = (("Fit bodies", self.recover, True),)
        if missing:
            predict = missing.startswith("There are no keypoints") and not self._inference.not_yet()
            buttons = (("Predict this video", self._predict, True),) if predict else ()
        self._view.show_instead(
            "person-standing",
            "No mesh yet",
            missing
            or "A body is fitted to the keypoints of each person: to your labels where there are "
            "some, else to predictions.",
            buttons,
        )

    def _predict(self) -> None:
        video = self._videos.current
        if video is not None:
            self._inference.predict_video(video.id)

    def _recovered(self, video: Video, outcome: Outcome) -> None:
        who = pieces.count(outcome.people, "person", "people")
        stopped = "Stopped; " if outcome.stopped else ""
        self.said.emit(f"{stopped}bodies are fitted to {who} in {video.name}")
