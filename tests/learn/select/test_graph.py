"""UncertainGCN and CoreGCN, held against dense matrices."""

import numpy as np
import pytest
import torch

from poseapp.domain.report import SilentReport
from poseapp.learn.select.graph import CoreGraph, UncertainGraph
from poseapp.learn.select.graph_net import Affinity, GraphNet, labelled_or_not, trained
from poseapp.learn.select.probed import Aspect, Probed
from tests.learn.select.pools import believed, blobs, frames_of, pool_of


def dense(rows: np.ndarray) -> np.ndarray:
    """The affinity as the paper writes it down."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = unit @ unit.T - np.eye(len(rows))
    return cosines / cosines.sum(axis=0) + np.eye(len(rows))


@pytest.fixture
def rows():
    return np.random.default_rng(0).random((7, 4))


def test_the_affinity_is_the_dense_matrix(rows):
    found = Affinity(torch.from_numpy(rows)) @ torch.eye(7, dtype=torch.float64)
    np.testing.assert_allclose(found, dense(rows), atol=1e-12)


def test_the_graph_net_computes_what_dense_matrices_give(rows):
    torch.manual_seed(0)
    net = GraphNet(4).double().eval()
    affinity = Affinity(torch.from_numpy(rows))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    with torch.no_grad():
        found = net(affinity @ torch.from_numpy(unit), affinity)
    first, bias, second, last = (p.detach().numpy() for p in net.parameters())
    hidden = np.maximum(dense(rows) @ unit @ first.T + bias, 0)
    np.testing.assert_allclose(found, (dense(rows) @ hidden @ second.T + last)[:, 0], atol=1e-12)


def test_the_loss_weighs_unlabelled_rows():
    chance = np.array([0.9, 0.6, 0.2, 0.5])
    raw = torch.from_numpy(np.log(chance / (1 - chance)))
    wanted = -np.log(chance[:2]).mean() - 1.2 * np.log(1 - chance[2:]).mean()
    assert float(labelled_or_not(raw, 2, 1.2)) == pytest.approx(wanted)


def planted():
    """Labels in the first of three groups; the net's embedding tells the groups apart."""
    groups = np.abs(blobs([20, 20, 20], apart=5.0)).astype(np.float64)
    labelled, candidates = groups[:10], groups[10:]
    told = Probed({Aspect.EMBEDDING: candidates}, {Aspect.EMBEDDING: labelled})
    return pool_of(
        candidates, labelled_features=labelled, predicted=believed(len(candidates)), probed=told
    )


def test_a_graph_net_learns_what_is_labelled():
    pool = planted()
    told = pool.insides()
    nodes = trained(
        told.labelled[Aspect.EMBEDDING],
        told.candidates[Aspect.EMBEDDING],
        60,
        0,
        SilentReport(),
    )
    assert nodes.labelled[:20].mean() > nodes.labelled[20:].mean()


def test_core_gcn_covers_the_groups_that_have_no_label():
    picked = frames_of(CoreGraph(steps=30).pick(planted(), 2, SilentReport()))
    assert {(frame + 10) // 20 for frame in picked} == {1, 2}


def test_uncertain_gcn_picks_those_nearest_to_the_margin():
    pool = planted()
    (pick,) = UncertainGraph(steps=30).pick(pool, 1, SilentReport())
    told = pool.insides()
    nodes = trained(
        told.labelled[Aspect.EMBEDDING], told.candidates[Aspect.EMBEDDING], 30, 0, SilentReport()
    )
    assert pick.frame.frame == int(np.abs(nodes.labelled[10:] - 0.1).argmin())
    assert "for being labelled" in pick.reasons[0].text
