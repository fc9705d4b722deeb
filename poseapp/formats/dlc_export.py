"""Writing a DeepLabCut project: config.yaml and, for every video, tables and pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from poseapp.domain.ids import TrackId
from poseapp.domain.labels import LabelSet, Track, most_instances_per_frame
from poseapp.domain.pose import Instance
from poseapp.domain.video import Video, VideoKind
from poseapp.formats import atomic
from poseapp.formats.base import Fitted, Pictures, count
from poseapp.formats.cutting import (
    without_empty_bodies,
    without_empty_frames,
    without_hidden,
    without_pairs,
    without_parts,
    without_tracks,
)
from poseapp.formats.hdf_table import table_image
from poseapp.formats.keypoint_table import Column, KeypointTable, write_csv
from poseapp.formats.pictures import as_picture_folders, write_pictures

PLACEHOLDER = "individual"
_SCORER = "poseapp"
_KEY = "df_with_missing"
_RESERVED = "single"
"""DeepLabCut's name for what is there once, such as the corners of a box."""


def fit(labels: LabelSet) -> Fitted:
    """What a DeepLabCut project can hold of these labels."""
    notes: list[str] = []
    labels = without_empty_frames(without_empty_bodies(labels, notes), notes)
    labels = without_pairs(without_parts(labels, notes), notes)
    labels = without_hidden(labels, notes)
    several = most_instances_per_frame(labels.instances) > 1
    used = {i.track for i in labels.instances if i.track is not None}
    tell_apart = used and (several or len(used) > 1)
    labels = _named(labels, notes) if tell_apart else without_tracks(labels, notes)
    return as_picture_folders(labels, notes)


def save(fitted: Fitted, target: Path, out: Path, pictures: Pictures | None) -> tuple[str, ...]:
    """Write the project's folder."""
    labels = fitted.labels
    individuals = _individuals(labels)
    (target / "videos").mkdir(parents=True)
    config = _configuration(fitted, individuals, out)
    # letters beyond ASCII stay escaped: some of them would be taken for the end of a line
    text = yaml.safe_dump(config, sort_keys=False, width=1000)
    atomic.write_bytes(target / "config.yaml", text.encode())
    for video in labels.videos:
        table = _table(labels, video, individuals)
        stem = target / "labeled-data" / video.name / f"CollectedData_{_SCORER}"
        atomic.write_bytes(stem.with_suffix(".csv"), write_csv(table))
        atomic.write_bytes(stem.with_suffix(".h5"), table_image(table, _KEY))
    return write_pictures(fitted, target / "labeled-data", pictures)


def _named(labels: LabelSet, notes: list[str]) -> LabelSet:
    """Every instance on a track of its own in its frame, in the order of the tracks."""
    tracks = _usable_names(labels.tracks, notes)
    spare: list[TrackId] = []
    placed: list[Instance] = []
    invented = 0
    for ref in labels.frames:
        group = labels.at(ref)
        taken = {i.track for i in group}
        seen: set[TrackId] = set()
        for instance in group:
            track = instance.track
            if track is None or track not in tracks or track in seen:
                track = next((t for t in spare if t not in taken), None) or _invented(tracks, spare)
                taken.add(track)
                invented += 1
            seen.add(track)
            placed.append(replace(instance, track=track))
    order: dict[TrackId | None, int] = {track: n for n, track in enumerate(tracks)}
    placed.sort(key=lambda i: (i.frame, order[i.track]))
    if invented:
        bodies = count(invented, "body", "bodies")
        notes.append(f"{bodies} without a track of its own in the frame got one: {PLACEHOLDER}1, …")
    used = {i.track for i in placed}
    kept = tuple(Track(number, name) for number, name in tracks.items() if number in used)
    return replace(labels, instances=tuple(placed), tracks=kept)


def _usable_names(tracks: Iterable[Track], notes: list[str]) -> dict[TrackId, str]:
    names: dict[TrackId, str] = {}
    for track in tracks:
        name = track.name if track.name.strip() else PLACEHOLDER
        while name == _RESERVED or name in names.values():
            name += "_2"
        if name != track.name:
            notes.append(f"The track {track.name!r} is called {name!r} in the export.")
        names[track.id] = name
    return names


def _invented(tracks: dict[TrackId, str], spare: list[TrackId]) -> TrackId:
    number = 1
    while f"{PLACEHOLDER}{number}" in tracks.values():
        number += 1
    track = TrackId(max(tracks, default=0) + 1)
    tracks[track] = f"{PLACEHOLDER}{number}"
    spare.append(track)
    return track


def _individuals(labels: LabelSet) -> tuple[str, ...]:
    """Names of the columns' animals: tracks, or places in the frame, or none for one animal."""
    if labels.tracks:
        return tuple(track.name for track in labels.tracks)
    most = most_instances_per_frame(labels.instances)
    return tuple(f"{PLACEHOLDER}{n}" for n in range(1, most + 1)) if most > 1 else ("",)


def _table(labels: LabelSet, video: Video, individuals: tuple[str, ...]) -> KeypointTable:
    frames = [ref for ref in labels.frames if ref.video == video.id]
    column_of = {track.id: n for n, track in enumerate(labels.tracks)}
    points = np.full((len(frames), len(individuals), len(labels.skeleton), 2), np.nan)
    for n, ref in enumerate(frames):
        for place, instance in enumerate(labels.at(ref)):
            i = place if instance.track is None else column_of[instance.track]
            points[n, i] = instance.points
    return KeypointTable(
        tuple(
            Column(_SCORER, individual, name, coordinate)
            for individual in individuals
            for name in labels.skeleton.names
            for coordinate in ("x", "y")
        ),
        tuple(("labeled-data", video.name, video.images[ref.frame]) for ref in frames),
        points.reshape(len(frames), -1),
    )


def _configuration(fitted: Fitted, individuals: tuple[str, ...], out: Path) -> dict[str, Any]:
    """The keys that DeepLabCut 2 and 3 look for; the values are its own defaults."""
    names = list(fitted.labels.skeleton.names)
    several = individuals != ("",)
    animals: dict[str, Any] = {"bodyparts": names}
    if several:
        animals = {
            "individuals": list(individuals),
            "uniquebodyparts": [],
            "multianimalbodyparts": names,
            "bodyparts": "MULTI!",
        }
    return {
        "Task": out.name,
        "scorer": _SCORER,
        "date": date.today().strftime("%b%d"),
        "multianimalproject": several,
        "identity": bool(fitted.labels.tracks),
        "project_path": str(out),
        "engine": "pytorch",
        "video_sets": _video_sets(fitted, out),
        **animals,
        "start": 0,
        "stop": 1,
        "numframes2pick": 20,
        "skeleton": [[names[a], names[b]] for a, b in fitted.labels.skeleton.bones],
        "skeleton_color": "black",
        "pcutoff": 0.6,
        "dotsize": 6,
        "alphavalue": 0.7,
        "colormap": "rainbow",
        "TrainingFraction": [0.95],
        "iteration": 0,
        "default_net_type": "dlcrnet_ms5" if several else "resnet_50",
        "default_augmenter": "multi-animal-imgaug" if several else "default",
        "snapshotindex": -1,
        "detector_snapshotindex": -1,
        "batch_size": 8,
        "detector_batch_size": 1,
        "cropping": False,
        "x1": 0,
        "x2": 640,
        "y1": 277,
        "y2": 624,
        "corner2move2": [50, 50],
        "move2corner": True,
    }


def _video_sets(fitted: Fitted, out: Path) -> dict[str, dict[str, str]]:
    """A film for each folder of pictures; DeepLabCut finds the folder by the film's name."""
    sets = {}
    for video in fitted.labels.videos:
        original = fitted.original.video(video.id)
        is_film = original.kind is VideoKind.FILE and original.path.stem == video.name
        film = original.path if is_film else out / "videos" / f"{video.name}.mp4"
        sets[str(film)] = {"crop": f"0, {video.width}, 0, {video.height}"}
    return sets
