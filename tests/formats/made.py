"""Labels made up for the tests of the formats: one small set by hand, and any set at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from poseapp.domain.ids import FrameRef, TrackId, VideoId
from poseapp.domain.labels import LabelSet, Track
from poseapp.domain.pose import Instance, Origin, Visibility
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.video import Video, VideoKind

V, H, A = Visibility.VISIBLE, Visibility.OCCLUDED, Visibility.ABSENT
NAN = float("nan")
FLY = Skeleton(
    "fly",
    tuple(map(Keypoint, ("head", "wingL", "wingR", "tail"))),
    bones=((0, 3), (0, 1), (0, 2)),
    pairs=((1, 2),),
)


def film(number=1, name="walk.mp4", frames=100):
    return Video(VideoId(number), Path("/films") / name, 640, 480, frames, 25.0)


def folder(path, names, number=1):
    return Video(
        VideoId(number), Path(path), 64, 48, len(names), 1.0, VideoKind.IMAGES, tuple(names)
    )


def body(frame, points, visibility, track=None, video=1):
    return Instance(
        FrameRef(VideoId(video), frame),
        np.array(points, float),
        np.array(visibility, np.uint8),
        track=None if track is None else TrackId(track),
        origin=Origin.IMPORTED,
    )


def one_fly(frame=7, video=1, shift=0.0, track=None):
    """Head visible, left wing hidden, right wing absent, tail visible."""
    points = [(10.25, 20.5), (1 / 3, -4.0), (NAN, NAN), (30.0, 40.0)]
    return body(frame, np.add(points, shift), (V, H, A, V), track, video)


def flies(*instances, videos=(), skeleton=FLY, tracks=(), empty=()):
    named = tuple(Track(TrackId(n), name) for n, name in enumerate(tracks, 1))
    marked = frozenset(FrameRef(VideoId(1), frame) for frame in empty)
    return LabelSet(skeleton, videos or (film(),), instances, named, marked)


def rows(labels):
    """What is labelled, as plain values: (video, picture or frame, track, visibility, points)."""
    names = {track.id: track.name for track in labels.tracks}
    found = []
    for i in labels.instances:
        video = labels.video(i.frame.video)
        place = i.frame.frame if video.kind is VideoKind.FILE else video.images[i.frame.frame]
        points = tuple(None if not seen else tuple(xy) for seen, xy in
                       zip(i.visibility.tolist(), i.points.tolist(), strict=True))  # fmt: skip
        found.append((video.path.stem, place, names.get(i.track), tuple(i.visibility), points))
    return sorted(found, key=repr)


_NAMES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f"),
    min_size=1,
    max_size=8,
).filter(str.strip)
_POSITIONS = st.floats(-5000, 5000)


@st.composite
def skeletons(draw):
    names = draw(st.lists(_NAMES, min_size=1, max_size=5, unique=True))
    places = range(len(names))
    two = st.tuples(st.sampled_from(places), st.sampled_from(places)).filter(lambda t: t[0] != t[1])
    bones = draw(st.lists(two, max_size=4, unique=True)) if len(names) > 1 else []
    order = draw(st.permutations(places))
    pairs = list(zip(order[::2], order[1::2], strict=False))[: draw(st.integers(0, 2))]
    name = draw(_NAMES)
    return Skeleton(name, tuple(map(Keypoint, names)), tuple(bones), tuple(pairs))


@st.composite
def videos(draw, number):
    name = draw(_NAMES)
    if draw(st.booleans()):
        frames = draw(st.integers(1, 20_000))
        return Video(VideoId(number), Path("/films") / f"{name.replace('/', '-')}.mp4", 640, 480,
                     frames, 25.0)  # fmt: skip
    pictures = draw(st.lists(st.integers(0, 9999), min_size=1, max_size=6, unique=True))
    return folder(f"/pictures/{number}/shots{number}", [f"p{n}.png" for n in pictures], number)


@st.composite
def label_sets(draw, most_per_frame=2):
    """Any labels: films and pictures, tracks, three visibilities, bodies without a keypoint."""
    skeleton = draw(skeletons())
    made = tuple(draw(videos(n)) for n in range(1, draw(st.integers(1, 2)) + 1))
    names = draw(st.lists(_NAMES, max_size=3, unique=True))
    tracks = tuple(Track(TrackId(n), name) for n, name in enumerate(names, 1))
    frames = draw(
        st.lists(
            st.sampled_from(made).flatmap(
                lambda v: st.integers(0, v.frame_count - 1).map(lambda f: FrameRef(v.id, f))
            ),
            min_size=1,
            max_size=5,
            unique=True,
        )
    )
    split = draw(st.integers(0, len(frames) - 1))
    instances = []
    for ref in frames[split:]:
        for _ in range(draw(st.integers(1, most_per_frame))):
            seen = [draw(st.sampled_from((V, H, A))) for _ in skeleton.keypoints]
            points = [(draw(_POSITIONS), draw(_POSITIONS)) if s else (NAN, NAN) for s in seen]
            track = draw(st.sampled_from([None, *(t.id for t in tracks)]))
            instances.append(Instance(ref, np.array(points), np.array(seen, np.uint8), track=track))
    return LabelSet(skeleton, made, tuple(instances), tracks, frozenset(frames[:split]))
