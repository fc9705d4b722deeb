"""What a project holds, as plain values and as lines to read."""

from __future__ import annotations

from typing import Any

from poseapp.domain.suggestion import Answer
from poseapp.store.project import Project


def information(project: Project) -> dict[str, Any]:
    """Everything that `poseapp info` says; plain JSON."""
    labels, skeleton = project.labels, project.skeleton
    active = project.runs.active()
    suggestions = project.suggestions.all()
    return {
        "project": str(project.path),
        "skeleton": {
            "name": skeleton.name,
            "keypoints": list(skeleton.names),
            "bones": len(skeleton.bones),
            "pairs": len(skeleton.pairs),
            "parts": [part.name for part in skeleton.parts],
        },
        "videos": [
            {
                "id": video.id,
                "name": video.name,
                "path": str(video.path),
                "missing": not video.path.exists(),
                "frames": video.frame_count,
                "size": [video.width, video.height],
                "fps": video.fps,
                "labelled_frames": len(labels.labelled_frames(video.id)),
            }
            for video in project.videos.all()
        ],
        "labels": labels.count(),
        "labelled_frames": labels.frame_count(),
        "tracks": [track.name for track in labels.tracks()],
        "predictions": project.predictions.count(),
        "suggestions": {
            answer.value: sum(s.answer is answer for s in suggestions) for answer in Answer
        },
        "runs": [
            {
                "id": run.id,
                "kind": run.kind,
                "recipe": run.recipe,
                "state": run.state,
                "in_use": active is not None and run.id == active.id,
                "labelled_frames": run.labelled_frames,
                "held_out_px": run.metrics.get("held_out_px"),
                "message": run.message,
            }
            for run in project.runs.all()
        ],
    }


def lines(found: dict[str, Any]) -> list[str]:
    """The same for a person."""
    skeleton = found["skeleton"]
    said = [
        f"{found['project']}: {found['labels']} labels in {found['labelled_frames']} frames, "
        f"{found['predictions']} predictions",
        f"skeleton {skeleton['name']}: {', '.join(skeleton['keypoints'])}",
    ]
    for video in found["videos"]:
        lost = "  NOT FOUND, relink it" if video["missing"] else ""
        said.append(
            f"video {video['id']} {video['name']}: {video['frames']} frames, "
            f"{video['labelled_frames']} labelled{lost}"
        )
    answers = ", ".join(f"{n} {answer}" for answer, n in found["suggestions"].items() if n)
    said.append(f"suggestions: {answers or 'none'}")
    for run in found["runs"]:
        error = (
            "" if run["held_out_px"] is None else f", held-out error {run['held_out_px']:.1f} px"
        )
        in_use = ", in use" if run["in_use"] else ""
        said.append(f"run {run['id']}: {run['kind']}, {run['state']}{error}{in_use}")
    return said
