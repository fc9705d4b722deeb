from __future__ import annotations

import cv2
import numpy as np

from poseapp.media.packing import packed, unpacked


def test_a_picture_comes_back_nearly_as_it_was_and_much_smaller():
    noise = np.random.default_rng(0).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    picture = cv2.resize(noise, (320, 240), interpolation=cv2.INTER_CUBIC)
    content = packed(picture)
    back = unpacked(content)
    assert back.shape == picture.shape
    assert np.abs(back.astype(int) - picture).mean() < 1.5
    assert len(content) < picture.nbytes / 6
