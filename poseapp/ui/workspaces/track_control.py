"""Who is who: the commands that give bodies their tracks, and the editor of the tracks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from poseapp.app.changes import Changes
from poseapp.app.session import Session
from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import TrackId
from poseapp.ui.actions import Actions
from poseapp.ui.bridge import Background
from poseapp.ui.dialogs.track_editor import TrackEditor
from poseapp.ui.workspaces.editing import Editing, noun_of

_WITH_KEYS = 9


class TrackControl(QObject):
    """Every verb means the current body on the frame that is shown."""

    said = Signal(str)
    """A sentence about something that can be undone."""
    hinted = Signal(str)
    """Why nothing happened."""

    def __init__(
        self,
        session: Session,
        editing: Editing,
        background: Background,
        actions: Actions,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._tracks = session.tracks
        self._editing = editing
        self._background = background
        self._actions = actions
        self._window = window
        self._known = self._tracks.all()
        self._counts: Mapping[TrackId, int] = {}
        self.editor: TrackEditor | None = None
        editing.changed.connect(self._show_body)
        self._connect()

    def changed(self, changes: Changes) -> None:
        """Read again what changed."""
        if changes.tracks:
            self._known = self._tracks.all()
        if self.editor is not None and (changes.tracks or changes.frames or changes.videos):
            self._show()
            self._count()

    def close(self) -> None:
        """The project is closed."""
        if self.editor is not None:
            self.editor.close()

    # -- verbs -------------------------------------------------------------------------------

    def edit(self) -> None:
        """Show the editor beside the window."""
        if self.editor is None:
            self.editor = self._made()
            self._show()
            self._count()
        self.editor.show()
        self.editor.raise_()
        self.editor.activateWindow()

    def add_for_body(self) -> None:
        """Give the current body a track of its own."""
        if (body := self._editing.current_label) is not None:
            name = self._unused_name()
            if self._done(partial(self._tracks.add_for, body, name)):
                self.said.emit(f"This body is {name}")

    def assign(self, track: TrackId | None) -> None:
        """Say who the current body is."""
        body = self._editing.current_label
        if body is not None and self._done(partial(self._tracks.assign, body, track)):
            name = self._name(track)
            self.said.emit(f"This body is {name}" if name else "This body has no track now")

    def assign_nth(self, n: int) -> None:
        """The same for the n-th track, from 0."""
        self.assign(self._known[n].id)

    def trade(self) -> None:
        """Let the two bodies of the frame trade who they are."""
        frame = self._editing.frame
        if frame is not None and self._done(partial(self._tracks.trade, frame)):
            self.said.emit("Traded tracks")

    # -- commands ----------------------------------------------------------------------------

    def _connect(self) -> None:
        connect = self._actions.connect_to
        connect("edit_tracks", self.edit, self._read_only)
        connect("new_track", self.add_for_body, self._no_label)
        connect("trade_tracks", self.trade, self._no_pair)
        for n in range(_WITH_KEYS):
            needs = partial(self._no_nth, n)
            connect(f"track_{n + 1}", partial(self.assign_nth, n), needs)

    def _read_only(self) -> str:
        return "The project is open for reading only." if self._session.project.read_only else ""

    def _no_label(self) -> str:
        missing = "" if self._editing.current_label is not None else "Choose a label first."
        return self._read_only() or missing

    def _no_pair(self) -> str:
        pair = len(self._editing.labels) == 2
        return self._read_only() or ("" if pair else "Trading takes two labels on the frame.")

    def _no_nth(self, n: int) -> str:
        found = len(self._known)
        return self._no_label() or ("" if n < found else f"There are {found} tracks.")

    # -- the editor --------------------------------------------------------------------------

    def _made(self) -> TrackEditor:
        keys = [self._actions.caps(f"track_{n + 1}") for n in range(_WITH_KEYS)]
        editor = TrackEditor(keys, self._window)
        editor.added.connect(self._add)
        editor.renamed.connect(lambda track, name: self._done(lambda: self._rename(track, name)))
        editor.assigned.connect(self.assign)
        editor.merged.connect(self._merge)
        editor.deleted.connect(self._delete)
        return editor

    def _add(self) -> None:
        if self._done(lambda: self._tracks.add(self._unused_name())) and self.editor:
            self.editor.rename_last()

    def _rename(self, track: TrackId, name: str) -> None:
        try:
            self._tracks.rename(track, name)
        except PoseAppError:
            self._show()  # the old name again
            raise

    def _merge(self, track: TrackId, into: TrackId) -> None:
        name, other = self._name(track), self._name(into)
        if self._done(lambda: self._tracks.merge(track, into)):
            self.said.emit(f"Merged {name} into {other}")

    def _delete(self, track: TrackId) -> None:
        name = self._name(track)
        if self._done(lambda: self._tracks.delete(track)):
            self.said.emit(f"Deleted the track {name}")

    def _done(self, verb: Callable[[], object]) -> bool:
        """Do it; where it cannot be done, say why beside the list or in the window."""
        try:
            verb()
        except PoseAppError as problem:
            if self.editor is not None and self.editor.isVisible():
                self.editor.say(str(problem))
            else:
                self.hinted.emit(str(problem))
            return False
        return True

    def _count(self) -> None:
        reader = self._session.project.reader

        def work() -> Mapping[TrackId, int]:
            with reader() as project:
                return project.labels.count_by_track()

        def done(counts: Mapping[TrackId, int]) -> None:
            self._counts = counts
            self._show()

        self._background.run("tracks", work, done)

    def _show(self) -> None:
        if self.editor is not None:
            self.editor.show_tracks(self._known, self._counts)
            self._show_body()

    def _show_body(self) -> None:
        if self.editor is None:
            return
        body = self._editing.current
        label = body is not None and body.is_label
        title = body.title if body is not None and label else ""
        track = body.instance.track if body is not None and label else None
        self.editor.show_body(title, track)

    def _name(self, track: TrackId | None) -> str:
        return next((known.name for known in self._known if known.id == track), "")

    def _unused_name(self) -> str:
        """`Mouse 1`, `Mouse 2`: the first that no track has."""
        noun = noun_of(self._session.project.skeleton)
        taken = {track.name for track in self._known}
        n = 1
        while f"{noun} {n}" in taken:
            n += 1
        return f"{noun} {n}"
