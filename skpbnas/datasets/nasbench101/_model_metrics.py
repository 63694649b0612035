"""The ``ModelMetrics`` message of NASBench-101 (``nasbench/lib/model_metrics.proto``), decoded in batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

METRICS = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
CURRENT_EPOCH = 0  # of the values of an evaluation; METRICS follow: fields 1 .. 5 of the message

# The official layout: three evaluations of five doubles, trainable_parameters, total_time.
_EVALUATION_SIZE = 47
_TAG_PLACES = [0, 1, 2, 11, 20, 29, 38]
_TAGS = np.frombuffer(b"\x0a\x2d\x09\x11\x19\x21\x29", np.uint8)

_VARINT, _DOUBLE, _BYTES, _FLOAT = 0, 1, 2, 5  # wire types


class RowError(ValueError):
    """What is wrong with a row; ``row`` counts from the first of the batch."""

    def __init__(self, row: int | np.integer, problem: str) -> None:
        self.row, self.problem = int(row), problem
        super().__init__(f"row {row}: {problem}")


def decode_metrics(messages: list[bytes]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Decode ``ModelMetrics`` messages.

    Messages in the official layout are decoded together, the others one by one.

    Returns
    -------
    values : ndarray of shape (n, 3, 5)
        At the start, half way and at the end: current epoch and METRICS; NaN where absent.
    parameters : ndarray of shape (n,)
    """
    n = len(messages)
    values, parameters = np.full((n, 3, 5), np.nan), np.zeros(n, np.int64)
    unusual = np.ones(n, bool)
    sizes = np.fromiter(map(len, messages), np.intp, n)
    for n_digits in range(1, 6):  # bytes of trainable_parameters
        size = 3 * _EVALUATION_SIZE + 10 + n_digits
        rows = np.flatnonzero(sizes == size)
        data = np.frombuffer(b"".join([messages[k] for k in rows]), np.uint8).reshape(-1, size)
        official, doubles, counts = _decode_official(data, n_digits)
        rows = rows[official]
        values[rows], parameters[rows], unusual[rows] = doubles[official], counts[official], False
    for k in np.flatnonzero(unusual):
        try:
            values[k], parameters[k] = parse_message(messages[k])
        except ValueError as error:
            raise RowError(k, f"metrics: {error}") from None
    bad = np.flatnonzero((parameters < 0) | (parameters >= 2**31))
    if len(bad):
        raise RowError(
            bad[0], f"trainable_parameters is {parameters[bad[0]]}; it must be from 0 to 2**31 - 1"
        )
    return values, parameters.astype(np.int32)


def _decode_official(
    data: NDArray[np.uint8], n_digits: int
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    """Decode messages ``(n, size)`` in the official layout, and tell which of them are in it."""
    tail = 3 * _EVALUATION_SIZE
    evaluations = data[:, :tail].reshape(-1, 3, _EVALUATION_SIZE)
    official = (evaluations[:, :, _TAG_PLACES] == _TAGS).all(axis=(1, 2))
    official &= (data[:, tail] == _VARINT | 2 << 3) & (data[:, tail + 1 + n_digits] == _DOUBLE | 3 << 3)
    digits = data[:, tail + 1 : tail + 1 + n_digits]
    official &= ((digits >= 128) == (np.arange(n_digits) < n_digits - 1)).all(axis=1)
    counts = ((digits & 127).astype(np.int64) << 7 * np.arange(n_digits)).sum(axis=1)
    doubles = np.ascontiguousarray(evaluations[:, :, 2:].reshape(-1, 3, 5, 9)[..., 1:])
    return official, doubles.view("<f8")[..., 0], counts


def parse_message(data: bytes) -> tuple[NDArray[np.float64], int]:
    """Decode one ``ModelMetrics`` message in any layout, skipping unknown fields.

    Raises
    ------
    ValueError
        Where it is no such message, or not one of three evaluations.
    """
    evaluations, parameters = [], None
    for number, wire_type, content in _fields(data):
        if number == 1:
            evaluations.append(_parse_evaluation(_expect(content, wire_type, _BYTES, "evaluation_data")))
        elif number == 2:
            parameters = int.from_bytes(
                _expect(content, wire_type, _VARINT, "trainable_parameters"), "little"
            )
    if len(evaluations) != 3:
        raise ValueError(f"{len(evaluations)} evaluations; there must be 3 (start, half way, end)")
    if parameters is None:
        raise ValueError("trainable_parameters is absent")
    if parameters >= 2**31:
        raise ValueError("trainable_parameters is negative or above 2**31 - 1")
    return np.array(evaluations), parameters


def _parse_evaluation(data: bytes) -> list[float]:
    values = [np.nan] * 5
    for number, wire_type, content in _fields(data):
        if 1 <= number <= 5:
            name = ("current_epoch", *METRICS)[number - 1]
            values[number - 1] = np.frombuffer(_expect(content, wire_type, _DOUBLE, name), "<f8")[0]
    return values


def _expect(content: bytes, wire_type: int, expected: int, name: str) -> bytes:
    if wire_type != expected:
        raise ValueError(f"{name} has wire type {wire_type}; it must be {expected}")
    return content


def _fields(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield the number, the wire type and the content of each field of a message.

    The content of a varint is its value, little-endian.
    """
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            value, position = _varint(data, position)
            content = value.to_bytes(10, "little")
        elif wire_type in (_DOUBLE, _FLOAT, _BYTES):
            size = {_DOUBLE: 8, _FLOAT: 4}.get(wire_type)
            if size is None:
                size, position = _varint(data, position)
            content = data[position : position + size]
            position += size
        else:
            raise ValueError(f"a field of wire type {wire_type}, which is not supported")
        if number == 0 or position > len(data):
            raise ValueError("not a protobuf message" if number == 0 else "the message ends within a field")
        yield number, wire_type, content


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for k, byte in enumerate(data[position : position + 10]):
        value |= (byte & 127) << 7 * k
        if byte < 128:
            return value, position + k + 1
    raise ValueError("the message ends within a field, or a number has more than ten bytes")
