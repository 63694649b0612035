"""Chains: a sequence of layers, each with choices of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._rows import as_rows, column_names, column_roles, join_rows, reordered, split_rows
from ..drawing import GREY, Box, Diagram, colours
from ._base import Rows, SearchSpace, Seed
from ._choices import checked, is_left_out, is_ordered, left_out_value, options_of, show
from ._keys import mix_columns
from ._runs import Choices, Runs

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

_MAX_LISTED, _MAX_LISTED_ELEMENTS = 1_000_000, 2**27
_SMALL_STEP = 0.1  # standard deviation of a mutation of a number, in units of the layer's range
_TOLERANCE = 1e-6  # of numbers in a row


class ChainSpace(SearchSpace):
    """Sequences of layers, each with choices of its own: widths, kernels, operations, depth.

    Parameters
    ----------
    choices : sequence of sequence
        The choices of each layer: a ``range`` or numbers in increasing order, between which order is
        respected, or anything else (strings, booleans) without an order; numbers that stand for something
        else are :class:`Unordered`. ``None`` among the choices of a layer is to skip it, which makes the
        depth variable; an :class:`Identity` is to skip it, too, and says that layers beside it with the same
        choices are built in the same way, so that it does not matter which of them is skipped.

    Notes
    -----
    A row is the path of the layers that are not skipped. The features of a node are ``position``, the place
    of the layer in the chain, from ``1 / n_layers`` to 1; ``value``, the place of its number among the
    layer's choices, from 0 for the smallest to 1 for the largest; and one indicator for each choice without
    an order. Layers are not interchangeable: to skip the first or the second is not the same, unless they
    have the same choices with an :class:`Identity` among them. In canonical form a run of such layers has
    those that are skipped at its end.

    A mutated number moves by a normal step with a standard deviation of a tenth of its range, at least to
    the next; a choice without an order becomes any other; a layer that can be skipped is so with probability
    0.5, and comes back with a random choice.

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas.spaces import ChainSpace
    >>> space = ChainSpace([range(8, 65, 8), range(8, 65, 8), [3, 5, 7], ["relu", "silu"]])
    >>> X = space.encode([(8, 64, 5, "silu")])
    >>> X.shape
    (1, 32)
    >>> space.decode(X)
    [(8, 64, 5, 'silu')]
    >>> len(space)
    384
    >>> ChainSpace([range(64, 512)] * 50).n_architectures == 448**50  # the widths of a ResNet50
    True
    """

    def __init__(self, choices: Sequence[Sequence[Any]]) -> None:
        if len(choices) == 0:
            raise ValueError("choices is empty; give the choices of at least one layer")
        self.choices = tuple(checked(layer, k) for k, layer in enumerate(choices))
        self.n_nodes = len(self.choices)
        self._runs = Runs(self.choices)
        self._options = [options_of(layer) for layer in self.choices]
        skips = [next(filter(is_left_out, layer), ...) for layer in self.choices]
        self._skippable = np.array([skip is not ... for skip in skips])
        self._skips = [left_out_value(skip) for skip in skips]  # an ellipsis where a layer is always there
        self._n_options = np.array([len(options) for options in self._options])
        self._ordered = np.array([is_ordered(layer) for layer in self.choices])
        unordered = [o for o, ordered in zip(self._options, self._ordered, strict=True) if not ordered]
        self._categories = list(dict.fromkeys(option for options in unordered for option in options))
        self._first_category = 1 + bool(self._ordered.any())
        self.n_node_features = self._first_category + len(self._categories)
        self._n_choices = self._n_options + self._skippable
        self._offset = np.cumsum(self._n_choices) - self._n_choices
        self._table = self._make_table()

    def _make_table(self) -> NDArray[np.float32]:
        """Return the node features, shape ``(sum of the numbers of choices, d)``, of every choice."""
        table = np.zeros((int(self._n_choices.sum()), self.n_node_features), np.float32)
        for k, options in enumerate(self._options):
            features = table[self._offset[k] :][: len(options)]  # a view, without the choice to skip
            features[:, 0] = (k + 1) / self.n_nodes
            if self._ordered[k]:
                features[:, 1] = np.arange(len(options)) / max(len(options) - 1, 1)
            else:
                columns = [self._categories.index(option) for option in options]
                features[range(len(options)), np.array(columns) + self._first_category] = 1
        return table

    def __repr__(self) -> str:
        first = self.choices[0]
        if len(self.choices) > 1 and all(layer == first for layer in self.choices):
            return f"ChainSpace([{show(first)}] * {len(self.choices)})"
        return f"ChainSpace([{', '.join(show(layer) for layer in self.choices)}])"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    @property
    def n_architectures(self) -> int:
        """The number of architectures, however large."""
        n_places: list[int] = self._n_choices.tolist()
        for run in self._runs:
            n_places[run.layers] = [sum(run.sizes)] + [1] * (run.n_layers - 1)
        return prod(n_places)

    def get_feature_names_out(self) -> NDArray[np.object_]:
        """Return the column names, ``adjacency_{i}_{j}`` and then ``node_{i}_{feature}``."""
        return column_names(self.n_nodes, self._feature_names())

    def _feature_names(self) -> list[str]:
        return ["position", "value"][: self._first_category] + [str(name) for name in self._categories]

    def get_roles_out(self) -> list[str]:
        """Return the role of each column: ``"layer {feature}"``, beside the edges."""
        return column_roles(self.n_nodes, [f"layer {name}" for name in self._feature_names()])

    # ------------------------------------------------------------------------------ rows and choices

    def _rows(self, choices: Choices) -> NDArray[np.float32]:
        """Return the rows of choices, with layer i as node i."""
        n, L = choices.shape
        features = self._table[self._offset + choices]  # (n, L, d)
        if L == 1:
            return features[:, 0]
        present = features[:, :, 0] > 0
        # The next layer that is not skipped; L where there is none.
        place = np.where(present, np.arange(L), L)
        following = np.minimum.accumulate(place[:, :0:-1], axis=1)[:, ::-1]  # (n, L - 1)
        linked = present[:, :-1] & (following < L)
        row, start = np.nonzero(linked)
        X = np.zeros((n, self.n_features), np.float32)
        adjacency, nodes = split_rows(X, L)  # views
        adjacency[row, start, following[linked]] = 1
        nodes[:] = features
        return X

    def _parse(self, X: ArrayLike) -> tuple[Choices, NDArray[np.bool_]]:
        """Return the choices of rows in any order of nodes, and which rows are valid."""
        rows = as_rows(X, self.n_nodes, self.n_node_features)
        finite = np.isfinite(rows).all(axis=1)
        if not finite.all():
            rows = np.where(finite[:, None], rows, 0)
        rows = self._in_order(rows.astype(np.float32, copy=False))
        choices = self._nearest(split_rows(rows, self.n_nodes)[1])
        expected = self._rows(choices)
        valid = (rows == expected).all(axis=1)
        rest = np.flatnonzero(~valid)  # few, where rows come from here
        valid[rest] = (np.abs(rows[rest] - expected[rest]) <= _TOLERANCE).all(axis=1)
        return choices, finite & valid

    def _in_order(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return rows with their nodes in the order of the layers, as far as their positions tell it."""
        n, L = len(rows), self.n_nodes
        adjacency, features = split_rows(rows, L)
        layer = np.clip(np.rint(features[:, :, 0] * L), 0, L).astype(np.intp) - 1  # (n, L)
        if ((layer < 0) | (layer == np.arange(L))).all():
            return rows
        row, node = np.nonzero(layer >= 0)
        order = np.full((n, L), -1)  # (n, L), the node of each layer
        order[row, layer[row, node]] = node
        used = np.zeros((n, L), bool)
        used[row, order[row, layer[row, node]]] = True
        order[order < 0] = np.nonzero(~used)[1]  # there are as many layers without a node as nodes left
        return join_rows(*reordered(adjacency, features, order))

    def _nearest(self, features: NDArray[np.floating]) -> Choices:
        """Return the nearest choices, shape ``(n, L)``, to the features of the layers."""
        choices = np.zeros(features.shape[:2], np.intp)
        if self._ordered.any():
            choices = np.rint(features[:, :, 1].clip(0, 1) * (self._n_options - 1)).astype(np.intp)
        for k in np.flatnonzero(~self._ordered):
            indicators = self._table[self._offset[k] :][: self._n_options[k], self._first_category :]
            columns = self._first_category + indicators.argmax(axis=1)
            choices[:, k] = features[:, k, columns].argmax(axis=1)
        skipped = (features[:, :, 0] <= _TOLERANCE) & self._skippable
        return np.where(skipped, self._n_options, choices)

    def _choices_of(self, X: ArrayLike) -> Choices:
        choices, valid = self._parse(X)
        if not valid.all():
            raise ValueError(
                f"row {np.argmin(valid)} is not a valid chain of {self!r}; pass only rows for which "
                f"space.is_valid is true"
            )
        return choices

    # ------------------------------------------------------------------------------------- contract

    def sample(self, n: int, rng: Seed = None) -> NDArray[np.float32]:
        """Draw ``n`` rows, uniformly over architectures and with replacement."""
        rng = np.random.default_rng(rng)
        choices = rng.integers(self._n_choices, size=(n, self.n_nodes))
        for run in self._runs:
            choices[:, run.layers] = run.draw(n, rng)
        return self._rows(choices)

    def mutate(self, X: Rows, probability: float, rng: np.random.Generator) -> NDArray[np.float32]:
        """Change the choice of each layer with the given probability (section 3.2); always valid."""
        choices = self._runs.scattered(self._choices_of(X), rng)  # a layer may come back anywhere in its run
        changed = rng.random(choices.shape) < probability
        m = self._n_options
        other = (choices + rng.integers(1, np.maximum(m, 2), choices.shape)) % m
        moved = np.where(self._ordered, self._step(choices, rng), other)
        skipped = choices == m
        moved = np.where(skipped, rng.integers(m, size=choices.shape), moved)
        skip = self._skippable & ~skipped & (rng.random(choices.shape) < 0.5)
        return self._rows(self._runs.packed(np.where(changed, np.where(skip, m, moved), choices)))

    def _step(self, choices: Choices, rng: np.random.Generator) -> Choices:
        """Return numbers a small step away, reflected at the ends; never the same where there are others."""
        last = self._n_options - 1
        steps = np.maximum(1, np.rint(np.abs(rng.normal(size=choices.shape)) * _SMALL_STEP * last))
        signs = np.where(rng.random(choices.shape) < 0.5, 1, -1)
        moved = np.abs(choices + (signs * steps).astype(np.intp))
        moved = np.clip(np.where(moved > last, 2 * last - moved, moved), 0, last)
        beside = np.where(choices < last, choices + 1, choices - 1).clip(0, None)
        return np.where(moved == choices, beside, moved)

    def crossover(self, X1: Rows, X2: Rows, rng: np.random.Generator) -> NDArray[np.float32]:
        """Take each layer from either parent with probability 0.5 (section 3.2); always valid."""
        first, second = (self._runs.packed(self._choices_of(X)) for X in (X1, X2))
        return self._rows(self._runs.packed(np.where(rng.random(first.shape) < 0.5, first, second)))

    def is_valid(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Tell for each row whether it is the path of a chain of this space."""
        return self._parse(X)[1]

    def canonical_key(self, X: ArrayLike) -> NDArray[np.uint64]:
        """Return one number per valid row: exact below 2**63 chains, otherwise a 64-bit hash."""
        choices = self._runs.packed(self._parse(X)[0])
        if prod(self._n_choices.tolist()) < 2**63:
            return np.ravel_multi_index(tuple(choices.T), tuple(self._n_choices)).astype(np.uint64)
        return mix_columns(choices.T)

    def canonicalize(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return each valid row with its nodes in the order of the layers, skipped ones last in their run."""
        return self._rows(self._runs.packed(self._choices_of(X)))

    def discretize(self, Z: NDArray[np.floating]) -> NDArray[np.float32]:
        """Map shadow matrices to valid rows: the nearest number, the largest indicator.

        A layer that can be skipped is so where its ``position`` is at most half.
        """
        features = np.array(split_rows(np.asarray(Z), self.n_nodes)[1])
        features[:, :, 0] = np.where(features[:, :, 0] > 0.5, 1, 0)
        return self._rows(self._nearest(features))

    def relax(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return shadow matrices of valid rows, with 1 as the position of every layer that is there."""
        Z = self._rows(self._choices_of(X)).astype(np.float64)
        features = split_rows(Z, self.n_nodes)[1]  # a view
        features[:, :, 0] = features[:, :, 0] > 0
        return Z

    @property
    def is_enumerable(self) -> bool:
        """Whether the space is small enough to be listed."""
        n = self.n_architectures
        return n <= _MAX_LISTED and n * self.n_features <= _MAX_LISTED_ELEMENTS

    def __len__(self) -> int:
        return self.n_architectures if self.is_enumerable else super().__len__()

    def enumerate(self) -> NDArray[np.float32]:
        """Return every architecture once, the choice of the last layer changing fastest."""
        if not self.is_enumerable:
            super().enumerate()  # raises
        parts = [np.arange(n)[:, None] for n in self._n_choices]
        for run in self._runs:
            parts[run.layers] = [run.listed()] + [np.zeros((1, 0), np.intp)] * (run.n_layers - 1)
        places = np.unravel_index(np.arange(len(self)), tuple(map(len, parts)))
        return self._rows(np.concatenate([part[k] for part, k in zip(parts, places, strict=True)], axis=1))

    # ---------------------------------------------------------------- readable objects and Optuna

    def encode(self, architectures: Iterable[Sequence[Any]]) -> NDArray[np.float32]:
        """Return the rows of sequences with one choice for each layer, also for one that is skipped.

        Raises
        ------
        ValueError
            Naming the architecture and what is wrong with it.
        """
        chains = [tuple(architecture) for architecture in architectures]
        choices = np.zeros((len(chains), self.n_nodes), np.intp)
        for k, chain in enumerate(chains):
            if len(chain) != self.n_nodes:
                raise ValueError(
                    f"architecture {k} has {len(chain)} layers; give one choice for each of {self.n_nodes}, "
                    f"None (or the value of its Identity) where a layer is skipped"
                )
            choices[k] = [self._index(i, choice, k) for i, choice in enumerate(chain)]
        return self._rows(choices)

    def _index(self, layer: int, choice: Any, architecture: int) -> int:
        if self._skippable[layer] and choice == self._skips[layer]:
            return int(self._n_options[layer])
        if choice not in self._options[layer]:
            raise ValueError(
                f"architecture {architecture} has {choice!r} in layer {layer}; allowed are "
                f"{show(self.choices[layer])}"
            )
        return self._options[layer].index(choice)

    def decode(self, X: ArrayLike) -> list[tuple[Any, ...]]:
        """Return the choices of valid rows, one for each layer, also for one that is skipped."""
        options = [(*layer, skip) for layer, skip in zip(self._options, self._skips, strict=True)]
        chains = self._choices_of(X).tolist()
        return [tuple(layer[k] for layer, k in zip(options, chain, strict=True)) for chain in chains]

    def draw(self, architecture: Sequence[Any], title: str = "") -> Diagram:
        """Return a drawing of the layers that are there; a bar shows a number's share of the largest."""
        named = colours([str(category) for category in self._categories], first=("a number",))
        boxes = []
        for k, (choice, options) in enumerate(zip(architecture, self._options, strict=True)):
            label = f"layer {k}: {choice}"
            if choice == self._skips[k]:
                continue
            if self._ordered[k] and options[0] >= 0 < options[-1]:
                boxes.append(Box(label, named["a number"], choice / options[-1]))
            else:
                boxes.append(Box(label, named.get(str(choice), GREY)))
        return Diagram(boxes, np.eye(len(boxes), k=1), title)

    def numbers(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the choices of valid rows as numbers, shape ``(n, n_layers)``; NaN where a layer is skipped.

        Raises
        ------
        TypeError
            Where the choices of a layer are no numbers.
        """
        if not self._ordered.all():
            layer = int(np.argmin(self._ordered))
            raise TypeError(f"layer {layer} has no numbers as choices but {show(self.choices[layer])}")
        values = np.full((self.n_nodes, int(self._n_options.max()) + 1), np.nan)
        for k, options in enumerate(self._options):
            values[k, : len(options)] = options
        return values[np.arange(self.n_nodes), self._choices_of(X)]

    def distributions(self) -> dict[str, BaseDistribution]:
        """Return ``layer_{i}``: whole numbers where the choices are a range, else categories."""
        from optuna.distributions import CategoricalDistribution, IntDistribution

        return {
            f"layer_{k}": IntDistribution(layer[0], layer[-1], step=layer.step)
            if isinstance(layer, range)
            else CategoricalDistribution([left_out_value(choice) for choice in layer])
            for k, layer in enumerate(self.choices)
        }

    def params_to_row(self, params: Mapping[str, Any]) -> NDArray[np.float32]:
        """Return the row of one dictionary of Optuna parameters."""
        names = [f"layer_{k}" for k in range(self.n_nodes)]
        missing = [name for name in names if name not in params]
        if missing:
            raise ValueError(f"params lacks {missing}; use the names of space.distributions()")
        return self.encode([[params[name] for name in names]])[0]

    def row_to_params(self, row: ArrayLike) -> dict[str, Any]:
        """Return the Optuna parameters of one valid row."""
        return {f"layer_{k}": choice for k, choice in enumerate(self.decode(np.asarray(row)[None])[0])}
