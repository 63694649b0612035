"""Costs of modules: those that can be worked out by hand, and nothing of the module changed."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from skpbnas import Cell, NASBench101Space
from skpbnas.nn import count_costs, measure_latency, nasbench101_network
from skpbnas.nn._latency import summarise
from skpbnas.spaces import cell_costs


def test_costs_of_a_convolution():
    costs = count_costs(nn.Conv2d(3, 8, 3, padding=1, bias=False), torch.zeros(2, 3, 10, 10))
    weights, inputs, outputs = 8 * 3 * 9, 2 * 3 * 100, 2 * 8 * 100
    assert costs == (weights, 2 * weights * 2 * 100, outputs, 4 * (weights + inputs + outputs))


def test_memory_is_the_peak_and_not_the_sum():
    """A long chain holds its input and two neighbours at a time."""
    chain = nn.Sequential(*[nn.ReLU() for _ in range(50)])
    assert count_costs(chain, torch.zeros(1, 1000)).memory == 4 * 3 * 1000
    inplace = nn.Sequential(
        nn.Identity(), *[nn.Flatten() for _ in range(5)]
    )  # views hold nothing of their own
    assert count_costs(inplace, torch.zeros(1, 1000)).memory == 4 * 1000


@pytest.mark.parametrize(
    ("module", "example", "flops"),
    [
        (nn.LSTM(4, 8), torch.zeros(5, 3, 4), 5 * 3 * 2 * 4 * (4 + 8) * 8),
        (nn.GRU(4, 8), torch.zeros(5, 3, 4), 5 * 3 * 2 * 3 * (4 + 8) * 8),
        (
            nn.TransformerEncoderLayer(32, 4, 64, batch_first=True),
            torch.zeros(2, 10, 32),
            2 * 20 * (4 * 32 * 32 + 2 * 32 * 64) + 2 * 2 * 2 * 10 * 10 * 32,
        ),
    ],
)
def test_nothing_is_lost_in_fused_operations(module, example, flops):
    assert count_costs(module, example).flops == flops


def test_costs_of_a_cell_are_those_counted_from_its_row():
    cell = Cell([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
    settings = {"n_stacks": 2, "n_classes": 10}
    X = NASBench101Space().encode([cell])
    (parameters,), (flops,) = cell_costs(
        NASBench101Space(), X, stem_channels=8, n_cells_per_stack=1, **settings
    )
    network = nasbench101_network(cell, channels=8, n_stacks=2, n_cells=1)
    assert count_costs(network, torch.zeros(1, 3, 32, 32))[:2] == (parameters, flops)


def test_the_module_and_global_settings_stay_as_they_are():
    module = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout())
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    count_costs(module, torch.rand(4, 3, generator=torch.Generator().manual_seed(0)))
    measure_latency(module, torch.ones(4, 3), n_threads=threads + 1, seconds=0.001)
    assert all(part.training for part in module.modules())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert torch.backends.mha.get_fastpath_enabled()
    with pytest.raises(RuntimeError):
        count_costs(module, torch.ones(4, 5))
    assert torch.backends.mha.get_fastpath_enabled()


def test_outliers_are_counted_and_do_not_move_the_median(rng):
    usual = rng.normal(10, 0.1, size=100)
    disturbed = np.concatenate([usual, np.full(10, 50.0)])
    quiet, loud = summarise(usual), summarise(disturbed)
    assert quiet.n_outliers <= 3
    assert loud.n_outliers >= 10
    assert abs(loud.median - quiet.median) < quiet.spread


def test_latency_as_exported():
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package, reason="needs skpbnas[onnx]")
    latency = measure_latency(nn.Linear(3, 4), torch.zeros(2, 3), runtime="onnxruntime", seconds=0.01)
    assert latency.median > 0


def test_bad_input_is_named(monkeypatch):
    module, example = nn.Linear(3, 4), torch.zeros(1, 3)
    with pytest.raises(TypeError, match="is not a torch.nn.Module"):
        count_costs(len, example)
    with pytest.raises(TypeError, match="is no input of a module"):
        count_costs(module, [1.0])
    with pytest.raises(ValueError, match="runtime='tvm' is unknown"):
        measure_latency(module, example, runtime="tvm")
    with pytest.raises(ValueError, match="seconds=0 and n_threads=1"):
        measure_latency(module, example, seconds=0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="device='cuda' is not there"):
        measure_latency(module, example, "cuda")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r"pip install 'skpbnas\[onnx\]'"):
        measure_latency(module, example, runtime="onnxruntime")
