"""f(A; theta), section 3.1: graph convolutions, pooling over the nodes, one linear output."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from ._contexts import ContextIndex, build_index


class GraphConvolutionalNetwork(nn.Module):
    """Several graph convolutional networks of the same shape, computed as one batch.

    Parameters
    ----------
    n_features : int
        d, the number of features of a node.
    hidden_dims : sequence of int
        Number of features after each convolution.
    both : bool
        Whether each convolution also sends messages along the edges, with weights of its own, and not only
        against them as eq. 3 does.
    residual : bool
        Whether convolutions have layer normalisation and skip connections, the mean leaves out the padding,
        and the last nodes of a graph are read out beside it. False is the network of the paper.
    n_members : int
        E, the number of networks.
    generator : torch.Generator
        For the initial weights.
    """

    def __init__(
        self,
        n_features: int,
        hidden_dims: Sequence[int],
        both: bool,
        residual: bool,
        n_members: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.arguments = {
            "n_features": n_features,
            "hidden_dims": list(hidden_dims),
            "both": both,
            "residual": residual,
            "n_members": n_members,
        }
        self.both, self.residual, self.n_members = both, residual, n_members
        self.n_directions = 2 if both else 1
        dims = [n_features, *hidden_dims]
        self.weights, self.gains, self.biases = nn.ParameterList(), nn.ParameterList(), nn.ParameterList()
        for n_in, n_out in zip(dims[:-1], dims[1:], strict=True):
            # He et al. 2015: features keep their variance from layer to layer.
            scale = math.sqrt(2 / (n_in * self.n_directions))
            shape = (n_members, n_in, self.n_directions * n_out)
            self.weights.append(nn.Parameter(scale * torch.randn(shape, generator=generator)))
            if residual:
                self.gains.append(nn.Parameter(torch.ones(n_members, 1, n_out)))
                self.biases.append(nn.Parameter(torch.zeros(n_members, 1, n_out)))
        shape = (n_members, dims[-1], 2 if residual else 1)
        self.output = nn.Parameter(torch.randn(shape, generator=generator) / math.sqrt(dims[-1]))

    # -------------------------------------------------------------------- plain, differentiable in A

    def forward(self, adjacency: Tensor, features: Tensor) -> Tensor:
        """Return the scores, shape ``(E, n)``, of graphs, from dense matrices.

        Parameters
        ----------
        adjacency : Tensor of shape (n, L, L)
        features : Tensor of shape (n, L, d)
        """
        n, n_nodes, _ = features.shape
        loops = torch.eye(n_nodes, dtype=adjacency.dtype, device=adjacency.device)
        messages = [_normalise(adjacency + loops)]
        if self.both:
            messages.append(_normalise(adjacency.transpose(1, 2) + loops))
        hidden = features.expand(self.n_members, n, n_nodes, -1)
        for layer, weights in enumerate(self.weights):
            parts = (hidden @ weights[:, None]).chunk(self.n_directions, dim=-1)
            received = torch.stack([m @ part for m, part in zip(messages, parts, strict=True)]).sum(0)
            hidden = self._activate(layer, received, hidden)
        return self._read_out(hidden @ self.output[:, None], self.pooling(adjacency, features))

    # ----------------------------------------------------------- the same on distinct contexts only

    def index(
        self, adjacency: NDArray, features: NDArray, dtype: torch.dtype, gradients: bool = True
    ) -> ContextIndex:
        """Find the distinct contexts of graphs ``(n, L, L)``, ``(n, L, d)``, for :meth:`score_contexts`."""
        index = build_index(adjacency, features, len(self.weights), self.both, dtype, gradients)
        dense = (torch.tensor(np.ascontiguousarray(array), dtype=dtype) for array in (adjacency, features))
        return index._replace(pooling=self.pooling(*dense))

    def score_contexts(self, index: ContextIndex) -> Tensor:
        """Return the scores, shape ``(E, n)``, of indexed graphs: those of :meth:`forward`, for less."""
        hidden = index.features.expand(self.n_members, -1, -1)
        for layer, weights in enumerate(self.weights):
            sent = (hidden @ weights).unflatten(-1, (self.n_directions, -1))  # (E, contexts, directions, m)
            flat = sent.permute(2, 1, 0, 3).flatten(0, 1).flatten(1)  # (directions * contexts, E * m)
            received = (index.messages[layer] @ flat.contiguous()).unflatten(-1, (self.n_members, -1))
            skip = hidden[:, index.own[layer]] if self.residual else hidden
            hidden = self._activate(layer, received.transpose(0, 1), skip)
        scores = hidden @ self.output  # (E, contexts, readouts)
        return self._read_out(scores[:, index.nodes], index.pooling)

    # ----------------------------------------------------------------------------------- both paths

    def _activate(self, layer: int, received: Tensor, before: Tensor) -> Tensor:
        if not self.residual:
            return received.relu()  # eq. 3
        shape = (self.n_members, *[1] * (received.ndim - 2), -1)
        normalised = layer_norm(received, received.shape[-1:])
        new = (normalised * self.gains[layer].view(shape) + self.biases[layer].view(shape)).relu()
        return new + before if new.shape == before.shape else new

    def pooling(self, adjacency: Tensor, features: Tensor) -> Tensor:
        """Return the weight of each node in each read-out, shape ``(n, L, n_readouts)``."""
        n, n_nodes, _ = features.shape
        if not self.residual:
            return features.new_full((n, n_nodes, 1), 1 / n_nodes)  # eq. 4
        present = (features != 0).any(dim=2) | (n_nodes == 1)
        last = present & ~(adjacency > 0).any(dim=2)
        weights = torch.stack([present, last], dim=2).to(features.dtype)
        return weights / weights.sum(dim=1, keepdim=True).clamp(min=1)

    def _read_out(self, node_scores: Tensor, pooling: Tensor) -> Tensor:
        """Add up the scores ``(E, n, L, n_readouts)`` of the nodes."""
        return (node_scores * pooling).sum(dim=(2, 3))


def _normalise(adjacency: Tensor) -> Tensor:
    """Return D^-1/2 (A + I), normalised from the left only (eq. 3)."""
    return adjacency * adjacency.sum(dim=2, keepdim=True).rsqrt()
