"""How long a module takes for one forward pass, measured."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.benchmark import Timer

from ._costs import Example, as_inputs, evaluated

_N_WARM_UP = 5
_FENCE = 1.5  # in interquartile ranges: Tukey's


class Latency(NamedTuple):
    """Milliseconds of one forward pass.

    Attributes
    ----------
    median : float
        Of all measurements, outliers among them.
    spread : float
        The interquartile range: half of the measurements lie within it.
    n_outliers : int
        Measurements further from the quartiles than 1.5 times the spread. Where they are many, something else
        ran on the machine.
    measurements : ndarray of shape (n_measurements,)
        In the order in which they were taken. Each is the mean of as many passes as make a clock precise.
    """

    median: float
    spread: float
    n_outliers: int
    measurements: NDArray[np.float64]


def measure_latency(
    module: nn.Module,
    example: Example,
    device: str | torch.device = "cpu",
    *,
    runtime: str = "torch",
    n_threads: int = 1,
    seconds: float = 0.5,
) -> Latency:
    """Measure the time of a forward pass in evaluation mode, without gradients.

    The module is copied to the device and warmed up; then passes are timed until so many seconds have gone.

    Parameters
    ----------
    module : torch.nn.Module
        It stays as it is, where it is.
    example : Tensor or tuple of Tensor
        The inputs; the time is that of the whole batch.
    device : str or torch.device, default="cpu"
        Where to measure. On a GPU each measurement waits for it to finish.
    runtime : {"torch", "onnxruntime"}, default="torch"
        ``"onnxruntime"`` exports the module to ONNX and measures it as it would be deployed; needs the extra
        ``skpbnas[onnx]``.
    n_threads : int, default=1
        Threads on the CPU, during the measurement only.
    seconds : float, default=0.5
        Of measuring.

    Returns
    -------
    Latency

    Raises
    ------
    ValueError
        For an unknown runtime or a device that is not there.
    ImportError
        Without ONNX Runtime, where it is asked for.

    Examples
    --------
    >>> import torch
    >>> from skpbnas.nn import measure_latency
    >>> latency = measure_latency(torch.nn.Linear(64, 64), torch.zeros(1, 64), seconds=0.05)
    >>> latency.median > 0
    True
    """
    device = torch.device(device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device={str(device)!r} is not there: PyTorch finds no GPU; use device='cpu'")
    if runtime not in _RUNTIMES:
        raise ValueError(f"runtime={runtime!r} is unknown; use one of {list(_RUNTIMES)}")
    if seconds <= 0 or n_threads < 1:
        raise ValueError(
            f"seconds={seconds!r} and n_threads={n_threads!r}: time is positive, and threads are at least 1"
        )
    inputs = tuple(tensor.to(device) for tensor in as_inputs(example))
    run = _RUNTIMES[runtime](evaluated(module).to(device), inputs, n_threads)
    # PyTorch's timer fixes the threads and restores them, and waits for a GPU.
    timer = Timer("run()", globals={"run": run}, num_threads=n_threads)
    with torch.inference_mode():
        timer.timeit(_N_WARM_UP)
        return summarise(1e3 * np.array(timer.blocked_autorange(min_run_time=seconds).times))


def summarise(measurements: NDArray[np.float64]) -> Latency:
    """Return the latency that measurements tell, in milliseconds."""
    low, median, high = np.quantile(measurements, [0.25, 0.5, 0.75])
    spread = high - low
    outside = (measurements < low - _FENCE * spread) | (measurements > high + _FENCE * spread)
    return Latency(float(median), float(spread), int(outside.sum()), measurements)


def _in_torch(module: nn.Module, inputs: tuple[torch.Tensor, ...], n_threads: int) -> Callable[[], Any]:
    return lambda: module(*inputs)


def _in_onnxruntime(module: nn.Module, inputs: tuple[torch.Tensor, ...], n_threads: int) -> Callable[[], Any]:
    try:
        import onnxruntime
        import onnxscript  # noqa: F401 (what PyTorch exports with)
    except ImportError as error:
        raise ImportError(
            "runtime='onnxruntime' needs ONNX Runtime; install it with: pip install 'skpbnas[onnx]'"
        ) from error
    provider = "CUDAExecutionProvider" if inputs[0].device.type == "cuda" else "CPUExecutionProvider"
    if provider not in onnxruntime.get_available_providers():
        raise ValueError(
            f"device={str(inputs[0].device)!r} is not known to this ONNX Runtime, which has "
            f"{onnxruntime.get_available_providers()}; install onnxruntime-gpu or use device='cpu'"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's, of its own libraries
        program: Any = torch.onnx.export(module, inputs, dynamo=True, verbose=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    session = onnxruntime.InferenceSession(
        program.model_proto.SerializeToString(), options, providers=[provider]
    )
    feed = {
        given.name: tensor.cpu().numpy() for given, tensor in zip(session.get_inputs(), inputs, strict=True)
    }
    return lambda: session.run(None, feed)


_RUNTIMES = {"torch": _in_torch, "onnxruntime": _in_onnxruntime}
