"""Every command of the window with its default keys, and the keys a person chose instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """Where the keys of a command are listened to."""

    WINDOW = "window"
    LABEL = "label"
    """Everywhere in the Label workspace, except while text is typed."""
    CANVAS = "canvas"
    """Only while the canvas has the focus: keys that lists and buttons need for themselves."""
    MESH = "mesh"
    """On the canvas and the body in space of the Mesh workspace."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One command: what it is called and which keys call it."""

    id: str
    text: str
    keys: tuple[str, ...]
    group: str
    where: Where = Where.LABEL


def _group(name: str, where: Where, *rows: tuple[str, str, str]) -> tuple[Shortcut, ...]:
    """Rows of (id, text, keys); keys are divided by blanks."""
    return tuple(Shortcut(key, text, tuple(keys.split()), name, where) for key, text, keys in rows)


FRAMES = "Frames"
"""The group of commands that go through a video, wherever one is shown."""

SHORTCUTS: tuple[Shortcut, ...] = (
    *_group(
        "Project",
        Where.WINDOW,
        ("new", "New project from video", "Ctrl+N"),
        ("open", "Open a project", "Ctrl+O"),
        ("import", "Import from another tool", "Ctrl+Shift+I"),
        ("add_video", "Add videos", "Ctrl+Shift+O"),
        ("add_pictures", "Add a folder of pictures", ""),
        ("edit_skeleton", "Edit the skeleton", "Ctrl+Shift+K"),
        ("save", "Save (every edit already is)", "Ctrl+S"),
        ("close", "Close the project", "Ctrl+W"),
        ("quit", "Quit", "Ctrl+Q"),
    ),
    *_group(
        "Window",
        Where.WINDOW,
        ("workspace_label", "Label workspace", "Ctrl+1"),
        ("workspace_train", "Train workspace", "Ctrl+2"),
        ("workspace_mesh", "Mesh workspace", "Ctrl+3"),
        ("workspace_export", "Export workspace", "Ctrl+4"),
        ("find_command", "Find a command", "Ctrl+Shift+P"),
        ("show_shortcuts", "Keyboard shortcuts", "F1"),
        ("theme_dark", "Dark theme", ""),
        ("theme_light", "Light theme", ""),
        ("theme_system", "Theme of the system", ""),
        ("full_screen", "Full screen", "F11"),
        ("copy_diagnostics", "Copy diagnostics", ""),
    ),
    *_group(
        "Edit",
        Where.WINDOW,
        ("undo", "Undo", "Ctrl+Z"),
        ("redo", "Redo", "Ctrl+Shift+Z Ctrl+Y"),
    ),
    *_group(
        "Queue",
        Where.CANVAS,
        ("accept", "Accept, go to next", "Return Enter"),
        ("skip", "Skip for now", "Space"),
        ("previous_suggestion", "Previous suggestion", "Shift+Space"),
    ),
    *_group(
        "Queue",
        Where.LABEL,
        ("fix", "Fix the asked point", "F"),
        ("reject", "Reject this frame", "X"),
        ("suggest", "Suggest frames", "Ctrl+G"),
        ("suggest_here", "Put this frame into the queue", "Ctrl+Shift+G"),
    ),
    *_group(
        FRAMES,
        Where.CANVAS,
        ("next_frame", "Next frame", "Right D"),
        ("previous_frame", "Previous frame", "Left A"),
        ("first_frame", "First frame", "Home"),
        ("last_frame", "Last frame", "End"),
    ),
    *_group(
        FRAMES,
        Where.LABEL,
        ("play", "Play or pause", "."),
        ("forward_10", "10 frames on", "Ctrl+Right"),
        ("back_10", "10 frames back", "Ctrl+Left"),
        ("forward_100", "100 frames on", "Ctrl+Shift+Right"),
        ("back_100", "100 frames back", "Ctrl+Shift+Left"),
        ("next_label", "Next label", "Alt+Right"),
        ("previous_label", "Previous label", "Alt+Left"),
        ("go_to_frame", "Go to frame", "Ctrl+J"),
        ("next_video", "Next video", "Alt+Shift+Right"),
        ("previous_video", "Previous video", "Alt+Shift+Left"),
    ),
    *_group(
        "Points",
        Where.CANVAS,
        ("cancel", "Let go without a change", "Esc"),
    ),
    *_group(
        "Points",
        Where.LABEL,
        ("next_keypoint", "Next keypoint", "S"),
        ("previous_keypoint", "Previous keypoint", "W"),
        ("cycle_visibility", "Visible, hidden or absent", "V"),
        ("clear_keypoint", "Take the point away, one back", "Backspace"),
        ("nudge_up", "Nudge up 1 px", "I"),
        ("nudge_left", "Nudge left 1 px", "J"),
        ("nudge_down", "Nudge down 1 px", "K"),
        ("nudge_right", "Nudge right 1 px", "L"),
        ("nudge_up_fine", "Nudge up 0.1 px", "Shift+I"),
        ("nudge_left_fine", "Nudge left 0.1 px", "Shift+J"),
        ("nudge_down_fine", "Nudge down 0.1 px", "Shift+K"),
        ("nudge_right_fine", "Nudge right 0.1 px", "Shift+L"),
    ),
    *_group(
        "Bodies",
        Where.LABEL,
        ("add_instance", "Add a body point by point", "Ctrl+I N"),
        ("add_instance_usual", "Add a body in the usual pose", ""),
        ("add_instance_copy", "Add a body as in the previous label", "Ctrl+Shift+N"),
        ("delete_instance", "Delete the body", "Del Ctrl+Backspace"),
        ("next_instance", "Next body", "`"),
        ("copy", "Copy the body", "Ctrl+C"),
        ("paste", "Paste the body", "Ctrl+V"),
        ("swap_sides", "Swap left and right", "Ctrl+Shift+L"),
        ("accept_all", "Accept all predictions on this frame", "Ctrl+Shift+A"),
        ("mark_empty", "Nobody on this frame", "Shift+N"),
        *((f"instance_{n}", f"Body {n}", str(n)) for n in range(1, 10)),
    ),
    *_group(
        "Tracks",
        Where.LABEL,
        ("edit_tracks", "Tracks: name, merge, delete", "Ctrl+Shift+T"),
        ("new_track", "This body is a new track", "Ctrl+0"),
        ("trade_tracks", "Two bodies trade tracks", "Ctrl+T"),
        *((f"track_{n}", f"This body is track {n}", f"Alt+{n}") for n in range(1, 10)),
    ),
    *_group(
        "View",
        Where.LABEL,
        ("fit", "Fit the picture", "R Ctrl+="),
        ("zoom_in", "Zoom in", "Ctrl++"),
        ("zoom_out", "Zoom out", "Ctrl+-"),
        ("show_labels", "Labels", "H"),
        ("show_predictions", "Prediction", "P"),
        ("show_names", "Names", "T"),
        ("show_trails", "Trails", "Shift+T"),
        ("show_heatmap", "Heatmap", "Shift+H"),
    ),
    *_group(
        "View",
        Where.CANVAS,
        ("hide_panels", "Hide or show all panels", "Tab"),
        ("reset_layout", "Put the panels back", ""),
    ),
    *_group(
        "Train",
        Where.WINDOW,
        ("train", "Train on the labels", "Ctrl+L"),
        ("predict_shown", "Predict the frame on screen", ""),
        ("predict_video", "Predict this video", "Ctrl+Shift+V"),
        ("predict_all", "Predict all videos", ""),
        ("recover_meshes", "Fit bodies to this video", "Ctrl+Shift+B"),
    ),
    *_group(
        "Meshes",
        Where.MESH,
        ("next_disagreeing", "Next frame on which mesh and points disagree", "Space"),
        ("refit_mesh", "Refit this frame", "Return Enter"),
        ("mesh_style", "Shaded, transparent or wire", "M"),
        ("follow_person", "Follow the person in space", "F"),
    ),
)

BY_ID: Mapping[str, Shortcut] = {shortcut.id: shortcut for shortcut in SHORTCUTS}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two commands that listen to the same key."""

    key: str
    first: str
    second: str


class Keymap:
    """The keys in force: the defaults, with what a person changed laid over them.

    `save` is called with every change as {id: keys}; only what differs from the defaults.
    """

    def __init__(
        self,
        changed: Mapping[str, Iterable[str]] | None = None,
        save: Callable[[dict[str, list[str]]], None] | None = None,
    ) -> None:
        self._changed = {k: tuple(v) for k, v in (changed or {}).items() if k in BY_ID}
        self._save = save

    def keys(self, command: str) -> tuple[str, ...]:
        """The keys of a command, the one that is shown first."""
        return self._changed.get(command, BY_ID[command].keys)

    def changed(self) -> dict[str, list[str]]:
        """What differs from the defaults."""
        return {command: list(keys) for command, keys in self._changed.items()}

    def change(self, changed: Mapping[str, Iterable[str]]) -> None:
        """Replace everything a person chose."""
        chosen = {k: tuple(v) for k, v in changed.items()}
        self._changed = {k: v for k, v in chosen.items() if v != BY_ID[k].keys}
        if self._save is not None:
            self._save(self.changed())


def conflicts(keys: Mapping[str, Iterable[str]]) -> list[Conflict]:
    """The pairs of commands that would fight for a key, in the order of the table.

    Places overlap on the canvas of a workspace, so there a key may have one command only.
    """
    taken: dict[str, list[str]] = {}
    found = []
    for command in BY_ID:
        for key in keys.get(command, ()):
            others = taken.setdefault(key, [])
            fights = (other for other in others if other != command and _meet(other, command))
            found += [Conflict(key, other, command) for other in list(fights)[:1]]
            others.append(command)
    return found


def _meet(one: str, other: str) -> bool:
    """Whether one place hears the keys of both commands."""
    return bool(_heard(BY_ID[one]) & _heard(BY_ID[other]))


def _heard(shortcut: Shortcut) -> set[str]:
    """The workspaces that hear a command."""
    label, mesh = {"label"}, {"mesh"}
    if shortcut.where is Where.MESH:
        return mesh
    return label | mesh if shortcut.where is Where.WINDOW or shortcut.group == FRAMES else label


def shown(key: str) -> str:
    """A key as it stands on a keycap: `Ctrl+Shift+P` becomes `Ctrl Shift P`."""
    signs = {"Return": "Enter", "Del": "Delete", "Right": "→", "Left": "←", "Period": "."}
    parts = [*key[:-1].rstrip("+").split("+"), "+"] if key.endswith("+") else key.split("+")
    return " ".join(signs.get(part, part) for part in parts if part)
