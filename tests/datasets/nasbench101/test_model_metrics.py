"""Properties of the metrics message: both decoders agree, and other layouts of the same message do too."""

import json
import struct
from base64 import b64decode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from official_format import FIRST_OFFICIAL_RECORD, encode_metrics, random_evaluations, varint

from skpbnas.datasets.nasbench101._model_metrics import RowError, decode_metrics, parse_message

counts = st.sampled_from([0, 1, 127, 128, 16_383, 16_384, 8_555_530, 2**28, 2**31 - 1])
# Fields that a later version of the message might have: a number, and any kind of content.
unknown_fields = st.builds(
    lambda number, content: varint(number << 3 | content[0]) + content[1],
    st.integers(7, 1000),
    st.one_of(
        st.integers(0, 2**64 - 1).map(lambda value: (0, varint(value))),
        st.binary(min_size=8, max_size=8).map(lambda data: (1, data)),
        st.binary(max_size=20).map(lambda data: (2, varint(len(data)) + data)),
        st.binary(min_size=4, max_size=4).map(lambda data: (5, data)),
    ),
)


def evaluation(values, order=range(5), extra=b""):
    return b"".join(struct.pack("<Bd", 8 * k + 9, values[k]) for k in order) + extra


def test_the_first_official_row_decodes_to_its_values():
    message = json.loads(FIRST_OFFICIAL_RECORD[12:-4])[4]
    values, parameters = decode_metrics([b64decode(message)])
    # As the tests of sile/nasbench-rs give them.
    assert values[0].tolist() == [
        [0.0, 0.0, 0.1002604141831398, 0.09775640815496445, 0.09985977411270142],
        [2.0, 45.152000427246094, 0.10166265815496445, 0.10526842623949051, 0.10436698794364929],
        [4.0, 89.90399932861328, 0.3498597741127014, 0.3489583432674408, 0.3504607379436493],
    ]
    assert parameters.tolist() == [8555530]


@given(st.lists(counts, min_size=1, max_size=10), st.integers(0, 2**32 - 1))
def test_the_batch_decoder_agrees_with_the_message_decoder(numbers, seed):
    evaluations = random_evaluations(np.random.default_rng(seed), len(numbers), 108)
    messages = [encode_metrics(e, count) for e, count in zip(evaluations, numbers, strict=True)]
    values, parameters = decode_metrics(messages)
    np.testing.assert_array_equal(values, evaluations)
    assert parameters.tolist() == numbers
    for message, value, count in zip(messages, values, numbers, strict=True):
        one, parsed = parse_message(message)
        np.testing.assert_array_equal(one, value)
        assert parsed == count


@given(st.permutations(range(5)), st.lists(unknown_fields, max_size=3), st.data())
def test_order_and_unknown_fields_do_not_matter(order, extra, data):
    evaluations = random_evaluations(np.random.default_rng(0), 1, 12)[0]
    fields = [b"\x0a" + varint(len(part)) + part for part in (evaluation(e, order) for e in evaluations)]
    fields.insert(data.draw(st.integers(0, 3)), b"\x10" + varint(1234))
    for field in extra:
        fields.insert(data.draw(st.integers(0, len(fields))), field)
    usual = encode_metrics(evaluations, 77)
    values, parameters = decode_metrics([usual, b"".join(fields)])
    np.testing.assert_array_equal(values, [evaluations, evaluations])
    assert parameters.tolist() == [77, 1234]


def test_unknown_fields_of_an_evaluation_are_skipped():
    evaluations = random_evaluations(np.random.default_rng(0), 1, 12)[0]
    parts = [evaluation(e, extra=b"\x32\x05ckpt1") for e in evaluations]  # checkpoint_path
    message = b"".join(b"\x0a" + varint(len(part)) + part for part in parts) + b"\x10\x05"
    values, parameters = decode_metrics([message])
    np.testing.assert_array_equal(values[0], evaluations)
    assert parameters.tolist() == [5]


EVALUATIONS = [[0, 0, 0.1, 0.1, 0.1], [2, 5, 0.5, 0.5, 0.5], [4, 10, 0.6, 0.6, 0.6]]
WHOLE = encode_metrics(EVALUATIONS, 1234)


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (b"", "0 evaluations; there must be 3"),
        (encode_metrics(EVALUATIONS[:2], 5), "2 evaluations; there must be 3"),
        (encode_metrics(EVALUATIONS + EVALUATIONS[:1], 5), "4 evaluations; there must be 3"),
        (WHOLE[: 3 * 47], "trainable_parameters is absent"),
        (WHOLE[: 3 * 47] + b"\x10" + varint(2**31), "trainable_parameters"),
        (WHOLE[: 3 * 47] + b"\x10" + varint(2**64 - 5), "trainable_parameters is negative"),
        (WHOLE[: 3 * 47] + b"\x10" + b"\xff" * 11, "more than ten bytes"),
        (WHOLE[: 3 * 47] + struct.pack("<Bd", 17, 5.0), "trainable_parameters has wire type 1"),
        (WHOLE[:-3], "ends within a field"),
        (WHOLE + b"\x00\x00", "not a protobuf message"),
        (WHOLE + b"\x2b\x2c", "wire type 3"),
        (b"\x0a\x02\x09\x00" * 3 + b"\x10\x05", "ends within a field"),
    ],
)
def test_a_broken_message_is_refused_with_its_row(message, problem):
    with pytest.raises(RowError, match=f"row 1: metrics: .*{problem}"):
        decode_metrics([WHOLE, message])


@given(st.binary(max_size=200) | st.tuples(st.integers(0, 154), st.integers(0, 255)))
def test_any_message_is_decoded_as_the_plain_decoder_does_or_refused(change):
    if isinstance(change, bytes):
        message = change
    else:
        message = bytes([change[1] if k == change[0] else byte for k, byte in enumerate(WHOLE)])
    try:
        values, parameters = decode_metrics([message])
    except RowError:
        return
    one, parsed = parse_message(message)
    np.testing.assert_array_equal(values[0], one)
    assert parameters[0] == parsed
