from __future__ import annotations

from poseapp.app.changes import Changes
from poseapp.domain.ids import FrameRef, VideoId

ONE, TWO = (FrameRef(VideoId(1), n) for n in (1, 2))


def test_joined_changes_touch_what_either_touched():
    assert Changes(frozenset({ONE}), videos=True) | Changes(
        frozenset({TWO}), tracks=True, predictions=frozenset({VideoId(1)})
    ) == Changes(
        frozenset({ONE, TWO}), videos=True, tracks=True, predictions=frozenset({VideoId(1)})
    )


def test_nothing_joined_is_no_change():
    assert Changes.merged([]) == Changes()
    assert Changes() | Changes() == Changes()
