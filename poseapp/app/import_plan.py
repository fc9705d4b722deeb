"""What an import will change in a project: worked out first, then done by `BringIn`."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from poseapp.app.bring_in import BringIn
from poseapp.app.import_videos import Home, home_of
from poseapp.app.keypoint_mapping import arranged
from poseapp.app.posing import not_labelled
from poseapp.domain.errors import FormatError
from poseapp.domain.ids import FrameRef, TrackId, VideoId
from poseapp.domain.labels import Track
from poseapp.domain.pose import Instance
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.run import Run
from poseapp.domain.skeleton import Skeleton
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.domain.video import Video, VideoKind
from poseapp.store.project import Project

if TYPE_CHECKING:
    from poseapp.formats.base import Imported  # its readers are heavy: loaded when needed

_ENOUGH = 20
"""Labels that tell whether a video was imported before."""

IMPORTED = "imported"
"""The selector of suggestions, and the recipe of runs, that came with an import."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The edit, and what a person wants to know of it."""

    command: BringIn
    already_there: int
    """Labels that the project has just so."""
    kept_ours: int
    """Labels of bodies that the project has, but otherwise: its own stay."""
    notes: tuple[str, ...]


def plan(project: Project, imported: Imported, name: str, run: Run) -> Plan:
    """What bringing in these labels changes; `run` is the record of imported predictions.

    Raises:
        FormatError: when the file labels keypoints that the project does not have.
    """
    return _Planner(project, imported, name).plan(run)


class _Planner:
    """Looks up what the project has of an import; changes nothing."""

    def __init__(self, project: Project, imported: Imported, name: str) -> None:
        self._project = project
        self._imported = imported
        self._labels = imported.labels
        self._name = name
        self._columns = _columns(project.skeleton, imported.labels.skeleton, name)
        self._homes = self._find_homes()
        self._tracks = self._find_tracks()
        self._already_there = 0
        self._kept_ours = 0

    def plan(self, run: Run) -> Plan:
        instances = self._instances()
        labelled = {i.frame for i in instances}
        predictions = self._predictions()
        known = {known.id for known in self._project.runs.all()}
        runs = dict.fromkeys(found.run for found in predictions if found.run not in known)
        homes = [home.known for home in self._homes.values()]
        command = BringIn(
            f"Imported {self._name}",
            self._skeleton(),
            tuple(home.known for home in self._homes.values() if home.grown),
            tuple({video.id: video for video in homes if video.id < 0}.values()),
            tuple(
                Track(self._tracks[track.id], track.name)
                for track in self._labels.tracks
                if self._tracks.get(track.id, 0) < 0
            ),
            instances,
            tuple(sorted(self._empty() - labelled)),
            self._suggestions(labelled),
            predictions,
            tuple(replace(run, id=number) for number in runs),
        )
        return Plan(command, self._already_there, self._kept_ours, self._notes())

    def _notes(self) -> tuple[str, ...]:
        notes = [
            f"The pictures of {video.name} are frames of {home.known.name}: their labels are there."
            for video in self._labels.videos
            if (home := self._homes[video.id]).known.kind is not video.kind
        ]
        if self._kept_ours:
            notes.append(
                f"{self._kept_ours:,} labels look different in the project, which kept its own. "
                "Delete those first to take the imported ones."
            )
        return tuple(notes)

    def _find_homes(self) -> dict[VideoId, Home]:
        """The project's video for each imported one; new videos have numbers below 0."""
        used: dict[VideoId, set[int]] = {video.id: set() for video in self._labels.videos}
        for ref in (
            *self._labels.frames,
            *self._labels.empty_frames,
            *self._imported.suggested,
        ):
            used[ref.video].add(ref.frame)
        for found in self._imported.predictions:
            used[found.video].update(found.frames.tolist())
        known = list(self._project.videos.all())
        names = [video.name for video in self._labels.videos]
        homes: dict[VideoId, Home] = {}
        # films first: the pictures of the same import may be frames of them
        for video in sorted(self._labels.videos, key=lambda v: v.kind is VideoKind.IMAGES):
            by_name = names.count(video.name) == 1
            home = home_of(video, used[video.id], known, by_name=by_name)
            home = home or self._home_by_labels(video)
            if home is None:
                home = Home(replace(video, id=VideoId(-len(homes) - 1)))
                known += [home.known] if video.kind is VideoKind.FILE else []
            homes[video.id] = home
        return {video.id: homes[video.id] for video in self._labels.videos}

    def _home_by_labels(self, video: Video) -> Home | None:
        """Of a video whose file is missing: the one that has most of its labels just so.

        It was imported before and has been linked to a file of another name since.
        """
        mine = [i for i in self._labels.instances if i.frame.video == video.id][:_ENOUGH]
        if video.fingerprint or not mine:
            return None
        for candidate in self._project.videos.all():
            home = Home(candidate)
            same = sum(
                any(replace(i, frame=home.frame(i.frame.frame)).same_pose(k) for k in there)
                for i in map(self._in_our_order, mine)
                if (there := self._project.labels.at(home.frame(i.frame.frame)))
            )
            if 2 * same > len(mine):
                return home
        return None

    def _find_tracks(self) -> dict[TrackId, TrackId]:
        """The project's track of the same name; new ones have numbers below 0."""
        known = {track.name: track.id for track in self._project.labels.tracks()}
        used = {i.track for i in self._labels.instances}
        return {
            track.id: known.get(track.name, TrackId(-n))
            for n, track in enumerate(self._labels.tracks, 1)
            if track.id in used
        }

    def _skeleton(self) -> Skeleton | None:
        """The project's skeleton with the file's bones and pairs, where it has none itself."""
        ours, theirs = self._project.skeleton, self._labels.skeleton

        def taken(
            own: tuple[tuple[int, int], ...], their: tuple[tuple[int, int], ...]
        ) -> tuple[tuple[int, int], ...]:
            return own or tuple((self._columns[a], self._columns[b]) for a, b in their)

        merged = replace(
            ours, bones=taken(ours.bones, theirs.bones), pairs=taken(ours.pairs, theirs.pairs)
        )
        return None if merged == ours else merged

    def _here(self, ref: FrameRef) -> FrameRef:
        return self._homes[ref.video].frame(ref.frame)

    def _at(self, ref: FrameRef) -> tuple[Instance, ...]:
        return () if ref.video < 0 else self._project.labels.at(ref)

    def _instances(self) -> tuple[Instance, ...]:
        """The labels that the project does not have yet."""
        made: list[Instance] = []
        for ref in self._labels.frames:
            theirs = [self._translated(i) for i in self._labels.at(ref)]
            ours = self._at(self._here(ref))
            same = [i for i in theirs if any(i.same_pose(known) for known in ours)]
            others = [k for k in ours if not any(i.same_pose(k) for i in same)]
            unlike = [i for i in theirs if all(i is not known for known in same)]
            new = not_labelled(others, unlike)
            self._already_there += len(same)
            self._kept_ours += len(unlike) - len(new)
            made += new
        return tuple(made)

    def _translated(self, instance: Instance) -> Instance:
        track = None if instance.track is None else self._tracks.get(instance.track)
        ordered = self._in_our_order(instance)
        return replace(ordered, frame=self._here(instance.frame), track=track)

    def _in_our_order(self, instance: Instance) -> Instance:
        return arranged(instance, self._columns, len(self._project.skeleton))

    def _empty(self) -> set[FrameRef]:
        refs = {self._here(ref) for ref in self._labels.empty_frames}
        return {
            ref
            for ref in refs
            if ref.video < 0 or not (self._at(ref) or self._project.labels.is_empty(ref))
        }

    def _suggestions(self, labelled: set[FrameRef]) -> tuple[Suggestion, ...]:
        """The frames picked elsewhere that are still to be labelled."""
        refs = [self._here(ref) for ref in self._imported.suggested]
        open_ones = [
            ref
            for ref in dict.fromkeys(refs)
            if ref not in labelled
            and not self._at(ref)
            and (ref.video < 0 or not self._project.suggestions.at(ref))
        ]
        reason = Reason(IMPORTED, f"Picked for labelling in {self._name}.", 0.0)
        round_ = self._project.suggestions.last_round() + 1
        return tuple(Suggestion(ref, 0.0, (reason,), IMPORTED, round_) for ref in open_ones)

    def _predictions(self) -> tuple[PredictionSet, ...]:
        """The predictions in the project's frames and keypoints; none that it has already."""
        size = len(self._project.skeleton)
        made = []
        for found in self._imported.predictions:
            home = self._homes[found.video]
            if found.run in self._project.predictions.runs_of(home.known.id):
                continue
            points = np.full((len(found), size, 2), np.nan, np.float32)
            scores = np.zeros((len(found), size), np.float32)
            points[:, self._columns] = found.points
            scores[:, self._columns] = found.scores
            frames = np.array([home.frame(n).frame for n in found.frames.tolist()], np.int64)
            order = np.argsort(frames, kind="stable")
            made.append(
                PredictionSet(
                    home.known.id,
                    found.run,
                    frames[order],
                    points[order],
                    scores[order],
                    found.tracks[order],
                )
            )
        return tuple(made)


def _columns(ours: Skeleton, theirs: Skeleton, name: str) -> list[int]:
    """The project's keypoint for each imported one, by name."""
    unknown = [keypoint for keypoint in theirs.names if keypoint not in ours.names]
    if unknown:
        alike = [
            f"{match[0]} for {keypoint}"
            for keypoint in unknown
            if (match := difflib.get_close_matches(keypoint, ours.names, 1))
        ]
        hint = f" (Is it {', '.join(alike)}?)" if alike else ""
        raise FormatError(
            f"{name} labels keypoints that this project does not have: {', '.join(unknown)}."
            f"{hint} Rename them in one of the two or add them to the project's skeleton, then "
            "import again; or import into a new project."
        )
    return [ours.index(keypoint) for keypoint in theirs.names]
