"""The project's skeleton, its keypoints numbered for good."""

from __future__ import annotations

from poseapp.domain.errors import ProjectError
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.store.codec import from_json, to_json
from poseapp.store.database import Database


class SkeletonTable:
    """One skeleton at a time. The positions of a keypoint that was taken out of it stay stored."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._parsed: tuple[str, Skeleton] | None = None

    def current(self) -> Skeleton:
        """The skeleton with the project's numbers; cheap while it does not change."""
        text = self._database.value("SELECT document FROM skeleton")
        if text is None:
            raise ProjectError(
                f"The project {self._database.file.parent.name} has no skeleton: it was never "
                "finished. Make it again."
            )
        if self._parsed is None or self._parsed[0] != text:
            with self._database.sound():
                self._parsed = text, from_json(Skeleton, text)
        return self._parsed[1]

    def write(self, skeleton: Skeleton) -> Skeleton:
        """Replace the skeleton and return it numbered.

        A keypoint without a number of this project is the one that last had its name, otherwise a
        new one: so a keypoint that is taken out and put back finds its positions again.
        """
        with self._database.atomic():
            names = dict(self._database.rows("SELECT uid, name FROM keypoints"))
            kept = {keypoint.uid for keypoint in skeleton.keypoints}
            free = {name: uid for uid, name in names.items() if uid not in kept}
            numbered = skeleton.with_uids(
                keypoint.uid
                if keypoint.uid is not None and keypoint.uid in names
                else self._number(keypoint, free)
                for keypoint in skeleton.keypoints
            )
            self._database.change_many(
                "UPDATE keypoints SET name = ? WHERE uid = ?",
                [(keypoint.name, keypoint.uid) for keypoint in numbered.keypoints],
            )
            self._database.change(
                "INSERT OR REPLACE INTO skeleton (only_one, document) VALUES (1, ?)",
                (to_json(numbered),),
            )
        return numbered

    def numbers(self, skeleton: Skeleton) -> tuple[int, ...]:
        """The project's numbers of a skeleton's keypoints, 0 for those it never had."""
        named = dict(self._database.rows("SELECT name, uid FROM keypoints ORDER BY uid"))
        return tuple(k.uid or named.get(k.name, 0) for k in skeleton.keypoints)

    def _number(self, keypoint: Keypoint, free: dict[str, int]) -> int:
        if keypoint.name in free:
            return free.pop(keypoint.name)
        return self._database.insert("INSERT INTO keypoints (name) VALUES (?)", (keypoint.name,))
