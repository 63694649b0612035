"""What a module costs, counted in one forward pass."""

from __future__ import annotations

import copy
import weakref
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

Example = torch.Tensor | tuple[torch.Tensor, ...]


class ModuleCosts(NamedTuple):
    """What one forward pass of a module costs.

    Attributes
    ----------
    parameters : int
        Trainable parameters, each once, also where modules share it.
    flops : int
        Floating-point operations of convolutions, matrix products and attention, by PyTorch's counter: two
        for each multiplication with a weight. What is elementwise, pooling and normalisation do not count.
    activations : int
        Numbers that these operations return, which latency follows more closely than FLOPs (Radosavovic et
        al. 2020, "Designing Network Design Spaces").
    memory : int
        Bytes of the weights, and of all other tensors that live at once, at their peak, without gradients.
    """

    parameters: int
    flops: int
    activations: int
    memory: int


def count_costs(module: nn.Module, example: Example) -> ModuleCosts:
    """Return what one forward pass of a module costs.

    Parameters
    ----------
    module : torch.nn.Module
        A copy of it runs once, in evaluation mode and without gradients; the module stays as it is.
    example : Tensor or tuple of Tensor
        The inputs, on the module's device. FLOPs, activations and memory are those of this batch; for the
        costs of one image, give one image.

    Returns
    -------
    ModuleCosts

    Notes
    -----
    Attention counts as the plain products of matrices that define it. PyTorch's counter has no formula for
    operations of other libraries, which count as nothing. Recurrent layers count on the CPU only for LSTM and
    GRU of PyTorch.

    Examples
    --------
    >>> import torch
    >>> from skpbnas.nn import count_costs
    >>> count_costs(torch.nn.Linear(8, 4), torch.zeros(1, 8))
    ModuleCosts(parameters=36, flops=64, activations=4, memory=192)
    """
    module, inputs = evaluated(module), as_inputs(example)
    held = _Held([*module.parameters(), *module.buffers(), *inputs])
    fastpath = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # which the counter does not see into
    try:
        counter = FlopCounterMode(display=False, custom_mapping={torch.ops.aten.mkldnn_rnn_layer: _recurrent})
        # The mode that is entered first sees the operations that the counter has taken apart.
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), held, counter:
            module(*inputs)
    finally:
        torch.backends.mha.set_fastpath_enabled(fastpath)
    parameters = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
    return ModuleCosts(parameters, counter.get_total_flops(), held.activations, held.peak)


def evaluated(module: nn.Module) -> nn.Module:
    """Return a copy in evaluation mode."""
    if not isinstance(module, nn.Module):
        raise TypeError(f"module={module!r} is not a torch.nn.Module; build it first")
    return copy.deepcopy(module).eval()


def as_inputs(example: Example) -> tuple[torch.Tensor, ...]:
    """Return the inputs of a forward pass as a tuple."""
    inputs = example if isinstance(example, tuple) else (example,)
    wrong = [value for value in inputs if not isinstance(value, torch.Tensor)]
    if wrong or not inputs:
        raise TypeError(f"example={example!r} is no input of a module; give a tensor, or several in a tuple")
    return inputs


class _Held(TorchDispatchMode):
    """Follow the bytes of all tensors that are alive, and count what is returned by products."""

    def __init__(self, tensors: list[torch.Tensor]) -> None:
        super().__init__()
        self.activations = self.bytes = self.peak = 0
        self._known: set[int] = set()
        for tensor in tensors:
            self._hold(tensor)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        if func._overloadpacket in _COUNTED:
            self.activations += tensors[0].numel()
        for tensor in tensors:
            self._hold(tensor)
        return result

    def _hold(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        key, n_bytes = storage._cdata, storage.nbytes()
        if key not in self._known:  # a view shares the storage of another tensor
            self._known.add(key)
            self.bytes += n_bytes
            self.peak = max(self.peak, self.bytes)
            weakref.finalize(storage, self._release, key, n_bytes)

    def _release(self, key: int, n_bytes: int) -> None:
        self._known.discard(key)
        self.bytes -= n_bytes


def _recurrent(inputs: Any, w_input: Any, w_hidden: Any, *_: Any, **__: Any) -> int:
    """Return the FLOPs of one layer of an LSTM or GRU, from shapes ``(length, n, d)``."""
    length, n, _ = inputs
    return int(2 * length * n * (w_input[0] * w_input[1] + w_hidden[0] * w_hidden[1]))


_COUNTED = {
    torch.ops.aten.convolution,
    torch.ops.aten.mm,
    torch.ops.aten.addmm,
    torch.ops.aten.bmm,
    torch.ops.aten.baddbmm,
    torch.ops.aten.mkldnn_rnn_layer,
}
