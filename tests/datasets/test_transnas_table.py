"""The cells of TransNAS-Bench-101."""

import numpy as np
import pytest

from skpbnas.datasets import DataFileError, load_transnas_micro
from skpbnas.spaces import NASBench201Space


def test_both_forms_of_an_architecture(tmp_path):
    own = "|skip_connect~0|+|none~0|nor_conv_1x1~1|+|nor_conv_3x3~0|none~1|skip_connect~2|"
    np.savez(tmp_path / "table.npz", architecture=[own, "64-41414-1_02_300"], class_object=[40.0, 41.0])
    table = load_transnas_micro(tmp_path / "table.npz")
    assert table.space == NASBench201Space(["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3"])
    assert table.space.decode(table.X) == [own, own.replace("skip_connect~2", "none~2")]
    np.testing.assert_array_equal(table.query(table.X, "class_object"), [40, 41])


@pytest.mark.parametrize("architecture", ["64-41414-1_02_304", "|avg_pool_3x3~0|", "64-1234"])
def test_other_architectures_are_refused(tmp_path, architecture):
    np.savez(tmp_path / "table.npz", architecture=[architecture], class_object=[40.0])
    with pytest.raises(DataFileError, match="table.npz: not a table of TransNAS-Bench-101.*architecture 0"):
        load_transnas_micro(tmp_path / "table.npz")


def test_the_real_table(shared_data):
    table = load_transnas_micro(shared_data / "transnas_micro.npz")
    assert len(table) == len(table.space) == 4096
