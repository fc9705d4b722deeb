"""A frame's mesh fitted again: after a gesture on its keypoints, or when asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from poseapp.app.followed import scores_of
from poseapp.app.mesh_people import MeshPerson, apart, instance_of
from poseapp.app.meshing import Meshing, not_human
from poseapp.app.session import Session
from poseapp.domain.pose import Instance
from poseapp.nets.body.arrays import ANNY
from poseapp.ui.workspaces.label_control import LabelControl
from poseapp.ui.workspaces.mesh import MeshWorkspace
from poseapp.ui.workspaces.mesh_shown import ShownMeshes


class MeshRefitting(QObject):
    """Gestures are the same edits as in the Label workspace; then the mesh follows."""

    hinted = Signal(str)

    def __init__(
        self,
        session: Session,
        meshing: Meshing,
        label: LabelControl,
        shown: ShownMeshes,
        view: MeshWorkspace,
    ) -> None:
        super().__init__(view)
        self._project = session.project
        self._history = session.history
        self._meshing = meshing
        self._label = label
        self._shown = shown
        self._view = view
        self._ready: set[str] = set()
        """Bodies that the worker has practised on."""
        canvas, editing = view.canvas, label.editing
        for signal, verb in (
            (canvas.keypoint_moved, editing.move),
            (canvas.prediction_touched, editing.touch),
            (canvas.visibility_cycled, editing.cycle_visibility),
        ):
            signal.connect(partial(self._gesture, verb))
        canvas.body_moved.connect(editing.move_body)
        canvas.instance_selected.connect(editing.choose_owner)
        canvas.keypoint_selected.connect(editing.choose_owner)
        view.inspector.refit_wanted.connect(self.refit)

    def get_ready(self) -> None:
        """Have the worker ready for the first drag, once for each body."""
        person = self._shown.person
        body = ANNY if person is None else person.options.body
        if body in self._ready or self._project.read_only or not_human(self._project):
            return
        self._ready.add(body)
        self._meshing.get_ready(body)

    def refit(self) -> None:
        """Fit the mesh of this frame to its keypoints as they are."""
        person = self._shown.person
        instance = None if person is None else self.instance(person)
        if person is None or instance is None:
            self.hinted.emit("No keypoints of this person are on the frame.")
            return
        self._refit(person, instance)

    def instance(self, person: MeshPerson) -> Instance | None:
        """Which body on the shown frame is this person."""
        ref = self._label.frame.shown
        if ref is None:
            return None
        bodies = [body.instance for body in self._label.editing.bodies]
        return instance_of(person, ref.frame, bodies, self._project.skeleton)

    def _gesture(self, verb: Callable[..., None], *told: object) -> None:
        """Edit keypoints, then fit the mesh of the person whose they are."""
        before = self._history.mark
        verb(*told)
        if (edit := self._history.mark) != before:
            self._follow(edit)

    def _follow(self, edit: int | None) -> None:
        ref, body = self._label.frame.shown, self._label.editing.current
        if ref is None or body is None:
            return
        skeleton, people = self._project.skeleton, self._shown.people
        gaps = [
            (gap.mean_px, n)
            for n, person in enumerate(people)
            if (gap := apart(person, ref.frame, body.instance, skeleton)) is not None
        ]
        if gaps:
            self._refit(people[min(gaps)[1]], body.instance, edit)

    def _refit(self, person: MeshPerson, instance: Instance, follows: int | None = None) -> None:
        self._view.inspector.show_refitting(True)
        ended = partial(self._view.inspector.show_refitting, False)
        frame, scores = instance.frame.frame, scores_of(instance)
        self._meshing.refit(person, frame, instance.points, scores, ended, follows)
