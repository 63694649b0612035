"""Networks of cells: those of the benchmarks, and the same numbers after an export."""

import pickle
import re

import numpy as np
import pytest
import torch
from torch import nn

from skpbnas import Cell, CellSpace, NASBench101Space, NASBench201Space
from skpbnas.nn import CellNetwork, ResidualCNN, nasbench101_network, nasbench201_network

TRIANGLE = Cell([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv", "output"])
PADDED = {
    "conv": lambda channels: nn.Conv1d(channels, channels, 3, padding=1),
    "skip": lambda _: nn.Identity(),
}


def layers(network: nn.Module) -> list[nn.Module]:
    """Return the layers with weights, in the order of the network."""
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.Linear)
    return [module for module in network.modules() if isinstance(module, kinds)]


def randomise(network: nn.Module, seed: int = 0) -> nn.Module:
    """Give every weight and statistic a value of its own, so that nothing can be confused."""
    generator = torch.Generator().manual_seed(seed)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.5 + 0.1)
    return network.eval()


def test_nasbench101_outputs_are_those_of_nasbench_pytorch(rng):
    reference = pytest.importorskip(
        "nasbench_pytorch.model", reason="the reference network is in nasbench-pytorch"
    )
    space = NASBench101Space()
    images = torch.rand(2, 3, 16, 16)
    for cell in space.decode(space.canonicalize(space.sample(6, rng))):
        spec = (cell.adjacency.astype(int), list(cell.operations))
        expected = reference.Network(spec, stem_out_channels=8, num_modules_per_stack=1)
        network = nasbench101_network(cell, channels=8, n_cells=1)
        for ours, theirs in zip(layers(network), layers(expected), strict=True):
            ours.load_state_dict(theirs.state_dict())
        for training in (False, True):
            torch.testing.assert_close(network.train(training)(images), expected.train(training)(images))


class ReferenceCell(nn.Module):
    """A cell of NAS-Bench-201 as its authors define it: node j is the sum of the edges that end at it."""

    def __init__(self, architecture: str, channels: int) -> None:
        super().__init__()
        self.edges = [
            [(name, int(start)) for name, start in re.findall(r"(\w+)~(\d)", node)]
            for node in architecture.split("+")
        ]
        self.modules_of = nn.ModuleDict()
        for end, node in enumerate(self.edges):
            for name, start in node:
                self.modules_of[f"{end}{start}"] = self.operation(name, channels)

    @staticmethod
    def operation(name: str, channels: int) -> nn.Module:
        if name.startswith("nor_conv"):
            size = int(name[-1])
            convolution = nn.Conv2d(channels, channels, size, padding=size // 2, bias=False)
            return nn.Sequential(nn.ReLU(), convolution, nn.BatchNorm2d(channels))
        pool = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
        return {"none": nn.Identity(), "skip_connect": nn.Identity(), "avg_pool_3x3": pool}[name]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        nodes = [x]
        for end, node in enumerate(self.edges):
            total = torch.zeros_like(x)
            for name, start in node:
                total = total + (name != "none") * self.modules_of[f"{end}{start}"](nodes[start])
            nodes.append(total)
        return nodes[-1]


def test_nasbench201_outputs_are_those_of_the_definition(rng):
    space = NASBench201Space()
    images = torch.rand(2, 3, 8, 8)
    for architecture in space.decode(space.sample(8, rng)):
        network = randomise(nasbench201_network(architecture, channels=4, n_stacks=1, n_cells=2))
        stem, *cells = network.layers
        hidden = stem(images)
        for cell in cells:
            reference = ReferenceCell(architecture, 4).eval()
            for ours, theirs in zip(layers(cell), layers(reference), strict=True):
                theirs.load_state_dict(ours.state_dict())
            hidden = reference(hidden)
        torch.testing.assert_close(network(images), network.head(hidden))


def test_nasbench201_parameters_are_those_of_a_published_table(shared_data):
    with np.load(shared_data / "nasbench201_cifar10_proxies.npz") as table:
        for k in range(0, len(table["params"]), 2000):
            network = nasbench201_network(str(table["architecture"][k]))
            counted = sum(parameter.numel() for parameter in network.parameters())
            assert counted == pytest.approx(1e6 * table["params"][k])


@pytest.mark.parametrize("merge", ["concatenate", "sum"])
@pytest.mark.parametrize("reduction", ["pool", "residual"])
def test_every_cell_is_a_network_in_one_and_two_dimensions(merge, reduction, rng):
    space = CellSpace(6, ["conv", "skip"])
    for cell in space.decode(space.sample(10, rng)):
        settings = {"merge": merge, "reduction": reduction, "in_channels": 2, "n_outputs": 3, "channels": 5}
        series = CellNetwork(cell, PADDED, dimensions=1, **settings)
        assert series(torch.zeros(2, 2, 13)).shape == (2, 3)
        images = CellNetwork(
            cell, {"conv": lambda c: nn.Conv2d(c, c, 1), "skip": lambda _: nn.ReLU()}, **settings
        )
        images(torch.rand(2, 2, 9, 7)).sum().backward()
        # Nothing is built that the output does not depend on.
        assert all(parameter.grad is not None for parameter in images.parameters())


@pytest.mark.parametrize("dimensions", [1, 2])
def test_inputs_too_small_for_the_halvings_are_refused_and_the_number_told_works(dimensions):
    cell = Cell([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "skip", "output"])

    def built(n_stacks, **settings):
        skip = {"skip": lambda _: nn.Identity()}
        return CellNetwork(cell, skip, in_channels=1, n_stacks=n_stacks, dimensions=dimensions, **settings)

    def residual(n):
        return ResidualCNN([1] * n, [4] * n, [3] * n, [1] * n, in_channels=1, dimensions=dimensions)

    small = torch.rand(2, 1, *[7, 5][2 - dimensions :])
    with pytest.raises(ValueError, match=r"5 positions.* 3 halvings, which need 8 .*n_stacks=3 at most"):
        built(4)(small)
    assert built(3)(small).shape == (2, 10)
    with pytest.raises(ValueError, match="use 3 stages at most"):
        residual(4)(small)
    assert residual(3)(small).shape == (2, 10)
    built(9, reduction="residual", channels=1)(small)  # a stride leaves one position


def test_a_sum_is_the_sum_of_what_feeds_the_output():
    cell = Cell([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "double", "output"])
    network = CellNetwork(
        cell,
        {"double": lambda _: nn.Threshold(-9.0, 0.0)},
        n_stacks=1,
        merge="sum",
        stem=lambda *_: nn.Identity(),
        head=lambda *_: nn.Identity(),
    )
    x = torch.rand(1, 16, 2, 2)
    torch.testing.assert_close(network(x), 2 * x)


def test_vertices_off_every_path_and_the_order_of_vertices_make_no_difference():
    shuffled = Cell(
        [[0, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]], ["conv", "input", "conv", "output"]
    )
    dangling = CellNetwork(shuffled, PADDED, dimensions=1)
    assert not [
        module for module in dangling.modules() if isinstance(module, nn.Conv1d) and module.bias is not None
    ]
    backwards = Cell([[0, 0, 0], [1, 0, 0], [1, 1, 0]], ["output", "conv", "input"])
    x = torch.rand(2, 3, 16)
    outputs = [randomise(CellNetwork(cell, PADDED, dimensions=1))(x) for cell in (TRIANGLE, backwards)]
    torch.testing.assert_close(*outputs)


@pytest.mark.parametrize(
    "network",
    [
        CellNetwork(TRIANGLE, PADDED, dimensions=1, merge="sum", reduction="residual", n_stacks=2),
        nasbench101_network(
            Cell(
                np.triu(np.ones((4, 4)), 1),
                ["input", *["conv3x3-bn-relu", "maxpool3x3"], "output"],
            ),
            channels=4,
            n_stacks=2,
            n_cells=1,
        ),
        nasbench201_network(
            ["none", "avg_pool_3x3", "skip_connect", "nor_conv_3x3", "none", "nor_conv_1x1"],
            channels=4,
            n_stacks=2,
            n_cells=1,
        ),
    ],
    ids=["series", "nasbench101", "nasbench201"],
)
class TestExport:
    """What is saved gives the same outputs, for any size of a batch, with nothing of this package."""

    def example(self, network: CellNetwork, n: int) -> torch.Tensor:
        dimensions = 1 if isinstance(network.layers[0][0], nn.Conv1d) else 2
        return torch.rand(n, 3, *[12] * dimensions, generator=torch.Generator().manual_seed(n))

    def test_torch_export(self, network, tmp_path):
        randomise(network)
        dynamic = ({0: torch.export.Dim("n", min=1)},)
        exported = torch.export.export(network, (self.example(network, 2),), dynamic_shapes=dynamic)
        torch.export.save(exported, tmp_path / "network.pt2")
        loaded = torch.export.load(tmp_path / "network.pt2")
        called = [node.target for node in loaded.graph.nodes if node.op == "call_function"]
        assert all(isinstance(target, torch._ops.OpOverload) for target in called)
        x = self.example(network, 5)
        torch.testing.assert_close(loaded.module()(x), network(x))

    @pytest.mark.slow
    def test_onnx(self, network, tmp_path):
        for package in ("onnx", "onnxscript", "onnxruntime"):
            pytest.importorskip(package, reason="the ONNX round trip needs skpbnas[onnx]")
        import onnxruntime

        randomise(network)
        path = str(tmp_path / "network.onnx")
        torch.onnx.export(
            network,
            (self.example(network, 2),),
            path,
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("n", min=1)},),
            verbose=False,
        )
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        x = self.example(network, 5)
        (outputs,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
        torch.testing.assert_close(torch.tensor(outputs), network(x), rtol=1e-4, atol=1e-4)

    def test_pickle(self, network):
        x = self.example(randomise(network), 3)
        torch.testing.assert_close(pickle.loads(pickle.dumps(network))(x), network(x))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"operations": {"pool": nn.Identity}}, r"operations has no module for \['conv'\]"),
        ({"merge": "mean"}, "merge='mean' is unknown"),
        ({"reduction": "stride"}, "reduction='stride' is unknown"),
        ({"dimensions": 3}, "dimensions=3 is unknown"),
        ({"n_stacks": 0}, "n_stacks=0 is not positive"),
        ({"cell": Cell([[0, 0], [0, 0]], ["input", "output"])}, "no path from its input"),
        ({"cell": Cell([[0, 1], [0, 0]], ["input", "conv"])}, "exactly one 'input' and one 'output'"),
        (
            {
                "cell": Cell(
                    [[0, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 0], [0] * 4], ["input", "conv", "conv", "output"]
                )
            },
            "has a cycle",
        ),
        (
            {
                "cell": Cell(
                    [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0] * 4], ["input", "conv", "conv", "output"]
                ),
                "channels": 1,
            },
            "channels=1 cannot be shared by the 2 vertices",
        ),
    ],
)
def test_what_is_no_network_is_refused(change, problem):
    settings = {"cell": TRIANGLE, "operations": PADDED, "dimensions": 1, **change}
    with pytest.raises(ValueError, match=problem):
        CellNetwork(**settings)


def test_operations_that_are_no_modules_or_change_the_size_are_named():
    with pytest.raises(
        TypeError, match=r"operations\['conv'\] returned None; it must return a torch.nn.Module"
    ):
        CellNetwork(TRIANGLE, {"conv": lambda channels: None})
    with pytest.raises(TypeError, match=r"operations\['conv'\] is a module; give a function"):
        CellNetwork(TRIANGLE, {"conv": nn.Identity()})
    with pytest.raises(TypeError, match="cell='conv' is no cell"):
        CellNetwork("conv", PADDED)
    network = CellNetwork(TRIANGLE, {"conv": lambda channels: nn.Conv2d(channels, channels, 3)})
    with pytest.raises(
        ValueError, match=r"operation 'conv' turned the shape \(2, 16, 8, 8\) into \(2, 16, 6, 6\)"
    ):
        network(torch.zeros(2, 3, 8, 8))
