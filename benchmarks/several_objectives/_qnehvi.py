"""BoTorch's noisy expected hypervolume improvement, on the pools of this library."""

from __future__ import annotations

import warnings

import numpy as np

from skpbnas import EvolutionaryCandidateSampler
from skpbnas.metrics import non_dominated_order

from ._problems import Problem, Values

BATCH, INITIAL = 4, 4


def qnehvi(problem: Problem, n: int, seed: int) -> Values:
    """Search with a ``SingleTaskGP`` on the rows for each axis, and qLogNEHVI.

    Both axes are modelled, as BoTorch's tutorials do. The reference point is that of the first part, and the
    batches of 4 are chosen from evolutionary pools of 1000 around the front, sequentially.
    """
    import torch
    from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import ModelListGP, SingleTaskGP
    from botorch.optim import optimize_acqf_discrete
    from botorch.sampling import SobolQMCNormalSampler
    from gpytorch.mlls import SumMarginalLogLikelihood

    torch.manual_seed(seed)
    space, rng = problem.table.space, np.random.default_rng(seed)
    rows = space.sample(INITIAL, rng)
    worst = torch.tensor(next(iter(problem.references.values())), dtype=torch.double) * torch.tensor([1, -1])
    while len(rows) < n:
        values = problem.values(rows)
        place = np.empty(len(rows))
        place[non_dominated_order(values)] = -np.arange(len(rows))
        pool = EvolutionaryCandidateSampler(space, random_state=int(rng.integers(2**31))).fit(rows, place)
        choices = pool.sample(exclude=rows)
        varying = np.ptp(np.concatenate([rows, choices]), axis=0) > 0
        X, C = (torch.tensor(part[:, varying], dtype=torch.double) for part in (rows, choices))
        Y = torch.tensor(values)
        low, extent = Y.mean(0), Y.std(0).clamp_min(1e-9)
        Z = (Y - low) / extent
        model = ModelListGP(*(SingleTaskGP(X, Z[:, [k]], outcome_transform=None) for k in range(2)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
            acquisition = qLogNoisyExpectedHypervolumeImprovement(
                model,
                ref_point=((worst - low) / extent).tolist(),
                X_baseline=X,
                sampler=SobolQMCNormalSampler(torch.Size([64]), seed=seed),
                prune_baseline=True,
            )
            q = min(BATCH, n - len(rows))
            chosen, _ = optimize_acqf_discrete(acquisition, q=q, choices=C, max_batch_size=256)
        places = [int((C == row).all(dim=1).nonzero()[0, 0]) for row in chosen]
        rows = np.concatenate([rows, choices[places]])
    return problem.values(rows)
