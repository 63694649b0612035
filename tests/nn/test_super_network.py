"""Shared weights: every network is a part of the largest, and training one trains the others."""

import pytest
import torch

from skpbnas.nn import (
    MLP,
    CausalTransformer,
    ResidualCNN,
    SuperNetwork,
    load_data,
    mlp_space,
    residual_cnn_space,
    train_supernetwork,
    transformer_space,
)

TRANSFORMERS = transformer_space((1, 2), (8, 16), (1, 2), (1, 2))
LARGEST = {"depth": 2, "width": 16, "heads": 2, "mlp_ratio": 2}
TOKENS = torch.arange(12).reshape(2, 6)


def build(architecture):
    return CausalTransformer(**architecture, n_tokens=12, length=6)


def build_images(architecture):
    return ResidualCNN(**architecture, in_channels=1)


def build_mlp(widths):
    return MLP(widths, n_inputs=4, n_outputs=3)


def test_the_largest_network_is_the_shared_one():
    shared = SuperNetwork(build, LARGEST).eval()
    torch.testing.assert_close(shared.subnetwork(LARGEST)(TOKENS), shared.network.eval()(TOKENS))


def test_a_network_of_its_own_computes_what_the_shared_weights_do(rng):
    shared = SuperNetwork(build, LARGEST).eval()
    for architecture in TRANSFORMERS.decode(TRANSFORMERS.sample(5, rng)):
        torch.testing.assert_close(shared.subnetwork(architecture)(TOKENS), shared(architecture, TOKENS))


def test_a_step_changes_what_a_network_uses_and_nothing_else():
    shared = SuperNetwork(build, LARGEST)
    shared({**LARGEST, "depth": 1, "width": 8}, TOKENS).sum().backward()
    gradients = {name: parameter.grad for name, parameter in shared.network.named_parameters()}
    assert gradients["blocks.1.merge.weight"] is None
    first = gradients["blocks.0.merge.weight"]  # of outputs and heads
    assert (first[:8] != 0).any()
    assert (first[8:] == 0).all()


def test_a_small_filter_is_the_middle_of_a_large_one():
    largest = {"depths": (1,), "widths": (4,), "kernels": (5,), "expansions": (2,)}
    shared = SuperNetwork(build_images, largest)
    small = shared.subnetwork({"depths": (1,), "widths": (2,), "kernels": (3,), "expansions": (1,)})
    whole, part = (network.stages[0][0].block[0].weight for network in (shared.network, small))
    assert torch.equal(part, whole[:2, :2, 1:4, 1:4])


def test_statistics_are_those_of_the_network_and_not_of_the_shared_weights():
    space = residual_cnn_space(1, (1,), (2, 4), (3,), (1,))
    shared = SuperNetwork(build_images, {"depths": (1,), "widths": (4,), "kernels": (3,), "expansions": (1,)})
    images = torch.rand(64, 1, 4, 4)
    for architecture in space.decode(space.enumerate()):
        network = shared.subnetwork(architecture, images)
        hidden = network.stem[0](images)
        torch.testing.assert_close(network.stem[1].running_mean, hidden.mean(dim=(0, 2, 3)))
        assert not network.training


def test_what_is_no_part_of_the_largest_network_is_refused():
    shared = SuperNetwork(build, {**LARGEST, "width": 8})
    with pytest.raises(ValueError, match=r"'positions' of shape \(6, 16\) is no part of the largest network"):
        shared.subnetwork(LARGEST)
    with pytest.raises(ValueError, match="which has None there"):
        SuperNetwork(build, {**LARGEST, "depth": 1}).subnetwork(LARGEST)


def test_training_trains_all_of_them_repeats_and_leaves_global_state_alone():
    space, iris = mlp_space(2, (4, 8, 16)), load_data("iris")
    settings = {"largest": (16, 16), "smallest": (4, None)}
    state = torch.get_rng_state()
    weights = [
        train_supernetwork(build_mlp, space, iris, n_epochs=2, seed=seed, **settings).network.head.weight
        for seed in (0, 0, 1)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    shared = train_supernetwork(build_mlp, space, iris, n_epochs=30, **settings)
    assert min(shared.score(widths, iris) for widths in [(16, 16), (4, None), (8, 4)]) > 0.45  # chance is 1/3
    assert torch.equal(torch.get_rng_state(), state)
