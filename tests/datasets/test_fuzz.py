"""A small share of what ``benchmarks/other_tables/fuzz_readers.py`` does at length."""

import numpy as np
import pytest
from fuzzing import READERS, damaged, make_targets, outcome

N_INPUTS = 40


@pytest.fixture(scope="module")
def targets(tmp_path_factory):
    return make_targets(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("reader", READERS)
def test_damaged_files_are_read_or_refused_with_the_file_and_a_remedy(targets, reader, tmp_path):
    target, path = targets[reader], tmp_path / "damaged"
    path.write_bytes(target.valid)
    assert outcome(target, path) == "read"
    for k in range(N_INPUTS):
        path.write_bytes(damaged(target, np.random.default_rng([1, k])))
        assert outcome(target, path) in ("read", "refused"), f"input {k}"
