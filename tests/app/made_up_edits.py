"""A person who edits at random but always the same for a seed; run as a program, until killed.

    python -m tests.app.made_up_edits PROJECT SEED

It prints the state of the project after every edit that was acknowledged.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from poseapp.app.commands import AddSuggestions
from poseapp.app.session import Session
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.pose import Visibility
from tests.fixtures.projects import MOUSE, mouse_session, predicted, suggestion

VIDEO = VideoId(1)
FRAMES = 6


def prepared(path: Path) -> Session:
    """A new project with predictions on its frames."""
    session, video = mouse_session(path)
    session.project.predictions.write(predicted(video, [n for n in range(FRAMES) for _ in (0, 1)]))
    return session


def state(session: Session) -> str:
    """A fingerprint of all that edits and undo can touch."""
    project = session.project
    sha = hashlib.sha256(project.labels.snapshot().digest().encode())
    for instance in project.labels.snapshot().instances:
        sha.update(f"{instance.id} {instance.origin} {instance.run}".encode())
    for waiting in project.suggestions.all():
        sha.update(f"{waiting.id} {waiting.frame.frame} {waiting.answer}".encode())
    sha.update(f"{session.history.undo_text} {session.history.redo_text}".encode())
    return sha.hexdigest()[:20]


def edits(session: Session, seed: int) -> Iterator[None]:
    """Edit for ever, one edit a step."""
    chance = random.Random(seed)
    while True:
        _edit(session, chance)
        yield


def _edit(session: Session, chance: random.Random) -> None:
    frame = FrameRef(VIDEO, chance.randrange(FRAMES))
    labelling = session.labelling
    bodies = [instance.id for instance in labelling.view(frame).labels]
    body = chance.choice(bodies) if bodies else None
    keypoint = chance.randrange(len(MOUSE))
    at = (chance.uniform(0, 640), chance.uniform(0, 480))
    verbs = [
        lambda: labelling.place_keypoint(frame, None, keypoint, at),
        lambda: labelling.accept_all(frame),
        lambda: labelling.add_instance(frame, "template", at),
        lambda: session.history.do(AddSuggestions((suggestion(frame, chance.random()),))),
        session.queue.skip,
        session.history.undo,
        session.history.undo,
        session.history.redo,
    ]
    if body is not None:
        verbs += [
            lambda: labelling.move_keypoint(body, keypoint, at),
            lambda: labelling.set_visibility(body, keypoint, chance.choice(list(Visibility))),
            lambda: labelling.move_instance(body, *at),
            lambda: labelling.swap_sides(body),
            lambda: labelling.delete_instance(body),
            lambda: labelling.mark_empty(frame),
        ]
    chance.choice(verbs)()


def main() -> None:
    with prepared(Path(sys.argv[1])) as session:
        sys.stdout.write("ready\n")
        for _ in edits(session, int(sys.argv[2])):
            sys.stdout.write(f"{state(session)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
