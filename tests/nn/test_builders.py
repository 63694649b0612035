"""Ready spaces: every architecture is a network, and the network is the one that its name says."""

import numpy as np
import pytest
import torch
from torch import nn

from skpbnas.nn import (
    MLP,
    CausalTransformer,
    ResidualCNN,
    count_costs,
    mlp_space,
    residual_cnn_space,
    series_cnn_space,
    transformer_space,
)
from skpbnas.testing import check_space


def build_mlp(widths):
    return MLP(widths, n_inputs=5, n_outputs=3)


def build_images(architecture):
    return ResidualCNN(**architecture, in_channels=1, n_outputs=3)


def build_series(architecture):
    return ResidualCNN(**architecture, in_channels=2, n_outputs=3, dimensions=1)


def build_transformer(architecture):
    return CausalTransformer(**architecture, n_tokens=3, length=6)


READY = {
    "mlp": (mlp_space(), build_mlp, torch.rand(4, 5), (4, 3)),
    "images": (residual_cnn_space(), build_images, torch.rand(4, 1, 9, 9), (4, 3)),
    "series": (series_cnn_space(), build_series, torch.rand(4, 2, 15), (4, 3)),
    "transformer": (transformer_space(), build_transformer, torch.zeros(4, 6, dtype=torch.int64), (4, 6, 3)),
}


@pytest.mark.parametrize("ready", READY.values(), ids=READY)
def test_architectures_of_a_ready_space_are_networks_without_unused_parts(ready, rng):
    space, build, example, shape = ready
    for architecture in space.decode(space.sample(5, rng)):
        network = build(architecture)
        outputs = network(example)
        assert outputs.shape == shape
        outputs.square().sum().backward()
        assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize("ready", READY.values(), ids=READY)
def test_different_architectures_are_different_networks(ready, rng):
    """Every choice shows in the shapes of the weights."""
    space, build, _, _ = ready
    X = space.sample(1, rng)
    counts = set()
    mutants = np.concatenate([X, *[space.mutate(X, 0.3, rng) for _ in range(30)]])
    mutants = mutants[space.is_valid(mutants)]
    _, first = np.unique(space.canonical_key(mutants), return_index=True)
    for architecture in space.decode(mutants[first]):
        shapes = [tuple(parameter.shape) for parameter in build(architecture).parameters()]
        counts.add(repr(shapes))
    assert len(counts) == len(first)


@pytest.mark.parametrize("ready", READY.values(), ids=READY)
def test_costs_and_export(ready, rng):
    space, build, example, _ = ready
    (architecture,) = space.decode(space.sample(1, rng))
    network = build(architecture).eval()
    assert count_costs(network, example).flops > 0
    exported = torch.export.export(network, (example,))
    torch.testing.assert_close(exported.module()(example), network(example))


def test_a_transformer_does_not_see_what_comes_later():
    network = CausalTransformer(2, 8, 2, 1, n_tokens=4, length=6).eval()
    tokens = torch.zeros(1, 6, dtype=torch.int64)
    changed = tokens.clone()
    changed[0, 4:] = 3
    before, after = network(tokens), network(changed)
    torch.testing.assert_close(before[:, :4], after[:, :4])
    assert not torch.allclose(before[:, 4:], after[:, 4:])


def test_depth_is_the_number_of_blocks():
    network = ResidualCNN((2, 3), (4, 8), (3, 5), (1, 2), in_channels=1)
    assert [len(stage) for stage in network.stages] == [2, 3]
    kernels = [m.kernel_size[0] for m in network.stages[1].modules() if isinstance(m, nn.Conv2d)]
    assert kernels.count(5) == 3
    assert len(CausalTransformer(3, 8, 2, 1).blocks) == 3


def test_spaces_hold_their_contract():
    check_space(mlp_space(2, (4, 8)))
    check_space(transformer_space((1, 2), (8, 16), (1, 2), (1, 2)))


def test_stages_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="have 1, 2, 1 and 1 entries; give one of each for each stage"):
        ResidualCNN((1,), (4, 8), (3,), (1,))
    with pytest.raises(ValueError, match=r"kernels=\(4,\) are not odd"):
        ResidualCNN((1,), (4,), (4,), (1,))
    with pytest.raises(ValueError, match="width=0 is not positive"):
        MLP((8, 0), n_inputs=4, n_outputs=2)


def test_texts_that_are_too_long_are_refused():
    with pytest.raises(ValueError, match="tokens has 5 positions, but the network was built with length=4"):
        CausalTransformer(1, 8, 1, 1, length=4)(torch.zeros(1, 5, dtype=torch.int64))
