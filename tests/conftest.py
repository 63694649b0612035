"""What all tests share."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

# The machines that run the tests differ in speed, and the same examples everywhere make failures repeat.
settings.register_profile("default", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("default")
torch.set_num_threads(1)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real tables for development, which users do not have."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the development tables are not at {folder}")
    return folder
