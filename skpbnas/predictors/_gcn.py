"""The predictor as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from .._rows import join_rows, node_features, split_rows
from ._base import GraphRankPredictor
from ._contexts import ContextIndex
from ._gp import GPRankPredictor
from ._network import GraphConvolutionalNetwork
from ._remembered import Remembered
from ._training import make_loss, make_optimizer, one_torch_thread, train

_WEIGHT = 4.0  # of the process beside one network
_MOST_ROWS = 2048  # that the process learns from

_REMEMBERED: Remembered[ContextIndex] = Remembered()


class GCNRankPredictor(GraphRankPredictor):
    """Graph convolutional network trained to rank architectures.

    Parameters
    ----------
    n_nodes : int, default=None
        L, the number of nodes of a row's graph: a row holds the ``L x L`` adjacency matrix and then the
        ``L x d`` node features. None reads L from the column names, where X is a DataFrame with those of a
        space; otherwise a row is a single node with ``d = n_features`` and the network is a perceptron.
    hidden_dims : sequence of int, default=(32, 32, 32)
        Number of node features after each graph convolution.
    directions : {"both", "against"}, default="both"
        Which way messages go: only from a node to the nodes that feed it, as in eq. 3, or both ways.
    residual : bool, default=True
        Layer normalisation and skip connections in each convolution, and a read-out of the last nodes beside
        the mean of all. False is the network of the paper.
    loss : {"pairwise", "mse"}, default="pairwise"
        Cross-entropy over pairs (eq. 5-7), or squared error on the standardised targets.
    solver : {"adamw", "sgd"}, default="adamw"
        AdamW, or gradient descent with momentum 0.9; both over full batches with a cosine schedule to zero.
    learning_rate : float, default=0.01
        At the start. Training that diverges is tried once more with a tenth of it.
    weight_decay : float, default=0.01
        L2 penalty; decoupled with AdamW.
    max_iter : int, default=100
        Number of epochs, each one step.
    n_estimators : int, default=1
        Number of networks that are trained as one batch and averaged.
    warm_start : bool, default=False
        Whether fit continues from the weights of the last fit, where the rows have the same shape.
    device : str, default="cpu"
        PyTorch device.
    random_state : int, RandomState instance or None, default=None
        Of the initial weights and sampled pairs.
    descriptors : bool, default=True
        Whether the score is that of the graph network and, with four times its weight, that of a
        :class:`GPRankPredictor` on the row's :class:`~skpbnas.preprocessing.GraphDescriptors`; the process
        learns from at most 2048 rows. A row of one node has none.
    roles : sequence of str, default=None
        What each column of a row is, from ``space.get_roles_out()``, for the process; a search sets it. None:
        nodes have no order.

    Attributes
    ----------
    n_nodes_ : int
        L.
    module_ : torch.nn.Module
        Maps adjacency ``(n, L, L)`` and features ``(n, L, d)`` to scores ``(n,)``, differentiably.
    loss_curve_ : list of float
        The loss at each epoch of the last fit.
    n_iter_ : int
        Number of epochs of the last fit.
    n_features_in_ : int
        Number of columns.

    See Also
    --------
    paper_predictor : The configuration of the paper.

    Notes
    -----
    A score is the mean of the members, each shifted and stretched so that its scores of the training rows
    have the mean and the standard deviation of y. The process is the same for all of them. ``return_std``
    tells how much the members disagree, and how uncertain the process is. Gradients flow through the networks
    alone, as descriptors count paths, which have none.

    References
    ----------
    Mauch et al., "Efficient Sampling for Predictor-Based Neural Architecture Search", section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas import CellSpace, GCNRankPredictor
    >>> space = CellSpace(5, ["conv", "pool"])
    >>> X = space.sample(50, np.random.default_rng(0))
    >>> y = X.sum(axis=1)
    >>> predictor = GCNRankPredictor(n_nodes=space.n_nodes, random_state=0).fit(X[:40], y[:40])
    >>> bool(predictor.score(X[40:], y[40:]) > 0.8)
    True
    """

    _parameter_constraints: dict = {
        "n_nodes": [Interval(Integral, 1, None, closed="left"), None],
        "hidden_dims": ["array-like"],
        "directions": [StrOptions({"both", "against"})],
        "residual": ["boolean"],
        "loss": [StrOptions({"pairwise", "mse"})],
        "solver": [StrOptions({"adamw", "sgd"})],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "device": [str],
        "random_state": ["random_state"],
        "descriptors": ["boolean"],
        "roles": ["array-like", None],
    }

    def __init__(
        self,
        n_nodes: int | None = None,
        hidden_dims: Sequence[int] = (32, 32, 32),
        directions: str = "both",
        residual: bool = True,
        loss: str = "pairwise",
        solver: str = "adamw",
        learning_rate: float = 0.01,
        weight_decay: float = 0.01,
        max_iter: int = 100,
        n_estimators: int = 1,
        warm_start: bool = False,
        device: str = "cpu",
        random_state: int | np.random.RandomState | None = None,
        descriptors: bool = True,
        roles: Sequence[str] | None = None,
    ) -> None:
        self.n_nodes = n_nodes
        self.hidden_dims = hidden_dims
        self.directions = directions
        self.residual = residual
        self.loss = loss
        self.solver = solver
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.max_iter = max_iter
        self.n_estimators = n_estimators
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.descriptors = descriptors
        self.roles = roles

    def predict_proba_better(self, X1: ArrayLike, X2: ArrayLike) -> NDArray[np.float64]:
        """Return the probability that each row of X1 is better than that of X2 (eq. 5).

        Returns
        -------
        ndarray of shape (n,)
            The logistic function of the score difference, averaged over the members.
        """
        difference = self._raw_scores(self._rows_of(X1)) - self._raw_scores(self._rows_of(X2))
        return (1 / (1 + np.exp(-difference))).mean(axis=0)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "_network"):
            self._network.to(self.device)

    @property
    def module_(self) -> nn.Module:
        """The fitted network as a function of dense adjacency matrices and node features."""
        check_is_fitted(self)
        return MeanScore(self._network, self._process, self._unit, self._slope, self._offset)

    _network: GraphConvolutionalNetwork
    _process: GPRankPredictor | None

    def _learn(self, X: NDArray, y: NDArray[np.float64]) -> None:
        generator = torch.Generator().manual_seed(int(check_random_state(self.random_state).randint(2**31)))
        n_features = node_features(X.shape[1], self.n_nodes_)
        shape = (self.n_nodes_, n_features)
        if self.warm_start and getattr(self, "_shape", None) == shape:
            start = self._network
        else:
            start = GraphConvolutionalNetwork(
                n_features,
                list(self.hidden_dims),
                self.directions == "both",
                self.residual,
                self.n_estimators,
                generator,
            ).to(self.device)
        with one_torch_thread():
            index = start.index(*split_rows(X, self.n_nodes_), torch.float32).to(self.device)
            loss = make_loss(self.loss, torch.as_tensor(y, device=self.device), self.n_estimators, generator)
            network, scores, self.loss_curve_ = self._train(start, index, loss)
        self._shape, self._network = shape, network
        self.n_iter_ = self.max_iter
        self._process = self._of_descriptors(X, y)
        spread = scores.std(axis=1)
        self._unit = np.where(spread > 0, spread, 1.0)
        self._set_scale(self._with_descriptors(scores, self._described(X)[0]), y)

    def _of_descriptors(self, X: NDArray, y: NDArray[np.float64]) -> GPRankPredictor | None:
        """Return the process that learns from the descriptors, if they are seen."""
        if not self.descriptors or self.n_nodes_ == 1:
            return None
        targets = "values" if self.loss == "mse" else "ranks"
        process = GPRankPredictor(self.n_nodes_, roles=self.roles, targets=targets, max_rows=_MOST_ROWS)
        return process.fit(X, y)

    def _with_descriptors(self, graphs: NDArray[np.float64], described: Any) -> NDArray[np.float64]:
        """Add what the process tells, ``(n,)``, to the scores ``(E, n)`` by the networks."""
        return graphs if self._process is None else _mixed(graphs, described, self._unit[:, None])

    def _described(self, X: NDArray, uncertain: bool = False) -> tuple[Any, Any]:
        """Return what the process tells of rows, and how uncertain; 0 where it sees none."""
        return (0.0, 0.0) if self._process is None else self._process.standard_scores(X, uncertain)

    def _train(
        self, start: GraphConvolutionalNetwork, index: ContextIndex, loss: Callable[[Tensor], Tensor]
    ) -> tuple[GraphConvolutionalNetwork, NDArray[np.float64], list[float]]:
        """Return the trained network, its scores ``(E, n)`` and its losses."""
        for learning_rate in (self.learning_rate, self.learning_rate / 10):
            network = deepcopy(start)
            optimizer = make_optimizer(network, self.solver, learning_rate, self.weight_decay)
            curve = train(network, index, loss, optimizer, self.max_iter)
            with torch.inference_mode():
                scores = network.score_contexts(index).cpu().double().numpy()
            if np.isfinite(curve).all() and np.isfinite(scores).all():
                return network, scores, curve
        raise ValueError(
            f"training diverged with learning_rate={self.learning_rate:g}, and again with {learning_rate:g}: "
            f"the scores are no numbers; give a lower learning_rate, and features around one (those of X "
            f"reach {index.features.abs().max().item():g})"
        )

    def _predict(self, X: NDArray, uncertain: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        described, unsure = self._described(X, uncertain)
        raw = self._with_descriptors(self._graph_scores(X), described)
        members = raw * self._slope[:, None] + self._offset[:, None]
        share = _mixed(0, (self._slope * self._unit).mean(), 1)
        return members.mean(axis=0), np.hypot(members.std(axis=0), share * unsure)

    def _index(self, X: NDArray, dtype: torch.dtype, gradients: bool = True) -> ContextIndex:
        adjacency, features = split_rows(X, self.n_nodes_)
        return self._network.index(adjacency, features, dtype, gradients).to(self.device)

    def _raw_scores(self, rows: NDArray) -> NDArray[np.float64]:
        """Return the scores of the members, shape ``(E, n)``, before they have the scale of y."""
        return self._with_descriptors(self._graph_scores(rows), self._described(rows)[0])

    def _graph_scores(self, rows: NDArray) -> NDArray[np.float64]:
        """Return the scores of the networks, shape ``(E, n)``."""
        # Architectures are small integers and scored in single precision, a table of doubles in double.
        dtype = torch.float64 if rows.dtype == np.float64 else torch.float32
        network = self._network if dtype == torch.float32 else deepcopy(self._network).to(dtype)
        parts = (len(network.weights), network.both, network.residual)
        kind = (self.n_nodes_, *parts, rows.dtype, self.device)
        with torch.inference_mode():
            indices = _REMEMBERED.of(rows, kind, lambda piece: self._index(piece, dtype, gradients=False))
            scores = [network.score_contexts(index).cpu().double().numpy() for _, index in indices]
        return np.concatenate(scores, axis=1)

    def _set_scale(self, scores: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Keep for each member the increasing line that takes its training scores to the scale of y."""
        spread = scores.std(axis=1)
        self._slope = np.where(spread > 0, y.std() / np.where(spread > 0, spread, 1), 0.0)
        self._offset = y.mean() - self._slope * scores.mean(axis=1)


def _mixed(graphs: Any, described: Any, unit: Any) -> Any:
    """Return the scores of members: of their networks, with this spread, and of a process."""
    return (graphs + _WEIGHT * unit * described) / (1 + _WEIGHT)


class MeanScore(nn.Module):
    """The mean of the members' scores, each on the scale of y, as a function of dense matrices."""

    unit: Tensor
    slope: Tensor
    offset: Tensor

    def __init__(
        self,
        network: GraphConvolutionalNetwork,
        process: GPRankPredictor | None,
        unit: NDArray,
        slope: NDArray,
        offset: NDArray,
    ) -> None:
        super().__init__()
        self.network, self.process = network, process
        for name, values in (("unit", unit), ("slope", slope), ("offset", offset)):
            self.register_buffer(name, torch.as_tensor(values, dtype=torch.float32)[:, None])

    def forward(self, adjacency: Tensor, features: Tensor) -> Tensor:
        """Return the scores ``(n,)`` of adjacency ``(n, L, L)`` and features ``(n, L, d)``."""
        scores = self.network(adjacency, features)
        if self.process is not None:
            rows = join_rows(*(tensor.detach().cpu().double().numpy() for tensor in (adjacency, features)))
            described = torch.as_tensor(self.process.standard_scores(rows, False)[0]).to(scores)
            scores = _mixed(scores, described, self.unit)
        return (scores * self.slope + self.offset).mean(dim=0)


def paper_predictor(n_nodes: int | None = None, **overrides: Any) -> GCNRankPredictor:
    """Return the predictor with the network and the training of the paper (sections 3.1 and 5).

    Three graph convolutions of 256 features, messages one way, D^-1/2 (A + I), mean pooling and one linear
    output; pairwise cross-entropy over all pairs, gradient descent with momentum 0.9 and a learning rate of
    0.01 that follows a cosine to zero, 2000 epochs over the full batch.

    Parameters
    ----------
    n_nodes : int, default=None
        As in :class:`GCNRankPredictor`.
    **overrides
        Other parameters of :class:`GCNRankPredictor`.

    Returns
    -------
    GCNRankPredictor
    """
    paper: dict[str, Any] = {
        "hidden_dims": (256, 256, 256),
        "directions": "against",
        "residual": False,
        "loss": "pairwise",
        "solver": "sgd",
        "learning_rate": 0.01,
        "weight_decay": 0.0,
        "max_iter": 2000,
        "descriptors": False,
    }
    return GCNRankPredictor(n_nodes=n_nodes, **{**paper, **overrides})
