"""The settings of REMOTE; light enough to be read where no net is loaded.

[P] marks what the paper states, everything else it leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

AGENT_FILE = "frame_agent.safetensors"
"""In the folder of a run that taught a frame selection agent."""
FEWEST_LABELS = 20
"""Fewer are too few to be split into frames to learn from, to tell the state and to reward with."""
FEWEST_TAUGHT = 10
"""Of these, that are neither held out nor too near to a frame that is."""
FOLDS = 5
FOLDS_BELOW = 100
"""With fewer labels the rewarding ones are another fifth in every game."""


class Partners(StrEnum):
    """Who chooses the unlabelled partner of a labelled frame (table 1)."""

    AGENT = "agent"
    RANDOM = "random"
    UNIFORM_3 = "uniform_3"
    UNIFORM_6 = "uniform_6"
    UNIFORM_9 = "uniform_9"

    @property
    def offset(self) -> int | None:
        """Frames before the labelled one, of the uniform kinds."""
        return int(self[-1]) if self.startswith("uniform") else None


@dataclass(frozen=True, slots=True)
class Weights:
    """λ of equation 11; 0 leaves a loss out."""

    truth: float = 1.0
    """[P] of L_gt."""
    redrawn: float = 1.0
    """[P] Of the labelled frame's reconstruction in L_gt, beside 1 of the frame itself."""
    adversarial: float = 0.25
    """[P]"""
    pose: float = 0.5
    """[P]"""
    pixel: float = 0.0
    """Of the difference in colour, which the paper's L_full lacks though its text speaks of it."""


@dataclass(frozen=True, slots=True)
class AsPrinted:
    """Points where we deviate from the letter of the paper; True restores it."""

    target_pose_only: bool = False
    """The generator sees the target pose alone (equations 4 and 5), not the source's too."""
    unmoved: bool = False
    """The generator has to move bodies by itself: the source is not moved along with keypoints."""
    whole_picture: bool = False
    """The generator paints everything anew instead of what changes."""
    both_sides: bool = False
    """L_pose also pulls the features of the real frame, which would let features shrink."""
    taught_to_look: bool = False
    """L_pose also teaches the estimator to see in drawn frames what it sees in real ones; it is
    then the longest gradient, and says nothing of where keypoints are."""
    raw_features: bool = False
    """L_pose sums plain squared differences; the largest layer then outweighs the others."""
    estimated_condition: bool = False
    """The discriminator is told the estimated pose of labelled frames too (equation 7)."""
    saturating: bool = False
    """log(1 - D) as in equation 9, which hardly teaches a generator that is seen through."""
    squared_maps: bool = False
    """L_gt as squared differences of heatmaps (equation 8), not the estimator's own loss."""
    batch_statistics: bool = False
    """The estimator's normalisation learns from real and reconstructed frames alike."""
    one_threshold: bool = False
    """Rewards from PCK at 0.2, which moves in steps of one keypoint, not over three thresholds."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """How large the generator and the discriminator are."""

    side: int | None = 64
    """Longer side of what is drawn, in pixels; None for the estimator's input."""
    width: int = 24
    """Channels of the first layer of both."""
    blocks: int = 3
    """Pose-attentional blocks."""


PAPERS_DRAWING = Drawing(side=None, width=64, blocks=9)
"""[P] by way of the generator it builds on; with ResNet-50 and inputs of 384 px."""


@dataclass(frozen=True, slots=True)
class Learning:
    """How the agent learns; the paper gives no numbers."""

    discount: float = 0.9
    lr: float = 2e-3
    batch: int = 32
    updates: int = 2
    """Temporal-difference steps after a pick."""
    target_every: int = 10
    """Such steps after which the target net follows."""
    memory: int = 600
    first_chance: float = 0.9
    """Chance of a random pick at first."""
    last_chance: float = 0.05
    chance_fades: float = 60.0
    """Picks in which that chance falls to about a third."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a game is played and what it teaches the estimator."""

    partners: Partners = Partners.AGENT
    transformer: bool = True
    """Whether the Motion Transformer teaches; without it the labels alone do (E + L_gt)."""
    window: int = 10
    """[P] T: frames before and after a label from which its partner is chosen."""
    patience: int = 5
    """[P] Negative rewards in a row that end the turn of a clip."""
    laps: int = 1
    """Over the labels of a clip in one turn at most; rewards of zero would hold it for ever."""
    minibatches: int = 2
    """Updates of estimator and transformer after a pick."""
    batch: int = 8
    """Pairs in each."""
    fresh: float = 0.25
    """Share of a minibatch that is the pair just picked, changed at random.

    The rest are pairs of labels from all clips: with one clip alone it is learnt by heart.
    """
    measured: int = 48
    """Labelled frames at most that tell the state, and that reward."""
    lr: float = 5e-4
    """Of the estimator's head."""
    backbone_lr: float = 0.3
    """Of its backbone, as a share of the head's."""
    drawing_lr: float = 2e-4
    """Of generator and discriminator."""
    average: float = 0.98
    """How much of the running average of the estimator's weights an update keeps."""
    warm_up: int = 200
    """Steps of the generator on pairs of labelled frames before the estimator hears of it."""
    weights: Weights = field(default_factory=Weights)
    drawing: Drawing = field(default_factory=Drawing)
    learning: Learning = field(default_factory=Learning)
    as_printed: AsPrinted = field(default_factory=AsPrinted)


def too_few(labels: int) -> str:
    """Why so many labelled frames do not do, as a sentence; empty where they do."""
    if labels >= FEWEST_LABELS:
        return ""
    return f"REMOTE needs {FEWEST_LABELS} labelled frames, and there are {labels}."


def without(name: str, settings: Settings) -> Settings:
    """The settings with one weight at 0."""
    return replace(settings, weights=replace(settings.weights, **{name: 0.0}))


def variants(settings: Settings) -> dict[str, Settings]:
    """The comparisons of table 1 but for the estimator as it was, and one more.

    `without_redrawn`: the labels say nothing of reconstructions, only of the frames themselves.
    """
    left_out = ("truth", "adversarial", "pose", "redrawn")
    return {
        "labels_only": replace(settings, transformer=False, partners=Partners.RANDOM),
        **{p.value: replace(settings, partners=p) for p in Partners},
        **{f"without_{name}": without(name, settings) for name in left_out},
    }
