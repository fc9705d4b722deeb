"""GLB: bodies that move, as skinned meshes with a skeleton of joints (glTF 2.0, binary).

Axes of glTF: x right, y up, z towards the viewer, metres; here the camera stands at the origin and
looks along -z, as glTF's own cameras do.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from poseapp.domain.errors import FormatError
from poseapp.formats.atomic import write_bytes

Floats = NDArray[np.floating]

_MAGIC, _JSON, _BINARY = b"glTF", b"JSON", b"BIN\0"
_ARRAY, _ELEMENTS = 34962, 34963
_TYPES = {np.dtype("<f4"): 5126, np.dtype("<u4"): 5125, np.dtype("u1"): 5121}
_SHAPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
_LENGTHS = {name: length for length, name in _SHAPES.items()}
_INFLUENCES = 4


@dataclass(frozen=True, slots=True, eq=False)
class MovingBody:
    """A skinned mesh and how its joints turn, in the axes of glTF."""

    name: str
    joint_names: tuple[str, ...]
    parents: tuple[int, ...]
    """-1 for the root, which comes first."""
    joints: Floats
    """(J, 3) at rest."""
    vertices: Floats
    """(V, 3) at rest."""
    normals: Floats
    """(V, 3)"""
    faces: NDArray[np.integer]
    """(F, 3)"""
    skin: Floats
    """(V, J) shares with which the joints move a vertex."""
    seconds: Floats
    """(T,)"""
    rotations: Floats
    """(T, J, 3) axis angles against the parent."""
    root: Floats
    """(T, 3) where the root is."""


@dataclass(slots=True)
class _Parts:
    """A document that grows, with its buffer."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    meshes: list[dict[str, Any]] = field(default_factory=list)
    skins: list[dict[str, Any]] = field(default_factory=list)
    animations: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    binary: bytearray = field(default_factory=bytearray)

    def store(self, array: NDArray, target: int | None = None, *, bounds: bool = False) -> int:
        """Append an array of one row for each element; its accessor."""
        rows = np.ascontiguousarray(array).reshape(len(array), -1)
        view = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": rows.nbytes}
        self.views.append(view | ({"target": target} if target else {}))
        self.binary += rows.tobytes() + b"\0" * (-rows.nbytes % 4)
        accessor: dict[str, Any] = {
            "bufferView": len(self.views) - 1,
            "componentType": _TYPES[rows.dtype],
            "count": len(rows),
            "type": _SHAPES[rows.shape[1]],
        }
        if bounds:
            accessor |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def write_glb(bodies: Sequence[MovingBody], path: Path) -> None:
    """Write all bodies into one file, each with an animation of its own."""
    parts = _Parts()
    tops = [node for body in bodies for node in _add(parts, body)]
    document = {
        "asset": {"version": "2.0", "generator": "poseapp"},
        "scene": 0,
        "scenes": [{"nodes": tops}],
        "nodes": parts.nodes,
        "meshes": parts.meshes,
        "materials": [
            {
                "name": "body",
                "pbrMetallicRoughness": {
                    "baseColorFactor": [0.62, 0.72, 0.86, 1.0],
                    "metallicFactor": 0.0,
                    "roughnessFactor": 0.8,
                },
            }
        ],
        "skins": parts.skins,
        "animations": parts.animations,
        "accessors": parts.accessors,
        "bufferViews": parts.views,
        "buffers": [{"byteLength": len(parts.binary)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    total = 12 + 8 + len(text) + 8 + len(parts.binary)
    head = struct.pack("<4sII", _MAGIC, 2, total) + struct.pack("<I4s", len(text), _JSON)
    tail = struct.pack("<I4s", len(parts.binary), _BINARY)
    write_bytes(path, head + text + tail + bytes(parts.binary))


def read_glb(path: Path) -> tuple[dict[str, Any], list[NDArray]]:
    """The document of a GLB file, and the (N, C) array of each accessor.

    Raises:
        FormatError: when it is damaged, or holds what `write_glb` never writes.
    """
    try:
        return _parsed(path.read_bytes())
    except (OSError, ValueError, LookupError, TypeError, struct.error) as why:
        raise FormatError(
            f"{path.name} cannot be read as GLB ({why}). Export it again, or choose another file."
        ) from why


def _parsed(content: bytes) -> tuple[dict[str, Any], list[NDArray]]:
    magic, version, total = struct.unpack_from("<4sII", content)
    length, kind = struct.unpack_from("<I4s", content, 12)
    size, second = struct.unpack_from("<I4s", content, 20 + length)
    if (magic, version, kind, second) != (_MAGIC, 2, _JSON, _BINARY) or total != len(content):
        raise ValueError("it is no whole GLB of version 2")
    document = json.loads(content[20 : 20 + length])
    binary = content[28 + length : 28 + length + size]
    return document, [_array(document, binary, a) for a in document["accessors"]]


def _array(document: dict[str, Any], binary: bytes, accessor: dict[str, Any]) -> NDArray:
    view = document["bufferViews"][accessor["bufferView"]]
    dtype = next(d for d, number in _TYPES.items() if number == accessor["componentType"])
    columns = _LENGTHS[accessor["type"]]
    count = accessor["count"] * columns
    flat = np.frombuffer(binary, dtype, count, view["byteOffset"])
    return flat.reshape(-1, columns)


def _add(parts: _Parts, body: MovingBody) -> tuple[int, int]:
    """Add a body; the nodes that stand in the scene: its root joint and its mesh."""
    first = len(parts.nodes)
    for joint, name in enumerate(body.joint_names):
        parent = body.parents[joint]
        offset = body.joints[joint] - (body.joints[parent] if joint else 0)
        node: dict[str, Any] = {"name": name, "translation": np.float64(offset).tolist()}
        children = [first + c for c, above in enumerate(body.parents) if c and above == joint]
        parts.nodes.append(node | ({"children": children} if children else {}))
    skin = len(parts.skins)
    bind = np.tile(np.eye(4, dtype="<f4"), (len(body.joints), 1, 1))
    bind[:, 3, :3] = -body.joints  # columns first, so that is the last column
    parts.skins.append(
        {
            "joints": list(range(first, first + len(body.joints))),
            "skeleton": first,
            "inverseBindMatrices": parts.store(bind),
        }
    )
    parts.meshes.append({"name": body.name, "primitives": [_primitive(parts, body)]})
    parts.nodes.append({"name": body.name, "mesh": len(parts.meshes) - 1, "skin": skin})
    parts.animations.append(_animation(parts, body, first))
    return first, len(parts.nodes) - 1


def _primitive(parts: _Parts, body: MovingBody) -> dict[str, Any]:
    strongest = np.argsort(-body.skin, axis=1)[:, :_INFLUENCES]
    shares = np.take_along_axis(body.skin, strongest, axis=1)
    shares = shares / shares.sum(axis=1, keepdims=True)
    strongest = np.where(shares > 0, strongest, 0)
    attributes = {
        "POSITION": parts.store(body.vertices.astype("<f4"), _ARRAY, bounds=True),
        "NORMAL": parts.store(body.normals.astype("<f4"), _ARRAY),
        "JOINTS_0": parts.store(strongest.astype("u1"), _ARRAY),
        "WEIGHTS_0": parts.store(shares.astype("<f4"), _ARRAY),
    }
    indices = parts.store(body.faces.reshape(-1).astype("<u4"), _ELEMENTS)
    return {"attributes": attributes, "indices": indices, "material": 0}


def _animation(parts: _Parts, body: MovingBody, first: int) -> dict[str, Any]:
    times = parts.store(body.seconds.astype("<f4"), bounds=True)
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []

    def follow(node: int, path: str, values: Floats) -> None:
        samplers.append({"input": times, "output": parts.store(values.astype("<f4"))})
        target = {"node": node, "path": path}
        channels.append({"sampler": len(samplers) - 1, "target": target})

    follow(first, "translation", body.root)
    for joint in range(len(body.joints)):
        turns = Rotation.from_rotvec(body.rotations[:, joint]).as_quat(canonical=True)
        follow(first + joint, "rotation", _continuous(turns))
    return {"name": body.name, "samplers": samplers, "channels": channels}


def _continuous(quaternions: Floats) -> Floats:
    """The same turns, each with the sign that is nearer to the one before it."""
    flips = (quaternions[1:] * quaternions[:-1]).sum(axis=1) < 0
    signs = np.cumprod(np.where(np.concatenate([[False], flips]), -1.0, 1.0))
    return quaternions * signs[:, None]
