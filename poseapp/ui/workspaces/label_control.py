"""What happens in the Label workspace: frames, bodies, queue and timeline kept in step."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from poseapp.app.changes import Changes
from poseapp.app.services import Services
from poseapp.app.session import Session
from poseapp.domain.errors import VideoMissingError
from poseapp.domain.ids import FrameRef
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.domain.video import Video
from poseapp.ui.actions import Actions
from poseapp.ui.bridge import Background
from poseapp.ui.dialogs.skeleton_draft import layout
from poseapp.ui.workspaces.editing import Editing
from poseapp.ui.workspaces.label import LabelWorkspace
from poseapp.ui.workspaces.overview import Lanes, Overview
from poseapp.ui.workspaces.painted_bodies import show_bodies
from poseapp.ui.workspaces.queue_control import QueueControl, Thumbnails
from poseapp.ui.workspaces.screen_net import ScreenNet
from poseapp.ui.workspaces.shown_frame import Picture, Player, ShownFrame
from poseapp.ui.workspaces.video_control import VideoControl

_EMPTY_FRAME = "Nobody is on this frame; it counts as an answer."
_NOT_LABELLED = "Nothing is labelled or predicted here."


class LabelControl(QObject):
    """Joins the view to the session; every gesture passes through here on its way to the labels."""

    hovered = Signal(str)
    """Where the mouse is, in words."""
    said = Signal(str)
    """A sentence about something that can be undone."""
    hinted = Signal(str)
    """Why nothing happened."""
    failed = Signal(str)

    def __init__(
        self,
        session: Session,
        services: Services,
        background: Background,
        view: LabelWorkspace,
        actions: Actions,
    ) -> None:
        super().__init__(view)
        self._session = session
        self.view = view
        self._actions = actions
        self._background = background
        project = session.project
        self.frame = ShownFrame(services.frames, self)
        self.player = Player(self.frame, self)
        self.net = ScreenNet(
            services.inference, session.settings, self.frame, self.player, background
        )
        self.editing = Editing(session.labelling, lambda: project.skeleton, self._tracks, self)
        self.thumbnails = Thumbnails(services.frames.thumbnails, self)
        self.videos = VideoControl(
            project, services.library, view.side.videos, self.thumbnails, background, view
        )
        self.overview = Overview(background, project.reader, self)
        self.queue = QueueControl(
            session.queue,
            project.suggestions,
            view.queue,
            self.thumbnails,
            self.frame.prefetch,
            self.videos.name_of,
        )
        self._asked: Suggestion | None = None
        self._next_frame: int | None = None
        self._connect_canvas()
        self._connect_frames()
        self._connect_queue()

    # -- the session changed -----------------------------------------------------------------

    def start(self) -> None:
        """Show the project: the current suggestion, or the first video."""
        self._show_skeleton()
        self.view.canvas.read_only = self._session.project.read_only
        self.videos.refresh()
        self.overview.count()
        self.queue.refresh()
        if self.queue.current is not None:
            self.queue.open_current()
        elif not self.videos.videos:
            self._show_no_video()

    def close(self) -> None:
        """Before the project is closed: nothing is looked at any more."""
        self.player.stop()
        self.net.close()

    def changed(self, changes: Changes) -> None:
        """Refresh what the changes concern, and nothing else."""
        shown = self.frame.shown
        if changes.videos:
            self._videos_changed()
        if changes.skeleton:
            self._show_skeleton()
        concerned = shown is not None and (
            shown in changes.frames or shown.video in changes.predictions
        )
        if concerned or changes.skeleton or changes.tracks:
            self.editing.refresh()
            if shown is not None:
                self._point_at_asked(shown)
        video = self.videos.current
        if video is not None and (
            any(ref.video == video.id for ref in changes.frames)
            or video.id in changes.predictions
            or changes.suggestions
        ):
            self.overview.read_lanes()
        if changes.frames or changes.suggestions or changes.videos:
            self.overview.count()
        if changes.suggestions or changes.videos:
            self.queue.refresh()
        if changes.runs:
            self.net.look_soon()

    def _videos_changed(self) -> None:
        self.thumbnails.forget()
        before = self.videos.current
        self.videos.refresh()
        if not self.videos.videos:
            self._show_no_video()
        elif (video := self.videos.current) is not None and before is not None:
            if video.id == before.id and self.frame.wanted is not None:
                self._next_frame = self.frame.wanted.frame
            self._video_opened(video)

    # -- wiring ------------------------------------------------------------------------------

    def _connect_canvas(self) -> None:
        canvas, editing = self.view.canvas, self.editing
        canvas.keypoint_placed.connect(editing.place)
        canvas.keypoint_moved.connect(editing.move)
        canvas.prediction_touched.connect(editing.touch)
        canvas.prediction_accepted.connect(editing.accept)
        canvas.visibility_cycled.connect(editing.cycle_visibility)
        canvas.body_moved.connect(editing.move_body)
        canvas.instance_selected.connect(editing.choose_owner)
        canvas.keypoint_selected.connect(editing.choose_owner)
        canvas.hovered.connect(self.say_position)
        canvas.zoomed.connect(self.view.context.show_zoom)
        self.view.side.bodies.chosen.connect(editing.choose)
        self.view.side.keypoints.chosen.connect(editing.choose_keypoint)
        self.view.side.keypoints.eye_clicked.connect(lambda k: editing.cycle_visibility(None, k))
        editing.changed.connect(self._show_bodies)
        editing.said.connect(self.said)

    def _connect_frames(self) -> None:
        view = self.view
        self.frame.asked.connect(self._frame_asked)
        self.frame.arrived.connect(self._picture_arrived)
        self.frame.failed.connect(self._picture_failed)
        self.net.heat_changed.connect(view.canvas.set_heatmap)
        self.player.changed.connect(view.transport.show_playing)
        view.transport.frame_typed.connect(self.go)
        view.transport.left.connect(view.focus_canvas)
        view.transport.speed_chosen.connect(self.player.set_speed)
        for signal in (
            view.timeline.seek_requested,
            view.timeline.scrubbing,
            view.timeline.scrub_finished,
        ):
            signal.connect(self.go)
        self.videos.opened.connect(self._video_opened)
        self.videos.said.connect(self.said)
        self.videos.failed.connect(self.failed)
        self.overview.counted.connect(self.videos.show_counts)
        self.overview.lanes_read.connect(self._show_lanes)
        self.overview.trails_read.connect(self._show_trails)

    def _connect_queue(self) -> None:
        self.queue.opened.connect(self._suggestion_opened)
        self.queue.answered.connect(self.said)
        self.queue.refused.connect(self.hinted)

    # -- going to frames ---------------------------------------------------------------------

    def go(self, frame: int) -> None:
        """Go to a frame of the open video; playing ends."""
        self.player.stop()
        self.frame.go(frame)

    def step(self, by: int) -> None:
        self.player.stop()
        self.frame.step(by)

    def go_to(self, ref: FrameRef) -> None:
        """Go to a frame of any video."""
        if ref == self.frame.wanted:
            return
        self.player.stop()
        if self.videos.current is None or self.videos.current.id != ref.video:
            self._next_frame = ref.frame
            self.videos.open(ref.video)
        else:
            self.frame.go(ref.frame)

    def go_to_label(self, *, before: bool) -> None:
        """Go to the nearest labelled frame before or after this one."""
        if self.frame.wanted is not None:
            found = self._session.project.labels.nearest_labelled(self.frame.wanted, before=before)
            if found is not None:
                self.go_to(found)

    def _video_opened(self, video: Video) -> None:
        self.player.stop()
        frame, self._next_frame = self._next_frame or 0, None
        self.view.timeline.set_video(video.frame_count, video.fps)
        self.overview.show_video(video.id)
        self.frame.open_video(video, frame)
        self._actions.refresh_soon()

    def _frame_asked(self, ref: FrameRef) -> None:
        video = self.videos.current
        if video is not None:
            self.view.timeline.set_position(ref.frame)
            self.view.transport.show_frame(ref.frame, video.frame_count, video.fps)

    def _picture_arrived(self, ref: FrameRef, picture: Picture, exact: bool) -> None:
        video = self.videos.current
        if video is None:
            return
        self.view.show_canvas()
        self.view.canvas.set_picture(picture, exact, (video.width, video.height))
        if self.editing.frame != ref:
            self.view.canvas.describe_frame(f"Frame {ref.frame:,} of {video.name}")
            self.editing.show(ref)
            self._point_at_asked(ref)
            self.read_trails()
        self._actions.refresh_soon()

    def _picture_failed(self, ref: FrameRef, problem: Exception) -> None:
        self.player.stop()
        self.editing.leave()
        video = self.videos.get(ref.video)
        if video is None:
            return
        if isinstance(problem, VideoMissingError):
            self.view.show_instead(
                "unlink",
                f"{video.name} is not where it was",
                f"Last seen in {video.path.parent}. Its labels are safe and can still be exported.",
                (
                    ("Find the file", lambda: self.videos.relink(video.id), True),
                    ("Remove the video", lambda: self.videos.remove(video.id), False),
                ),
            )
        else:
            self.view.show_instead("triangle-alert", "This frame cannot be shown", str(problem))

    def _show_no_video(self) -> None:
        self.frame.open_video(None)
        self.editing.leave()
        self.view.timeline.set_video(0, 0.0)
        add = self._actions["add_video"]
        pictures = self._actions["add_pictures"]
        self.view.show_instead(
            "film",
            "No video yet",
            "Add films or folders of pictures, or drop them on the window.",
            (("Add videos", add.trigger, True), ("Add pictures", pictures.trigger, False)),
        )

    # -- queue -------------------------------------------------------------------------------

    def accept(self) -> None:
        """Accept what is on the frame, and go on with the queue where there is one."""
        current = self.queue.current
        if current is not None and current.frame == self.frame.shown:
            self.queue.accept()
        elif self.editing.predictions:
            self.editing.accept_current()
        elif current is not None:
            self.queue.open_current()

    def skip(self) -> None:
        """Skip the frame that is asked for; from elsewhere go back to it."""
        current = self.queue.current
        if current is not None and current.frame != self.frame.wanted:
            self.queue.open_current()
        else:
            self.queue.skip()

    def fix(self) -> None:
        """Choose the asked point, so that it can be nudged or dragged at once."""
        current = self.queue.current
        if current is not None:
            self._asked = current
            self._point_at_asked(current.frame)

    def _suggestion_opened(self, suggestion: Suggestion) -> None:
        self._asked = suggestion
        if self.frame.shown == suggestion.frame:
            self._point_at_asked(suggestion.frame)
        self.go_to(suggestion.frame)
        self.view.focus_canvas()

    def _point_at_asked(self, ref: FrameRef) -> None:
        """Choose the keypoint a suggestion is about, and bring it into the middle.

        Where nobody is on the frame yet, that waits for a body.
        """
        asked, skeleton = self._asked, self._session.project.skeleton
        body = self.editing.current
        if asked is None or asked.frame != ref or body is None:
            return
        self._asked = None
        name = _asked_keypoint(asked.reasons)
        if name is None or name not in skeleton.names:
            return
        k = skeleton.index(name)
        if body.instance.present[k]:
            self.editing.choose_keypoint(k)
            self.view.canvas.reveal(*body.instance.points[k].tolist())

    def cancel(self) -> None:
        """Let go of what is held or just begun, without an edit."""
        self.view.canvas.cancel()
        self.editing.cancel()

    # -- showing -----------------------------------------------------------------------------

    def _show_skeleton(self) -> None:
        skeleton = self._session.project.skeleton
        self.view.canvas.set_skeleton(skeleton)
        self._background.run("guide", partial(layout, skeleton), self.view.canvas.set_guide)

    def _show_bodies(self) -> None:
        project = self._session.project
        frame = self.editing.frame
        empty = frame is not None and project.labels.is_empty(frame)
        words = _EMPTY_FRAME if empty else _NOT_LABELLED
        show_bodies(self.view, self.editing, project.skeleton, words if frame else "")
        self._actions.refresh_soon()

    def _show_lanes(self, lanes: Lanes) -> None:
        if self.videos.current is None or lanes.video != self.videos.current.id:
            return
        timeline = self.view.timeline
        timeline.set_labels(lanes.labels)
        timeline.set_suggestions(lanes.suggestions, lanes.answers)
        timeline.set_confidence(lanes.confidence_frames, lanes.confidence)
        timeline.set_tracks(lanes.tracks)

    def read_trails(self) -> None:
        """Have the trails of the frame that is shown read, where they are wanted."""
        if self.view.canvas.options.trails and self.frame.shown is not None:
            self.overview.read_trails(self.frame.shown)

    def _show_trails(self, frame: FrameRef, found: list[NDArray[np.float64]]) -> None:
        if frame == self.frame.shown:
            self.view.canvas.set_trails(found)

    def say_position(self, x: float, y: float) -> None:
        """Say where on the picture the mouse is; NaN where it is not."""
        self.hovered.emit("" if math.isnan(x) else f"x {x:.1f}  y {y:.1f}")

    def _tracks(self) -> dict[int, str]:
        return {int(track.id): track.name for track in self._session.project.labels.tracks()}


def _asked_keypoint(reasons: tuple[Reason, ...]) -> str | None:
    return next((reason.keypoint for reason in reasons if reason.keypoint), None)
