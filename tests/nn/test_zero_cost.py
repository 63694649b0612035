"""Zero-cost scores: what they are, by independent programs, and that they leave everything as it is."""

import numpy as np
import pytest
import torch
from torch import nn

from skpbnas import CellSpace, PredictorBasedSearch
from skpbnas.nn import MLP, CellNetwork, ZeroCostFeatures, count_costs
from skpbnas.spaces import ChainSpace

SPACE = CellSpace(4, ["conv", "pool"])
OPERATIONS = {
    "conv": lambda width: nn.Sequential(
        nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)
    ),
    "pool": lambda width: nn.AvgPool2d(3, 1, 1),
}
GENERATOR = torch.Generator().manual_seed(0)
IMAGES, LABELS = torch.randn(6, 1, 8, 8, generator=GENERATOR), torch.arange(6) % 3


def build(cell):
    return CellNetwork(cell, OPERATIONS, in_channels=1, n_outputs=3, channels=4, n_stacks=2)


def features(**options):
    return ZeroCostFeatures(SPACE, build, IMAGES, LABELS, **options)


def untrained(cell, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(cell)


def active_units(network):
    """Return which units of all ReLU modules are on, ``(n_images, n_units)``."""
    codes = []
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(lambda module, inputs, output: codes.append(output.flatten(1) > 0))
    network(IMAGES)
    return torch.cat(codes, dim=1).numpy()


@pytest.fixture(scope="module")
def cells():
    rows = SPACE.enumerate()[::7]
    return rows, SPACE.decode(rows)


def test_nwot_counts_the_units_that_agree(cells):
    rows, architectures = cells
    for value, cell in zip(features(proxies=["nwot"])(rows)[:, 0], architectures, strict=True):
        code = active_units(untrained(cell))
        agree = np.array([[(a == b).sum() for b in code] for a in code])
        assert value == pytest.approx(np.linalg.slogdet(agree)[1], rel=1e-9)


def test_jacov_is_of_the_correlations_of_gradients(cells):
    rows, architectures = cells
    for value, cell in zip(features(proxies=["jacov"])(rows)[:, 0], architectures, strict=True):
        network, inputs = untrained(cell), IMAGES.clone().requires_grad_()
        network(inputs).backward(torch.ones(6, 3))
        eigenvalues = np.linalg.eig(np.corrcoef(inputs.grad.flatten(1).double().numpy()))[0].real
        expected = -np.sum(np.log(eigenvalues + 1e-5) + 1 / (eigenvalues + 1e-5))
        assert value == pytest.approx(expected, rel=1e-4)


def test_snip_is_the_sensitivity_of_the_loss_to_connections(cells):
    rows, architectures = cells
    for value, cell in zip(features(proxies=["snip"])(rows)[:, 0], architectures, strict=True):
        network = untrained(cell)
        nn.CrossEntropyLoss()(network(IMAGES), LABELS).backward()
        layers = [
            m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear) and m.weight.grad is not None
        ]
        expected = sum((m.weight * m.weight.grad).abs().sum().item() for m in layers)
        assert value == pytest.approx(expected, rel=1e-5)


def test_synflow_of_a_perceptron_is_the_flow_times_the_number_of_its_layers():
    """The flow through each layer is the same (Tanaka et al. 2020, conservation)."""
    space = ChainSpace([[3, 5, 8]] * 2)

    def perceptron(widths):
        sizes = [4, *widths, 2]
        return nn.Sequential(*(nn.Linear(a, b, bias=False) for a, b in zip(sizes, sizes[1:], strict=False)))

    values = ZeroCostFeatures(space, perceptron, torch.randn(4, 4), proxies=["synflow"])(space.enumerate())
    for value, widths in zip(values[:, 0], space.decode(space.enumerate()), strict=True):
        torch.manual_seed(0)
        flow = np.ones(4)
        for layer in perceptron(widths):
            flow = np.abs(layer.weight.detach().double().numpy()) @ flow
        assert value == pytest.approx(3 * flow.sum(), rel=1e-9)


def test_synflow_does_not_see_fresh_batch_normalisation():
    space = ChainSpace([[8]])

    def with_norm(widths):
        return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8, eps=1e-9), nn.Linear(8, 2))

    def without(widths):
        return nn.Sequential(*(layer for layer in with_norm(widths) if isinstance(layer, nn.Linear)))

    one, two = (
        ZeroCostFeatures(space, build_one, torch.randn(4, 4), proxies=["synflow"])(space.enumerate())
        for build_one in (with_norm, without)
    )
    assert one == pytest.approx(two, rel=1e-8)


def test_costs_are_those_of_the_module(cells):
    rows, architectures = cells
    counted = [count_costs(build(cell), IMAGES[:1]) for cell in architectures]
    expected = [(costs.parameters, costs.flops) for costs in counted]
    np.testing.assert_array_equal(features(proxies=["parameters", "flops"])(rows), expected)


def test_a_network_that_does_not_see_its_inputs_is_scored_and_is_the_worst(cells):
    class Blind(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, inputs):
            return self.network(torch.zeros_like(inputs))

    rows = cells[0][:4]
    names = ["nwot", "jacov", "snip", "synflow"]
    blind = ZeroCostFeatures(SPACE, lambda cell: Blind(build(cell)), IMAGES, LABELS, proxies=names)(rows)
    assert np.isfinite(blind).all()
    assert (blind[:, :2] < features(proxies=names)(rows)[:, :2]).all()


@pytest.mark.slow
def test_scores_depend_on_the_seed_and_on_nothing_else(cells):
    rows = cells[0]
    torch.manual_seed(3)
    state, n_threads = torch.get_rng_state(), torch.get_num_threads()
    first = features()(rows)
    assert torch.equal(torch.get_rng_state(), state) and torch.get_num_threads() == n_threads
    torch.rand(5)
    with torch.no_grad():
        np.testing.assert_array_equal(features()(rows[::-1])[::-1], first)
    dropped = [
        ZeroCostFeatures(
            SPACE, lambda cell: nn.Sequential(nn.Dropout(), build(cell)), IMAGES, LABELS, proxies=proxies
        )(rows[:3])[:, -1]
        for proxies in (["snip"], ["nwot", "snip"])
    ]
    np.testing.assert_array_equal(*dropped)
    assert (features(random_state=1)(rows)[:, 0] != first[:, 0]).all()


def test_a_network_is_built_once_for_all_scores_of_all_its_rows(cells):
    built = []

    def counted(cell):
        built.append(cell)
        return build(cell)

    scores = ZeroCostFeatures(SPACE, counted, IMAGES, LABELS)
    rows = np.concatenate([cells[0], cells[0][::-1]])
    for function in scores.values():
        function(rows)
    assert len(built) == len(cells[0])


def test_a_search_sees_them_and_says_what_is_wrong_before_an_evaluation(cells):
    names = ["nwot", "parameters"]
    search = PredictorBasedSearch(SPACE, features=features(proxies=names, n_best=10), random_state=0)
    search.run(lambda cell: float(cell.operations.count("conv")), 12)
    assert search.best_score_ == 2 and np.isfinite(search.last_proposal_.pool_scores).sum() <= 10

    def fails(cell):
        raise MemoryError("too large")

    with pytest.raises(MemoryError) as caught:
        broken = ZeroCostFeatures(SPACE, fails, IMAGES)
        PredictorBasedSearch(SPACE, features=broken).run(lambda cell: pytest.fail("evaluated"), 4)
    assert caught.value.__notes__[0].startswith("raised by build for the architecture ")
    assert caught.value.__notes__[1].startswith("raised by features['nwot']")


@pytest.mark.parametrize(
    ("build_one", "message"),
    [
        (lambda cell: cell, "build returned .* must return a torch.nn.Module"),
        (lambda cell: nn.Linear(2, 2), "shapes cannot be multiplied"),
    ],
)
def test_a_network_that_cannot_be_scored_is_named(build_one, message, cells):
    with pytest.raises((TypeError, RuntimeError), match=message) as caught:
        ZeroCostFeatures(SPACE, build_one, IMAGES)(cells[0][:1])
    assert "for the architecture" in caught.value.__notes__[0]


def test_scores_that_are_no_numbers_are_refused(cells):
    def broken(outputs, targets):
        return outputs.sum() * torch.nan

    with pytest.raises(ValueError, match="snip is nan for the architecture"):
        features(loss=broken)(cells[0][:1])


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        (IMAGES, {"proxies": ["snip"]}, "which needs targets="),
        (IMAGES, {"proxies": ["zen"]}, "'zen', which is unknown; choose from"),
        (torch.ones(4, 3, dtype=torch.long), {"proxies": ["jacov"]}, "whole numbers"),
        (IMAGES[:1], {}, "a batch of at least two"),
        (IMAGES.numpy(), {}, "inputs is ndarray; give a tensor"),
        (IMAGES * torch.nan, {}, "NaN or infinite"),
        (IMAGES, {"targets": LABELS[:2]}, "targets has 2 values for 6 inputs"),
        (IMAGES, {"n_best": 0}, "n_best=0 is not allowed"),
        (IMAGES, {"max_seconds": 0}, "max_seconds=0 is not allowed"),
    ],
)
def test_batches_that_do_not_allow_a_score_are_refused(inputs, options, message):
    with pytest.raises(ValueError, match=message):
        ZeroCostFeatures(SPACE, build, inputs, **options)


def test_tokens_have_scores_too():
    space = ChainSpace([[4, 8]])

    def classifier(widths):
        return nn.Sequential(nn.Embedding(11, 3), nn.Flatten(), MLP(widths, n_inputs=15, n_outputs=2))

    tokens = torch.randint(11, (6, 5), generator=GENERATOR)
    scores = ZeroCostFeatures(space, classifier, tokens, LABELS % 2)
    assert list(scores) == ["nwot", "snip", "synflow", "parameters", "flops"]
    assert np.isfinite(scores(space.enumerate())).all()
