"""SLEAP's skeletons: a graph in JSON as two Python libraries pickle it.

All keypoints of a file stand in one list; a skeleton names its own by their places in it. A link's
type is 1 for a bone and 2 for a left/right pair. A type is spelt out (`py/reduce`) where it is
first used and referred to by number (`py/id`) afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from poseapp.domain.skeleton import Keypoint, Skeleton, guess_pairs
from poseapp.formats.base import texts

_BONE, _PAIR = 1, 2


def decoded(metadata: Mapping[str, Any]) -> list[Skeleton]:
    """The skeletons of a file's metadata."""
    names = texts([node["name"] for node in metadata["nodes"]], "names of keypoints")
    return [_skeleton(graph.get("nx_graph", graph), names) for graph in metadata["skeletons"]]


def encoded(skeleton: Skeleton) -> dict[str, Any]:
    """`nodes` and `skeletons` of a file's metadata for one skeleton."""
    links = [
        {"edge_insert_idx": n, "key": 0, "source": a, "target": b, "type": _type(_BONE, n, 1)}
        for n, (a, b) in enumerate(skeleton.bones)
    ]
    second = 2 if skeleton.bones else 1
    links += [
        {"key": 0, "source": a, "target": b, "type": _type(_PAIR, n, second)}
        for n, (a, b) in enumerate(skeleton.pairs)
    ]
    graph = {
        "directed": True,
        "graph": {"name": skeleton.name, "num_edges_inserted": len(skeleton.bones)},
        "links": links,
        "multigraph": True,
        "nodes": [{"id": k} for k in range(len(skeleton))],
    }
    return {
        "skeletons": [graph],
        "nodes": [{"name": name, "weight": 1.0} for name in skeleton.names],
    }


def oriented(
    pairs: Iterable[tuple[int, int]], names: tuple[str, ...]
) -> tuple[tuple[int, int], ...]:
    """The pairs with left first, each once; SLEAP's have no order, so the names decide."""
    right_first = {(right, left) for left, right in guess_pairs(names)}
    kept: dict[frozenset[int], tuple[int, int]] = {}
    for a, b in pairs:
        kept.setdefault(frozenset((a, b)), (b, a) if (a, b) in right_first else (a, b))
    return tuple(kept.values())


def _skeleton(graph: Mapping[str, Any], names: tuple[str, ...]) -> Skeleton:
    nodes = [node["id"] for node in graph["nodes"]]
    place = {node: k for k, node in enumerate(nodes)}
    spelt: list[int] = []
    bones: list[tuple[int, tuple[int, int]]] = []
    pairs: list[tuple[int, int]] = []
    for n, link in enumerate(graph["links"]):
        kind = link["type"]
        if "py/reduce" in kind:
            spelt.append(kind["py/reduce"][1]["py/tuple"][0])
            number = spelt[-1]
        else:
            reference = kind["py/id"]
            number = spelt[reference - 1] if 0 < reference <= len(spelt) else reference
        ends = place[link["source"]], place[link["target"]]
        if number == _PAIR:
            pairs.append(ends)
        else:
            bones.append((link.get("edge_insert_idx", n), ends))
    own = tuple(names[node] for node in nodes if 0 <= node < len(names))
    if len(own) < len(nodes):
        raise ValueError("a skeleton with a keypoint that has no name")
    return Skeleton(
        str(graph.get("graph", {}).get("name") or "skeleton"),
        tuple(Keypoint(name) for name in own),
        tuple(ends for _, ends in sorted(bones, key=lambda bone: bone[0])),
        oriented(pairs, own),
    )


def _type(kind: int, n: int, number: int) -> dict[str, Any]:
    if n:
        return {"py/id": number}
    return {"py/reduce": [{"py/type": "sleap.skeleton.EdgeType"}, {"py/tuple": [kind]}]}
