import av
import numpy as np
import pytest

from poseapp.media.film_writer import write_film


def test_a_film_holds_the_pictures_it_was_given(tmp_path):
    grey = [np.full((48, 64, 3), level, np.uint8) for level in (20, 120, 220)]
    assert write_film(tmp_path / "grey.mp4", grey, 25) == 3
    with av.open(str(tmp_path / "grey.mp4")) as container:
        read = [frame.to_ndarray(format="bgr24").mean() for frame in container.decode(video=0)]
    assert np.allclose(read, [20, 120, 220], atol=4)


def test_a_film_that_breaks_off_leaves_nothing(tmp_path):
    def pictures():
        yield np.zeros((48, 64, 3), np.uint8)
        raise RuntimeError("the camera fell")

    with pytest.raises(RuntimeError, match="fell"):
        write_film(tmp_path / "half.mp4", pictures(), 25)
    assert list(tmp_path.iterdir()) == []
