"""The state of a search: what asks, observes and saves, for whatever drives it."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from time import monotonic, perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from .._for_space import for_space
from ..spaces import Rows, SearchSpace
from ._archive import Archive, Scores
from ._checkpoint import Checkpoint
from ._costs import Cost, Costs, Reference
from ._features import Features
from ._identity import Identity, describe, describe_space, differences
from ._known import Known, Prior, informed, refuse_for_random
from ._propose import Proposal, default_candidates, default_n_initial, default_predictor, propose
from ._recommend import to_repeat
from ._saved import CheckpointError, CheckpointWriteError, SavedSearch

_log = logging.getLogger("skpbnas.search")


class SearchState:
    """Algorithm 1 between two evaluations: the one place that knows what was asked and observed.

    It is safe in threads: of two that ask at the same time, the second sees what the first was given. It
    knows neither progress bars nor scikit-learn.

    Parameters
    ----------
    space : SearchSpace
    predictor : estimator, "random" or None
    candidates : candidate sampler or None
    n_initial : int or None
    batch_size : int
    seed : int or None
        None draws one; a checkpoint then may bring its own.
    costs : mapping of str to callable, default=None
    reference : mapping of str to float, default=None
    features : mapping of str to callable, default=None
    prior : sequence of (rows, scores), default=None

    Attributes
    ----------
    archive : Archive
    last_proposal : Proposal or None
    """

    def __init__(
        self,
        space: SearchSpace,
        predictor: Any,
        candidates: Any,
        n_initial: int | None,
        batch_size: int,
        seed: int | None,
        costs: Mapping[str, Cost] | None = None,
        features: Features | None = None,
        prior: Prior | None = None,
        reference: Mapping[str, float] | None = None,
    ) -> None:
        refuse_for_random(predictor, features=features, prior=prior)
        self.space = space
        self.n_initial = default_n_initial(space, bool(costs)) if n_initial is None else n_initial
        self.batch_size = batch_size
        self.costs = Costs(space, costs or {})
        self.reference = Reference(reference or {}, self.costs.names)
        self.archive = Archive(space, self.costs.names, self.costs)
        self.last_proposal: Proposal | None = None
        predictor = default_predictor(space) if predictor is None else predictor
        refines = not costs and hasattr(predictor, "with_pending")
        self._given = (
            predictor,
            default_candidates(space, refines) if candidates is None else candidates,
        )
        self._known = Known.of(space, features, prior)
        self._has_seed = seed is not None
        self._use_seed(int(np.random.default_rng().integers(2**31)) if seed is None else seed)
        self._checkpoint: Checkpoint | None = None
        self._objective: Any = None
        self._seconds = 0.0  # of earlier runs
        self._started: float | None = None  # when this run did
        self._lock = threading.RLock()

    def _use_seed(self, seed: int) -> None:
        predictor, candidates = self._given
        self.seed = seed
        self._predictor = None
        if not isinstance(predictor, str):
            ready = for_space(predictor, self.space, seed)
            self._predictor = informed(ready, self._known)
        self._candidates = for_space(candidates, self.space, seed)

    def __getstate__(self) -> dict[str, Any]:
        if self._checkpoint is not None and self._checkpoint.is_held:
            raise TypeError("a search cannot be pickled while it runs with a checkpoint; read that instead")
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()

    # ---------------------------------------------------------------------------------- ask and tell

    @property
    def is_initial(self) -> bool:
        """Whether the next architectures are drawn at random."""
        return len(self.archive) < self.n_initial

    @property
    def next_size(self) -> int:
        """How many architectures the next batch has."""
        return self.n_initial - len(self.archive) if self.is_initial else self.batch_size

    def ask(self, n: int | None = None) -> Rows:
        """Propose ``n`` architectures, best first; fewer where the space holds no more."""
        with self._lock, self._saving():
            archive = self.archive
            X, y, n_repeats, *_ = archive.observed()
            others = archive.rows[~archive.done]
            if self._known and self._known.prior and archive.n_objectives > 1:
                raise ValueError(
                    f"prior= has one score for each row, but the objective returned {archive.n_objectives}; "
                    f"earlier tasks help a search for one objective only"
                )
            if initial := self.is_initial:
                X, y, n_repeats, others = X[:0], y[:0], n_repeats[:0], archive.rows
            rng = np.random.default_rng([self.seed, len(archive)])
            size = self.next_size if n is None else n
            reference = self.reference.values(archive.n_objectives if len(y) else None)
            proposal = propose(
                self.space,
                self._predictor,
                self._candidates,
                X,
                y,
                others,
                size,
                rng,
                self.costs,
                reference,
                n_repeats,
            )
            if not (len(proposal.rows) or len(archive)):
                raise ValueError(
                    f"{self.space!r} has no architecture to start from: is_valid refused all that sample "
                    f"drew; skpbnas.testing.check_space(space) tells what {type(self.space).__name__} does "
                    f"wrong"
                )
            places = archive.add(
                proposal.rows,
                proposal.predicted,
                iteration=0 if initial else archive.last_iteration + 1,
                pool_size=len(proposal.pool),
                proposal_seconds=proposal.seconds,
            )
            self.last_proposal = proposal
            _log.info(
                "proposed %d of a pool of %d in %.2f s, from %d scores",
                len(proposal.rows),
                len(proposal.pool),
                proposal.seconds,
                len(y),
            )
            self._save(range(places.start, places.stop))
            return proposal.rows

    def repeat(self, n: int, n_finalists: int) -> Rows:
        """Choose ``n`` architectures to evaluate again; none where there is no noise."""
        with self._lock, self._saving():
            archive = self.archive
            start = perf_counter()
            observed = archive.observed()
            keys, pending = self.space.canonical_key(observed.rows), archive.keys[~archive.told]
            under_way = (keys[:, None] == pending).sum(axis=1)
            rows = to_repeat(self.space, observed, under_way, n, n_finalists)
            places = archive.add(
                rows, iteration=archive.last_iteration + 1, proposal_seconds=perf_counter() - start
            )
            self._save(range(places.start, places.stop))
            return rows

    def tell(
        self,
        rows: Rows,
        scores: Scores,
        seconds: NDArray[np.float64],
        repeats: NDArray[np.intp] | None = None,
        details: Sequence[Any] = (),
    ) -> None:
        """Add scores ``(n, n_objectives)`` of valid rows; ones that are not finite have failed."""
        with self._lock, self._saving():
            places = self.archive.record(rows, scores, seconds, repeats)
            kept = zip(places, details, strict=False)
            self.archive.details |= {place: detail for place, detail in kept if detail is not None}
            for place, score in zip(places, scores.tolist(), strict=True):
                _log.info("architecture %d scored %s", place + 1, score)
            self._save(places)

    # --------------------------------------------------------------------------------- time and files

    @property
    def seconds(self) -> float:
        """How long the search has run in all, earlier runs included."""
        return self._seconds + (0.0 if self._started is None else monotonic() - self._started)

    @contextmanager
    def running(self, checkpoint: str | os.PathLike[str] | None, objective: Any) -> Iterator[None]:
        """Count the seconds, and save every evaluation to ``checkpoint``.

        Parameters
        ----------
        checkpoint : path or None
            Where it exists, the search continues from it.
        objective : object
            What tells the objective from others.
        """
        with self._lock:
            if self._started is not None:
                raise RuntimeError("this search is running already, in another thread; wait for it")
            self._checkpoint = None if checkpoint is None else Checkpoint(checkpoint)
            self._objective = objective
            self._started = monotonic()
        try:
            with self._saving():
                try:
                    yield
                finally:
                    with suppress(CheckpointWriteError):  # which the run has raised already
                        self._save(range(0))  # the seconds up to here
        finally:
            self._seconds, self._started = self.seconds, None

    @contextmanager
    def _saving(self) -> Iterator[None]:
        """Hold the checkpoint, if there is one, and bring file and memory together first."""
        if self._checkpoint is None or self._checkpoint.is_held:
            yield
            return
        with self._checkpoint.held() as checkpoint:
            identity = self._identity()
            saved = checkpoint.load(self.space)
            if saved is not None:
                identity = self._continue(saved, identity)
            checkpoint.start(self.archive, identity)
            yield

    def _save(self, places: range | list[int]) -> None:
        if self._checkpoint is not None:
            self._checkpoint.append(self.archive, places, self.seconds)

    def _identity(self) -> Identity:
        predictor, candidates = self._given
        try:
            space = describe_space(self.space)
        except ValueError as error:
            assert self._checkpoint is not None
            raise CheckpointError(f"checkpoint={str(self._checkpoint.path)!r}: {error}") from None
        return {
            "space": space,
            "predictor": describe(predictor),
            "candidates": describe(candidates),
            "n_initial": self.n_initial,
            "batch_size": self.batch_size,
            "random_state": self.seed,
            "costs": describe(self.costs.functions),
            "reference": describe(self.reference.given),
            "objective": self._objective,
            **describe(self._known.given if self._known else {"features": None, "prior": None}),
        }

    def _continue(self, saved: SavedSearch, identity: Identity) -> Identity:
        """Take over what a file holds, where it is of this search."""
        assert self._checkpoint is not None
        name = f"checkpoint={str(self._checkpoint.path)!r}"
        begun = len(self.archive) > 0
        if not (begun or self._has_seed):
            self._use_seed(saved.identity["random_state"])
            identity["random_state"] = self.seed
        known = identity if saved.version else {key: identity[key] for key in saved.identity}
        if other := differences(saved.identity, known):
            raise CheckpointError(
                f"{name} belongs to another search: {'; '.join(other)} (written by version {saved.version}, "
                f"this is {__version__}). Give another path; to start from its results on purpose, "
                f"tell(*read_checkpoint(path, space)[:2]); an objective with another name is given the old "
                f"one by run(name=...)"
            )
        if not np.allclose(saved.archive.costs, self.costs(saved.archive.rows), rtol=1e-6):
            raise CheckpointError(
                f"{name} has other costs of its architectures than costs= returns now; the functions have "
                f"changed: give another path, or bring them back"
            )
        if saved.archive.extends(self.archive):
            self.archive = saved.archive
            self.archive.costs_of = self.costs
            _log.info("continuing from %s with %d evaluations", name, self.archive.n_told)
        elif not self.archive.extends(saved.archive):
            raise CheckpointError(
                f"{name} exists, and this search has proposed architectures of its own; give another path, "
                f"or continue from the file with a new search"
            )
        self._seconds = max(self._seconds, saved.seconds)
        if saved.version not in (None, __version__):
            warnings.warn(
                f"{name} was written by version {saved.version}; with {__version__} the search may choose "
                f"otherwise than it would have",
                stacklevel=6,
            )
        return identity
