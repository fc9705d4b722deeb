"""What replays say in words and figures, for the window and the command line alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from poseapp.app.worth import MeasuredNet
from poseapp.learn.oracle.worth import Estimate, Saving, Worth

NOISE_SHARE = 0.01
"""Of a body's size: two people who label the same point seldom agree better."""


_TOO_COARSE = 3.0
"""A replay that errs so many times as much as the net has stopped learning long before it."""


class Advice(StrEnum):
    """Whether to go on."""

    GO_ON = "go on"
    UNSURE = "unsure"
    """The replay promises little, and is no measure of the net."""
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the stop sign says."""

    advice: Advice
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Told:
    """The three figures: each as a short value and what to add to it."""

    error: tuple[str, str]
    saved: tuple[str, str]
    gain: tuple[str, str]


def error_now(worth: Worth, nets: Sequence[MeasuredNet]) -> tuple[float, str]:
    """The error in pixels that gains are shares of, and whose it is.

    That of the net in use, else of the newest; without any, that of the replay.
    """
    used = [net for net in nets if net.in_use] or list(nets)
    if used:
        return used[-1].error_px, f"median, net of {used[-1].labels} labels"
    known = worth.yours or worth.random
    return known.error_px[-1], f"mean, replay of {known.labels[-1]} labels"


def gain_px(worth: Worth, nets: Sequence[MeasuredNet]) -> Estimate:
    """What the next labels should take off the error: their share of it, in pixels."""
    error, _ = error_now(worth, nets)
    share = worth.gain.share
    return Estimate(*(error * s for s in (share.value, share.low, share.high)))


def noticed_px(worth: Worth, nets: Sequence[MeasuredNet]) -> float:
    """The smallest change that measuring can tell from none."""
    return error_now(worth, nets)[0] * worth.gain.noticed_from


def figures(worth: Worth, nets: Sequence[MeasuredNet]) -> Told:
    """Error now, labels saved, and what the next batch should take off."""
    error, whose = error_now(worth, nets)
    gain = gain_px(worth, nets)
    return Told(
        (px(error), whose),
        _saved_figure(worth.saving),
        (px(gain.value), f"{_range(gain)}, by {worth.gain.labels} more labels"),
    )


def saving_sentence(saving: Saving | None) -> str:
    """What the order of labelling was worth."""
    if saving is None:
        return "In which order the labels were made is not known, so chance alone is shown."
    random = saving.random
    if random.low >= saving.most:
        return (
            f"Your first {saving.labels} labels were as good as {saving.most} picked by chance, "
            "or more: those are all there are to replay."
        )
    end = f"{saving.most} or more" if random.high >= saving.most else f"{random.high:.0f}"
    compared = (
        f"Your first {saving.labels} labels were as good as {random.value:.0f} picked by chance "
        f"({random.low:.0f} to {end})."
    )
    return compared if saving.told_apart else f"{compared} That may be chance itself."


def verdict(worth: Worth, nets: Sequence[MeasuredNet]) -> Verdict:
    """Whether the next batch is worth it."""
    gain = gain_px(worth, nets)
    expected = (
        f"{worth.gain.labels} more labels should lower the error by {px(gain.value)} "
        f"({_range(gain)})"
    )
    error, _ = error_now(worth, nets)
    noise = NOISE_SHARE * worth.body_px
    if nets and error <= noise:
        detail = f"The error is within the {px(noise)} by which people's own labels differ."
        return Verdict(Advice.STOP, "Good enough, you can stop", detail)
    replayed = (worth.yours or worth.random).error_px[-1]
    if not worth.gain.noticeable and not (nets and replayed <= _TOO_COARSE * error):
        other = f"the net is at {px(error)}" if nets else "no net is there to compare it with"
        detail = (
            f"The replay ends at {px(replayed)}, {other}: what the one no longer learns from, the "
            "other may. Label a batch, train, and compare the nets."
        )
        return Verdict(Advice.UNSURE, "The replay cannot tell", detail)
    if not worth.gain.noticeable:
        least = px(noticed_px(worth, nets))
        detail = f"{expected}. Under {least} no measurement could tell."
        return Verdict(Advice.STOP, "More will hardly help", detail)
    return Verdict(Advice.GO_ON, "Not yet, keep labelling", f"{expected}.")


def in_short(worth: Worth, nets: Sequence[MeasuredNet]) -> str:
    """What the next batch promises, in a line."""
    told = verdict(worth, nets)
    if told.advice is Advice.UNSURE:
        return f"{told.title}: the nets go on learning where it stops."
    gain = gain_px(worth, nets)
    return f"{worth.gain.labels} more labels: about {px(gain.value)} better ({_range(gain)})"


def document(worth: Worth, nets: Sequence[MeasuredNet]) -> dict[str, Any]:
    """Everything as plain JSON."""
    saved = None if worth.saving is None else asdict(worth.saving.saved)
    return asdict(worth) | {
        "nets": [asdict(net) for net in nets],
        "saved": saved,
        "gain_px": asdict(gain_px(worth, nets)),
        "noticed_from_px": noticed_px(worth, nets),
        "verdict": asdict(verdict(worth, nets)),
    }


def lines(worth: Worth, nets: Sequence[MeasuredNet]) -> list[str]:
    """The same for a person."""
    error, whose = error_now(worth, nets)
    told = verdict(worth, nets)
    return [
        f"Error now: {px(error)} ({whose})",
        saving_sentence(worth.saving),
        f"{told.title}. {told.detail}",
        *worth.notes,
    ]


def _saved_figure(saving: Saving | None) -> tuple[str, str]:
    if saving is None:
        return "–", "the order is not known"
    saved = saving.saved
    cut = saving.random.high >= saving.most
    between = f"{_whole(saved.low)} to {_whole(saved.high)}{' or more' if cut else ''}"
    detail = f"{between}, by the first {saving.labels}"
    return (_whole(saved.value), detail) if saving.told_apart else ("±0", detail)


def px(value: float) -> str:
    """An error in words."""
    return f"{_number(value)} px"


def _whole(number: float) -> str:
    return f"{number:.0f}".replace("-", "−")


def _range(estimate: Estimate) -> str:
    return f"{_number(estimate.low)} to {_number(estimate.high)}"


def _number(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"
