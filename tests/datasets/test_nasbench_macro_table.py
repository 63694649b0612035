"""NAS-Bench-Macro: a small file in the official form."""

import json

import numpy as np
import pytest

from skpbnas.datasets import DataFileError, load_nasbench_macro

ENTRY = {"test_acc": [90.0, 91.0, 92.0], "mean_acc": 91.0, "std": 0.8, "params": 890666, "flops": 47327744}
TABLE = {"00000000": ENTRY, "21000012": ENTRY | {"test_acc": [93.0, 93.5, 93.4]}}


def test_a_file_in_the_official_form(tmp_path):
    (tmp_path / "macro.json").write_text(json.dumps(TABLE))
    table = load_nasbench_macro(tmp_path / "macro.json")
    assert table.space.n_architectures == 6561
    assert table.space.decode(table.X)[1] == ("mb6_k5", "mb3_k3", *["identity"] * 4, "mb3_k3", "mb6_k5")
    np.testing.assert_allclose(table.columns["test_accuracy"], [91, 93.3])
    np.testing.assert_array_equal(table.query(table.X, "test_accuracy_1"), [91, 93.5])
    np.testing.assert_array_equal(table.query(table.X, "flops"), [47327744, 47327744])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", ""),
        ("[" * 100_000, ""),
        (json.dumps({"0000000": ENTRY}), "'0000000' is not eight digits from 0 to 2"),
        (json.dumps({"00000003": ENTRY}), "is not eight digits"),
        (json.dumps({"00000000": ENTRY | {"test_acc": [1, 2]}}), "test_acc is not three numbers"),
        (
            json.dumps({"00000000": ENTRY | {"test_acc": [1, 2, float("nan")]}}),
            "test_acc is not three numbers",
        ),
        (json.dumps({"00000000": ENTRY | {"params": 10**30}}), ""),
        (json.dumps({"00000000": {}}), "'test_acc' is missing"),
        ("{}", ""),
        ("[]", ""),
    ],
)
def test_other_files_are_refused(tmp_path, content, problem):
    (tmp_path / "macro.json").write_text(content)
    with pytest.raises(DataFileError, match=f"macro.json: not a table of NAS-Bench-Macro .*{problem}"):
        load_nasbench_macro(tmp_path / "macro.json")
