"""Studies of small cells, with a sampler that fits in no time."""

import numpy as np
import optuna
from sklearn.linear_model import Ridge

from skpbnas import CellSpace, PBNASSampler

SPACE = CellSpace(5, ["conv", "pool"])
DOMAINS = SPACE.distributions()
optuna.logging.set_verbosity(optuna.logging.WARNING)


def pbnas(space=SPACE, **options):
    """A sampler that fits in no time."""
    return PBNASSampler(space, **{"predictor": Ridge(), "seed": 0} | options)


def objective(trial):
    """Count what a cell has: 'conv' vertices count most."""
    cell = SPACE.suggest(trial)
    return 3 * cell.operations.count("conv") + float(np.sum(cell.adjacency))


def raw_objective(trial):
    """Suggest the same parameters without a space."""
    params = {name: trial.suggest_categorical(name, domain.choices) for name, domain in DOMAINS.items()}
    row = SPACE.params_to_row(params)
    return float(row.sum()) if SPACE.is_valid(row[None])[0] else 0.0


def constrain(trial, value):
    """Set a constraint, as Optuna 5 does; before, samplers wrote them."""
    if hasattr(trial, "set_constraint"):
        trial.set_constraint("constraint", value)
    else:
        trial.storage.set_trial_system_attr(trial._trial_id, "constraints", [value])


def keys(trials):
    """The canonical keys of trials, all of which must be valid cells."""
    X = np.stack([SPACE.params_to_row(trial.params) for trial in trials])
    assert SPACE.is_valid(X).all()
    return SPACE.canonical_key(X).tolist()


def run(n_trials=20, sampler=None, target=objective, **options):
    study = optuna.create_study(sampler=sampler or pbnas(), **{"direction": "maximize"} | options)
    study.optimize(target, n_trials=n_trials)
    return study
