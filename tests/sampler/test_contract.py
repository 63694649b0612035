"""Optuna's own contract tests, the ones that its built-in samplers pass."""

import optuna
import pytest

from skpbnas import PBNASSampler

contract = pytest.importorskip("optuna.testing.pytest_samplers", reason="Optuna ships them since 4.6")
optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.mark.filterwarnings("ignore:every architecture of the space has been tried")
class TestPBNASSampler(
    contract.BasicSamplerTestCase, contract.RelativeSamplerTestCase, contract.MultiObjectiveSamplerTestCase
):
    @pytest.fixture
    def sampler(self):
        return PBNASSampler
