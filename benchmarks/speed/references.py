"""The obvious programs that the library is measured against."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import softplus

from skpbnas.predictors import GCNRankPredictor
from skpbnas.spaces import CellSpace, SearchSpace


class PaperNetwork(nn.Module):
    """Three graph convolutions over dense matrices, the mean of the nodes, one linear output (eq. 3, 4)."""

    def __init__(self, weights: list[Tensor]) -> None:
        super().__init__()
        self.weights = nn.ParameterList(w.detach().clone() for w in weights)

    def forward(self, adjacency: Tensor, features: Tensor) -> Tensor:
        """Return the scores ``(n,)``."""
        loops = adjacency + torch.eye(adjacency.shape[1])
        message = loops / loops.sum(dim=2, keepdim=True).sqrt()
        hidden = features
        for weight in self.weights[:-1]:
            hidden = torch.relu(torch.bmm(message, hidden) @ weight)
        return (hidden.mean(dim=1) @ self.weights[-1])[:, 0]


def dense(X: NDArray, n_nodes: int) -> tuple[Tensor, Tensor]:
    n_edges = n_nodes**2
    values = torch.tensor(X, dtype=torch.float32)
    return values[:, :n_edges].reshape(-1, n_nodes, n_nodes), values[:, n_edges:].reshape(len(X), n_nodes, -1)


def initial_network(predictor: GCNRankPredictor, X: NDArray, y: NDArray) -> PaperNetwork:
    """Return the obvious network with the weights that a fit starts from."""
    still = GCNRankPredictor(**{**predictor.get_params(), "max_iter": 1, "learning_rate": 1e-12}).fit(X, y)
    return PaperNetwork([w[0] for w in [*still._network.weights, still._network.output]])


def obvious_fit(
    network: PaperNetwork, X: NDArray, y: NDArray, n_nodes: int, n_epochs: int, n_run: int
) -> list[float]:
    """Run the first ``n_run`` epochs of the paper's training: one step an epoch over all gathered pairs."""
    adjacency, features = dense(X, n_nodes)
    better, worse = (torch.as_tensor(k) for k in np.nonzero(y[:, None] > y[None, :]))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_epochs)
    curve = []
    for _ in range(n_run):
        scores = network(adjacency, features)
        loss = softplus(scores[worse] - scores[better]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        curve.append(loss.item())
    return curve


@torch.inference_mode()
def obvious_predict(network: nn.Module, X: NDArray, n_nodes: int, batch: int = 1000) -> NDArray:
    """Score rows batch by batch from dense matrices."""
    parts = [network(*dense(X[k : k + batch], n_nodes)) for k in range(0, len(X), batch)]
    return torch.cat(parts).numpy()


def one_by_one_pool(
    space: CellSpace, parents: NDArray, exclude: NDArray, n: int, probability: float
) -> list[NDArray]:
    """Run Algorithm 2 as a loop over architectures: change or mix, check, hash with MD5, keep what is new."""
    rng = np.random.default_rng(0)
    seen = {module_hash(*matrix_and_labels(space, row)) for row in exclude}
    pool: list[NDArray] = []
    while len(pool) < n:
        first, second = (matrix_and_labels(space, parents[rng.integers(len(parents))]) for _ in range(2))
        matrix, labels = (part.copy() for part in first)
        upper = np.triu_indices(space.n_nodes, 1)
        if len(pool) < n // 2:
            matrix[upper] ^= rng.random(len(upper[0])) < probability
            change = rng.random(len(labels)) < probability
            labels[change] = rng.integers(1, 1 + len(space.operations), size=int(change.sum()))
        else:
            matrix[upper] = np.where(rng.random(len(upper[0])) < 0.5, matrix[upper], second[0][upper])
            labels = np.where(rng.random(len(labels)) < 0.5, labels, second[1])
        labels[0], labels[-1] = 0, space.n_node_features - 1
        kept = on_path(matrix)
        if not kept or matrix[np.ix_(kept, kept)].sum() > space.max_edges:
            continue
        key = module_hash(matrix[np.ix_(kept, kept)], labels[kept])
        if key not in seen:
            seen.add(key)
            pool.append(matrix)
    return pool


def matrix_and_labels(space: CellSpace, row: NDArray) -> tuple[NDArray, NDArray]:
    n_edges = space.n_nodes**2
    matrix = row[:n_edges].reshape(space.n_nodes, space.n_nodes).astype(bool)
    return matrix, row[n_edges:].reshape(space.n_nodes, -1).argmax(axis=1)


def on_path(matrix: NDArray) -> list[int]:
    """Return the vertices on a path from the first to the last, found by walking along edges."""

    def reached(start: int, edges: NDArray) -> set[int]:
        found, todo = {start}, [start]
        while todo:
            for k in np.flatnonzero(edges[todo.pop()]):
                if k not in found:
                    found.add(int(k))
                    todo.append(int(k))
        return found

    last = len(matrix) - 1
    whole = reached(0, matrix) & reached(last, matrix.T)
    return sorted(whole) if last in whole and 0 in whole else []


def module_hash(matrix: NDArray, labels: NDArray) -> str:
    """Return the hash of NASBench-101's own code: as many rounds of MD5 as there are vertices."""
    n = len(matrix)
    incoming, outgoing = matrix.sum(axis=0).tolist(), matrix.sum(axis=1).tolist()
    hashes = [md5(str((outgoing[v], incoming[v], int(labels[v])))) for v in range(n)]
    for _ in range(n):
        hashes = [
            md5(
                "".join(sorted(hashes[w] for w in range(n) if matrix[w, v]))
                + "|"
                + "".join(sorted(hashes[w] for w in range(n) if matrix[v, w]))
                + "|"
                + hashes[v]
            )
            for v in range(n)
        ]
    return md5(str(sorted(hashes)))


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def ascend_each(
    space: SearchSpace, module: nn.Module, starts: NDArray, n_steps: int, step_size: float
) -> NDArray:
    """Maximum-likelihood sampling, one ascent per start (eq. 8, 9)."""
    ends = []
    for start in starts:
        shadow = space.relax(start[None])
        best_row, best_score = start, -np.inf
        for _ in range(n_steps + 1):
            row = space.discretize(shadow)
            values = torch.tensor(row, dtype=torch.float32, requires_grad=True)
            n_edges = space.n_nodes**2
            score = module(
                values[:, :n_edges].reshape(1, space.n_nodes, space.n_nodes),
                values[:, n_edges:].reshape(1, space.n_nodes, -1),
            )
            (gradient,) = torch.autograd.grad(score.sum(), values)
            if space.is_valid(row)[0] and score.item() > best_score:
                best_row, best_score = row[0], score.item()
            direction = (gradient / gradient.abs().max().clamp(min=1e-30)).numpy()
            shadow = np.clip(shadow + step_size * direction, 0, 1)
        ends.append(best_row)
    return np.array(ends)
