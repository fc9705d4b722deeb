"""The packs that selectors are compared on, and how: the same for every table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from poseapp.app.simulation import Simulation
from poseapp.domain.labels import LabelSet
from poseapp.domain.video import VideoKind
from poseapp.formats.registry import read
from poseapp.learn.oracle.settings import Effort, Schedule, Sight
from poseapp.media.probe import probe, probe_images
from tests.fixtures.jhmdb import read_jhmdb


def mirror_mouse(pack: Path) -> tuple[LabelSet, Simulation]:
    """70 stills to ask for, the 20 of the given split to measure on."""
    labels = read(pack / "CollectedData.csv").labels
    found = probe_images(labels.videos[0].path, labels.videos[0].images)
    video = replace(labels.videos[0], width=found.width, height=found.height)
    labels = replace(labels, videos=(video,))
    splits = json.loads((pack.parent / "splits.json").read_text())["mirror_mouse"]
    names = {Path(name).name for name in splits["test20"]}
    measured = frozenset(ref for ref in labels.frames if video.images[ref.frame] in names)
    return labels, Simulation(
        "mirror_mouse",
        schedule=Schedule(rounds=6, batch=5, initial=5),
        sight=Sight(long_side=160, copies=4),
        effort=Effort(steps=120),
        measured_on=measured,
    )


def jhmdb_human_video(pack: Path) -> tuple[LabelSet, Simulation]:
    """Every fourth frame; a quarter of the frames is held out, film by film."""
    labels, films = read_jhmdb(pack, stride=4)
    return labels, Simulation(
        "jhmdb_human_video",
        schedule=Schedule(rounds=6, batch=20, initial=20),
        sight=Sight(long_side=224, copies=3),
        effort=Effort(steps=200),
        groups=films,
    )


def jhmdb_same_clips(pack: Path) -> tuple[LabelSet, Simulation]:
    """Every fourth frame, measured on frames between those: what a project's owner wants."""
    labels, _ = read_jhmdb(pack.parent / "jhmdb_human_video", stride=2)
    films_apart = jhmdb_human_video(pack.parent / "jhmdb_human_video")[1]
    kept = [ref for ref in labels.frames if ref.frame % 4 == 0 or ref.frame % 12 == 2]
    return labels.only(kept), replace(
        films_apart,
        dataset="jhmdb_same_clips",
        groups={},
        measured_on=frozenset(ref for ref in kept if ref.frame % 4),
    )


def dlc_openfield(pack: Path) -> tuple[LabelSet, Simulation]:
    """Stills of one film; blocks of time are held out."""
    labels = read(pack).labels
    stills = next(v for v in labels.videos if v.kind is VideoKind.IMAGES)
    stills = replace(probe_images(stills.path, stills.images), id=stills.id)
    return replace(labels, videos=(stills,)), Simulation(
        "dlc_openfield",
        schedule=Schedule(rounds=6, batch=10, initial=10),
        sight=Sight(long_side=160, copies=4),
        effort=Effort(steps=100),
    )


def sleap_fly_centered(pack: Path) -> tuple[LabelSet, Simulation]:
    """Two flies in every frame, each looked at in a crop; blocks of time are held out."""
    labels = read(pack / "centered_pair.slp").labels
    film = replace(probe(pack / "centered_pair_small.mp4"), id=labels.videos[0].id)
    return replace(labels, videos=(film,)), Simulation(
        "sleap_fly_centered",
        schedule=Schedule(rounds=5, batch=8, initial=10),
        sight=Sight(long_side=160, copies=3),
        effort=Effort(steps=120),
    )


PACKS: dict[str, Callable[[Path], tuple[LabelSet, Simulation]]] = {
    "mirror_mouse": mirror_mouse,
    "dlc_openfield": dlc_openfield,
    "sleap_fly_centered": sleap_fly_centered,
    "jhmdb_human_video": jhmdb_human_video,
    "jhmdb_same_clips": jhmdb_same_clips,
}
