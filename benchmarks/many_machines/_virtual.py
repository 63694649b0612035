"""A storage in which workers of a simulation see what others had written at their own virtual time."""

from __future__ import annotations

from collections.abc import Container
from copy import copy
from time import process_time
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

READ, WRITE = "read", "write"


class VirtualStorage(InMemoryStorage):
    """Studies in memory, whose operations take virtual time.

    One worker after the other is let loose, at the virtual time at which it is free. Its clock then goes on
    by the CPU seconds that it takes, and by what each operation takes. What it writes is stamped with its
    clock, and another worker sees it only once its own clock is past that.

    Parameters
    ----------
    seconds : callable
        ``seconds(kind, n_unfinished)`` of an operation, which reads all trials or writes one value.
    """

    def __init__(self, seconds: Any) -> None:
        super().__init__()
        self._seconds = seconds
        self._base, self._cpu = 0.0, 0.0
        self.waited = 0.0  # seconds of all operations
        self._stamps: dict[int, dict[tuple[str, str], float]] = {}  # of what was written lately, by trial
        self.operations: dict[str, int] = {READ: 0, WRITE: 0}

    def let(self, time: float) -> None:
        """Let a worker loose at a time, which is not before that of the last one."""
        self._base, self._cpu = time, process_time()
        for trial_id, stamps in list(self._stamps.items()):
            late = {key: stamp for key, stamp in stamps.items() if stamp > time}
            if late:
                self._stamps[trial_id] = late
            else:
                del self._stamps[trial_id]

    @property
    def now(self) -> float:
        """The clock of the worker."""
        return self._base + process_time() - self._cpu

    def _operation(self, kind: str) -> None:
        self.operations[kind] += 1
        running = super().get_all_trials(0, deepcopy=False) if kind == READ else []
        seconds = self._seconds(kind, sum(trial.state == TrialState.RUNNING for trial in running))
        self._base, self.waited = self._base + seconds, self.waited + seconds

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Create one, which others see at once."""
        self._operation(WRITE)
        return super().create_new_trial(study_id, template_trial)

    def set_trial_param(
        self, trial_id: int, param_name: str, value: float, distribution: BaseDistribution
    ) -> None:
        """Set one, and stamp it."""
        self._operation(WRITE)
        super().set_trial_param(trial_id, param_name, value, distribution)
        self._stamps.setdefault(trial_id, {})["params", param_name] = self.now

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set one, and stamp it."""
        self._operation(WRITE)
        super().set_trial_system_attr(trial_id, key, value)
        self._stamps.setdefault(trial_id, {})["system_attrs", key] = self.now

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Any = None) -> bool:
        """Set them; a training ends at the time of its event."""
        self._operation(WRITE)
        return super().set_trial_state_values(trial_id, state, values)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Return the trials, without what lies ahead of the clock."""
        self._operation(READ)
        trials, now = super().get_all_trials(study_id, deepcopy, states), self.now
        for trial_id, stamps in self._stamps.items():
            ahead = [key for key, stamp in stamps.items() if stamp > now]
            place = next((k for k, trial in enumerate(trials) if trial._trial_id == trial_id), None)
            if ahead and place is not None:
                trials[place] = _without(trials[place], ahead)
        return trials


def _without(trial: FrozenTrial, hidden: list[tuple[str, str]]) -> FrozenTrial:
    """Return a trial as it was before some of its parameters and attributes were written."""
    before, gone = copy(trial), set(hidden)
    before._params = {k: v for k, v in trial.params.items() if ("params", k) not in gone}
    before._distributions = {k: v for k, v in trial.distributions.items() if k in before._params}
    before._system_attrs = {k: v for k, v in trial.system_attrs.items() if ("system_attrs", k) not in gone}
    return before


def lognormal(median: float, sigma: float, rng: np.random.Generator) -> float:
    """Draw a time."""
    return float(median * np.exp(sigma * rng.normal()))
