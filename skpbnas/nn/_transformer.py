"""Small transformers that predict the next token: depth, width, heads and MLP ratio."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from ..spaces import ParameterSpace


def transformer_space(
    depths: Sequence[int] = (1, 2, 3, 4),
    widths: Sequence[int] = (32, 48, 64, 96),
    heads: Sequence[int] = (1, 2, 4, 6),
    mlp_ratios: Sequence[int] = (1, 2, 4),
) -> ParameterSpace:
    """Return the space of :class:`CausalTransformer`.

    Parameters
    ----------
    depths, widths, heads, mlp_ratios : sequence of int
        The choices, in increasing order.

    Returns
    -------
    ParameterSpace
        An architecture is a dictionary with ``depth``, ``width``, ``heads`` and ``mlp_ratio``.

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas.nn import CausalTransformer, transformer_space
    >>> space = transformer_space()
    >>> (architecture,) = space.decode(space.sample(1, np.random.default_rng(0)))
    >>> network = CausalTransformer(**architecture, length=32)
    """
    from optuna.distributions import CategoricalDistribution

    choices = {"depth": depths, "width": widths, "heads": heads, "mlp_ratio": mlp_ratios}
    return ParameterSpace({name: CategoricalDistribution(list(values)) for name, values in choices.items()})


class CausalTransformer(nn.Module):
    """A transformer that sees the tokens so far and predicts the next one, at every position.

    Normalisation comes before each part, positions are learned, and heads have a fixed size, so that their
    number is free of the width.

    Parameters
    ----------
    depth : int
        Blocks of attention and a perceptron.
    width : int
        Numbers that represent a token.
    heads : int
        Of attention, of size ``head_size`` each.
    mlp_ratio : int
        The perceptron's hidden layer is so many times as wide as ``width``.
    n_tokens : int, default=256
        Different tokens; 256 for bytes.
    length : int, default=64
        The largest number of tokens at once.
    head_size : int, default=16
    """

    def __init__(
        self,
        depth: int,
        width: int,
        heads: int,
        mlp_ratio: int,
        *,
        n_tokens: int = 256,
        length: int = 64,
        head_size: int = 16,
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(n_tokens, width)
        self.positions = nn.Parameter(torch.randn(length, width) * 0.02)
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.blocks = nn.Sequential(
            *(TransformerBlock(width, heads, head_size, mlp_ratio * width) for _ in range(depth))
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, n_tokens)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return scores of the next token, ``(n, length, n_tokens)``, for tokens ``(n, length)``."""
        if tokens.shape[1] > len(self.positions):
            raise ValueError(
                f"tokens has {tokens.shape[1]} positions, but the network was built with length="
                f"{len(self.positions)}; build it with a larger length or give shorter texts"
            )
        hidden = self.tokens(tokens) + self.positions[: tokens.shape[1]]
        result: torch.Tensor = self.head(self.norm(self.blocks(hidden)))
        return result


class TransformerBlock(nn.Module):
    """Attention to the tokens so far, and a perceptron; both add to what they are given."""

    def __init__(self, width: int, heads: int, head_size: int, hidden: int) -> None:
        super().__init__()
        self.head_size = head_size
        self.norm = nn.LayerNorm(width)
        # Three layers and not one: the first heads of each are then the weights of fewer heads.
        self.query, self.key, self.value = (nn.Linear(width, heads * head_size) for _ in range(3))
        self.merge = nn.Linear(heads * head_size, width)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width)
        )

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return ``(n, length, width)`` for the same shape."""
        normed = self.norm(hidden)
        query, key, value = (
            layer(normed).unflatten(-1, (-1, self.head_size)).transpose(1, 2)  # (n, heads, length, head_size)
            for layer in (self.query, self.key, self.value)
        )
        attended = scaled_dot_product_attention(query, key, value, is_causal=True)
        hidden = hidden + self.merge(attended.transpose(1, 2).flatten(-2))
        result: torch.Tensor = hidden + self.mlp(hidden)
        return result
