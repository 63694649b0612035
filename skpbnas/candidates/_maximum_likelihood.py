"""Maximum-likelihood sampling of the pool: gradient ascent on the predictor (eq. 8, 9)."""

from __future__ import annotations

from copy import deepcopy
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.validation import check_is_fitted

from .._for_space import for_space
from .._rows import split_rows
from ..spaces import Rows, SearchSpace
from ._base import BaseCandidateSampler, Pool


class MaximumLikelihoodCandidateSampler(BaseCandidateSampler):
    """Draws the pool by climbing the predictor from random architectures (section 3.2, eq. 8 and 9).

    Each of N' random architectures becomes a pair of continuous shadow matrices, which are mapped to a graph
    by thresholding and maximum, scored, and moved along the gradient of the score, passed straight through
    the mapping. The best valid architecture on each way enters the pool; where several ways end at the same
    one, the next best that were seen fill it up.

    Parameters
    ----------
    space : SearchSpace, default=None
        None treats a row as plain numbers within the observed range.
    predictor : estimator, default=None
        f. It needs the attribute ``module_`` of a fitted ``GCNRankPredictor``. One that is fitted is used as
        it is, otherwise a clone is fitted; None fits a ``GCNRankPredictor``.
    n_candidates : int, default=1000
        N', the size of the pool and the number of starts.
    n_steps : int, default=30
        Number of steps of the ascent.
    step_size : float, default=0.1
        By how much the element with the steepest gradient moves in a step, where all go from 0 to 1; an edge
        changes at 0.5.
    random_state : int, RandomState instance or None, default=None

    Attributes
    ----------
    predictor_ : estimator
        The fitted predictor.
    space_ : SearchSpace
        What is drawn from.

    Notes
    -----
    The paper gives neither the number of steps nor the rate.
    """

    _parameter_constraints: dict = {
        "space": [HasMethods(["discretize", "relax", "canonical_key"]), None],
        "predictor": [HasMethods(["fit", "predict"]), None],
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "step_size": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        space: SearchSpace | None = None,
        predictor: Any = None,
        n_candidates: int = 1000,
        n_steps: int = 30,
        step_size: float = 0.1,
        random_state: Any = None,
    ) -> None:
        self.space = space
        self.predictor = predictor
        self.n_candidates = n_candidates
        self.n_steps = n_steps
        self.step_size = step_size
        self.random_state = random_state

    def _learn(self, X: Rows, y: NDArray | None) -> None:
        self.predictor_ = self.predictor
        if not _is_fitted(self.predictor):
            from ..predictors import GCNRankPredictor

            given = GCNRankPredictor() if self.predictor is None else self.predictor
            new = for_space(given, self.space_, self._seed)
            self.predictor_ = new.fit(X, np.zeros(len(X)) if y is None else y)
        if not hasattr(self.predictor_, "module_"):
            raise TypeError(
                f"predictor={self.predictor!r} has no differentiable network (attribute module_); "
                f"maximum-likelihood sampling needs a GCNRankPredictor"
            )
        n_columns = getattr(self.predictor_, "n_features_in_", X.shape[1])
        if n_columns != X.shape[1]:
            raise ValueError(
                f"predictor={self.predictor!r} was fitted on rows of {n_columns} columns, but those of "
                f"space={self.space!r} have {X.shape[1]}; fit it on rows of the same space"
            )

    def _draw_pool(self, pool: Pool, n: Any, rng: np.random.Generator) -> None:
        starts = self.space_.sample(n, rng)
        best, seen, scores = self._climb(starts, "float32")
        pool.add(best, n)
        pool.add(seen[np.argsort(-scores, kind="stable")], n - len(pool))
        pool.fill_from_all(n, rng)

    def _transform_rows(self, X: Rows) -> Rows:
        # Double precision, and rounded steps, so that a way does not depend on the batch it is computed in.
        return self._climb(X, "float64")[0]

    def _climb(self, starts: Rows, precision: str) -> tuple[Rows, Rows, NDArray[np.float64]]:
        """Ascend from valid rows; return the best row of each way, all valid rows seen, and their scores."""
        import torch

        dtype = getattr(torch, precision)
        module = deepcopy(self.predictor_.module_).to("cpu", dtype)
        shadow = self.space_.relax(starts)
        best, best_score = self.space_.canonicalize(starts).copy(), np.full(len(starts), -np.inf)
        rows, direction = np.full(shadow.shape, np.nan), np.zeros(shadow.shape)
        all_rows, all_scores = [], []
        for _ in range(self.n_steps + 1):
            previous, rows = rows, self.space_.discretize(shadow)
            # A step is often too small to change the graph; its score and gradient are known then.
            changed = np.flatnonzero((rows != previous).any(axis=1))
            new = rows[changed]
            scores, direction[changed] = self._steepest(
                module, torch.tensor(new, dtype=dtype, requires_grad=True)
            )
            valid = self.space_.is_valid(new)
            better = valid & (scores > best_score[changed])
            best[changed[better]] = self.space_.canonicalize(new[better])
            best_score[changed[better]] = scores[better]
            all_rows.append(new[valid])
            all_scores.append(scores[valid])
            # Straight through: the gradient at the discrete row moves the shadow matrices (section 3.2).
            shadow = np.clip(shadow + self.step_size * direction, 0, 1)
        seen = self.space_.canonicalize(np.concatenate(all_rows))
        return best, seen, np.concatenate(all_scores)

    def _steepest(self, module: Any, rows: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return f of rows, and its gradient with the steepest element of each row scaled to 1 or -1."""
        import torch

        from ..predictors._training import one_torch_thread

        with one_torch_thread():  # one, so that the sums do not depend on how many there are
            scores = module(*split_rows(rows, self.space_.n_nodes))
            (gradient,) = torch.autograd.grad(scores.sum(), rows)
        steepest = gradient.abs().amax(dim=1, keepdim=True).clamp(min=1e-30)
        return scores.detach().double().numpy(), np.round((gradient / steepest).double().numpy(), 6)


def _is_fitted(predictor: Any) -> bool:
    try:
        check_is_fitted(predictor)
    except (NotFittedError, TypeError):
        return False
    return True
