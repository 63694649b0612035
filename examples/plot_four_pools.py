r"""
Four ways to draw the pool
==========================

The predictor ranks a pool :math:`\mathcal S'`, and its best become the candidates :math:`\mathcal C` to
train. This example compares the four ways to draw the pool at one iteration of a search: what is in the
pool, what the predictor picks from it, and how many trainings that saves.
"""

# %%
# The setting: 40 random cells have been evaluated, and the predictor is fitted on them. Each sampler draws
# a pool of :math:`N' = 100` cells (the exhaustive one takes all that are left), and the predictor picks the
# :math:`K = 4` best of each. That is repeated 30 times, with other evaluated cells each time, and the pools
# and the candidates of all repetitions are put together.
import numpy as np

from skpbnas import (
    EvolutionaryCandidateSampler,
    ExhaustiveCandidateSampler,
    GCNRankPredictor,
    MaximumLikelihoodCandidateSampler,
    UniformCandidateSampler,
)
from skpbnas.datasets import load_digits_cells

table = load_digits_cells()
space, accuracy = table.space, table.columns["validation_accuracy"]
names = ["exhaustive", "uniform", "maximum likelihood", "evolutionary"]
pools = {name: [] for name in names}
candidates = {name: [] for name in names}
for repetition in range(30):
    observed = np.random.default_rng(repetition).choice(len(table), 40, replace=False)
    X, y = table.X[observed], accuracy[observed]
    predictor = GCNRankPredictor(n_nodes=space.n_nodes, random_state=repetition).fit(X, y)
    samplers = [
        ExhaustiveCandidateSampler(space),
        UniformCandidateSampler(space, n_candidates=100),
        MaximumLikelihoodCandidateSampler(space, predictor, n_candidates=100),
        EvolutionaryCandidateSampler(space, n_candidates=100),
    ]
    for name, sampler in zip(names, samplers, strict=True):
        pool = sampler.fit(X, y).sample(exclude=X, random_state=repetition)
        best = np.argsort(-predictor.predict(pool))[:4]
        truth = accuracy[table.locate(pool)]
        pools[name].extend(truth)
        candidates[name].extend(truth[best])

# %%
# What the pools hold, and what the predictor picks from them. The boxes reach from quartile to quartile,
# the whiskers from the first to the ninety-ninth percentile.
import matplotlib.pyplot as plt
from matplotlib.patches import Patch

from skpbnas.plotting import COLOURS, LINE_STYLES

figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
for sets, offset, opacity in ((pools, -0.2, 0.3), (candidates, 0.2, 0.9)):
    drawn = ax.boxplot(
        [sets[name] for name in names],
        positions=np.arange(4) + offset,
        widths=0.32,
        whis=(1, 99),
        showfliers=False,
        patch_artist=True,
        medianprops={"color": "black"},
    )
    for k, box in enumerate(drawn["boxes"]):
        box.set(facecolor=COLOURS[k], alpha=opacity)
best_of_all = ax.axhline(accuracy.max(), color="0.4", linewidth=1)
ax.set_xticks(range(4), names)
ax.set_ylabel("validation accuracy")
ax.legend(
    [best_of_all, Patch(facecolor="0.4", alpha=0.3), Patch(facecolor="0.4", alpha=0.9)],
    ["best of all cells", "pool", "candidates"],
    frameon=False,
    loc="lower right",
)
plt.show()

# %%
# How many trainings that saves, compared with training cells of the whole space at random: the
# sample-efficiency gain, and its split into the pool's part and the predictor's part, 10 dB being ten times
# fewer trainings. The metrics take errors. The targets reach from the error of the tenth best cell of the
# space to the median error.
from skpbnas.metrics import sample_efficiency_gain, split_sample_efficiency_gain

errors = 1 - accuracy
targets = np.linspace(np.sort(errors)[9], np.median(errors), 200)

figure, axes = plt.subplots(1, 3, figsize=(10, 4), sharey=True, layout="constrained")
for k, name in enumerate(names):
    pool, chosen = 1 - np.array(pools[name]), 1 - np.array(candidates[name])
    gain = sample_efficiency_gain(errors, chosen, targets)
    parts = split_sample_efficiency_gain(errors, pool, chosen, targets)
    for ax, part in zip(axes, (gain, parts.pool, parts.predictor), strict=True):
        ax.plot(targets, part, color=COLOURS[k], linestyle=LINE_STYLES[k], label=name)
for ax, title in zip(axes, ("gain", "part of the pool", "part of the predictor"), strict=True):
    ax.axhline(0, color="0.4", linewidth=0.8)
    ax.set(title=title, xlabel=r"error to reach, $J_{target}$")
axes[0].set_ylabel("gain in dB")
axes[1].legend(frameon=False)
plt.show()
