"""Rows of official files: what they hold, and what each kind of broken row is refused with."""

import json
from base64 import encodebytes

import numpy as np
import pytest
from official_format import FIRST_OFFICIAL_RECORD, encode_metrics, encode_row, random_rows, small_cells

from skpbnas.datasets.nasbench101._model_metrics import RowError
from skpbnas.datasets.nasbench101._reader import parse_rows
from skpbnas.spaces import NASBench101Space

SPACE = NASBench101Space()
FIRST = FIRST_OFFICIAL_RECORD[12:-4]


def test_the_first_official_row():
    batch = parse_rows([FIRST])
    assert batch.epochs.tolist() == [4]
    assert batch.parameters.tolist() == [8555530]
    assert batch.module_hash.tobytes().hex() == "00005c142e6f48ac74fdcf73e3439874"
    assert SPACE.module_hash(batch.X).tolist() == ["00005c142e6f48ac74fdcf73e3439874"]
    assert batch.metrics[0, :, 0].tolist() == [45.152000427246094, 89.90399932861328]
    assert batch.metrics[0, :, 3].tolist() == [0.10436698794364929, 0.3504607379436493]


def test_single_precision_is_kept_only_where_it_loses_nothing(rng):
    assert parse_rows(random_rows(rng)).metrics.dtype == np.float32
    exact = encode_metrics([[0] * 5, [54, 100, 0.1, 0.1, 0.1], [108, 200, 0.1, 0.1, 1 / 3]], 5)
    batch = parse_rows([encode_row(*json.loads(FIRST)[:1], 108, *json.loads(FIRST)[2:4], exact)])
    assert batch.metrics[0, 1, 3] == 1 / 3


def test_rows_of_one_cell_share_it(rng):
    rows = random_rows(rng, n_cells=4, epochs=(4, 12), n_repeats=2)
    batch = parse_rows(rows)
    assert batch.cell.tolist() == np.repeat(np.arange(4), 4).tolist()
    assert batch.first_row.tolist() == [0, 4, 8, 12]
    assert batch.epochs.tolist() == [4, 4, 12, 12] * 4
    encoded = SPACE.encode(small_cells(4))
    assert sorted(batch.key) == sorted(SPACE.canonical_key(encoded))


def changed(position, value):
    row = json.loads(FIRST)
    row[position] = value
    return json.dumps(row).encode()


def with_values(half, end):
    return changed(4, encodebytes(encode_metrics([[0] * 5, half, end], 5)).decode())


GOOD = [4, 2, 0.1, 0.1, 0.1]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b"", "not JSON"),
        (b"[1, 2", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 50_000, "not JSON"),
        (b"{}", "a row is .*module_hash, epochs"),
        (b"null", "a row is"),
        (b'["a", 1, "b"]', "a row is"),
        (changed(0, 5), "module_hash is 5; it must be a string"),
        (changed(0, "00005C142E6F48AC74FDCF73E3439874"), "32 hexadecimal digits"),
        (changed(0, "abc"), "32 hexadecimal digits"),
        (changed(1, "4"), "epochs is '4'"),
        (changed(1, True), "epochs is True"),
        (changed(1, 4.0), "epochs is 4.0"),
        (changed(1, 0), "epochs is 0"),
        (changed(1, 10**30), "epochs is"),
        (changed(2, ["0"]), "adjacency is .* must be a string"),
        (changed(2, "01"), "no 7 x 7 matrix of 0 and 1"),
        (changed(2, "2" * 49), "no 7 x 7 matrix of 0 and 1"),
        (changed(2, "0" * 49), "not a valid cell of NASBench101Space"),
        (changed(2, "1" * 49), "not a valid cell of NASBench101Space"),
        (changed(3, None), "operations is None; it must be a string"),
        (changed(3, "input,conv5x5,output"), "a name is unknown; allowed are .*'maxpool3x3'"),
        (changed(3, "input,output"), "no 2 x 2 matrix"),
        (changed(3, ",".join(["input", *["maxpool3x3"] * 6, "output"])), "at most 7 vertices"),
        (changed(4, 5), "metrics is 5; it must be a string"),
        (changed(4, "Ci0J?"), "metrics is not valid base64"),
        (changed(4, "Ci0"), "metrics is not valid base64"),
        (changed(4, "Ciöö"), "metrics is not valid base64"),
        (changed(4, ""), "0 evaluations"),
        (with_values([2, 1, 0.1, float("nan"), 0.1], GOOD), "validation_accuracy is"),
        (with_values([2, 1, 0.1, 0.1, 0.1], [4, 2, 0.1, 0.1, 93.2]), "test_accuracy is 93.2"),
        (with_values([2, 1, -0.1, 0.1, 0.1], GOOD), "train_accuracy is -0.1"),
        (with_values([2, 1, 0.1, 0.1, 0.1], [4, float("inf"), 0.1, 0.1, 0.1]), "training_time is inf"),
        (with_values([2, 1, 0.1, 0.1], GOOD), "test_accuracy is absent"),
        (with_values([4, 1, 0.1, 0.1, 0.1], [2, 2, 0.1, 0.1, 0.1]), "current_epoch of evaluation 1 is 4"),
    ],
)
def test_a_broken_row_is_refused(row, problem):
    with pytest.raises(RowError, match=problem) as info:
        parse_rows([FIRST, row])
    assert info.value.row == 1
