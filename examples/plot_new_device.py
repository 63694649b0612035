"""
The latency of a new device, from ten measurements
==================================================

A search asks for the latency of thousands of candidates, and on a phone each takes a while to measure. What
other devices have told about the same space makes ten measurements enough to rank them all.
"""

# %%
# So that this page is the same everywhere, its devices are formulas: a time for each arithmetic operation,
# for each number that a layer returns, and for each layer. For real ones, put the median of
# :func:`skpbnas.nn.measure_latency` in the place of the formula.
import numpy as np
import torch

from skpbnas import PredictorBasedSearch, load_digits_cells
from skpbnas.nn import count_costs, nasbench101_network
from skpbnas.predictors import LatencyPredictor

table = load_digits_cells()
space = table.space
nanoseconds = {"board": (1.0, 3.0, 500), "phone": (0.3, 2.0, 4_000), "new": (0.4, 9.0, 2_000)}


def measure(rows, device):  # milliseconds
    operation, activation, layer = nanoseconds[device]
    times = []
    for cell in space.decode(rows):
        network = nasbench101_network(cell, in_channels=1, channels=16, n_stacks=2, n_cells=1)
        costs = count_costs(network, torch.zeros(1, 1, 8, 8))
        n_layers = len(cell.operations)
        times.append(operation * costs.flops + activation * costs.activations + layer * n_layers)
    return np.array(times) / 1e6


shuffled = table.X[np.random.default_rng(0).permutation(len(table))]
known, others, candidates = shuffled[:100], shuffled[100:200], shuffled[200:1200]
sources = {device: (known, measure(known, device)) for device in ("board", "phone")}

# %%
# Ten of a thousand candidates are measured on the new device: those that tell most about all others. Their
# choice needs no measurement.
predictor = LatencyPredictor(sources).for_space(space)
references = candidates[predictor.choose_references(candidates, 10)]
predictor.fit(references, measure(references, "new"))
print({device: round(coefficient, 2) for device, coefficient in predictor.source_coefs_.items()})

# %%
# A fitted predictor is a cost like any other.
search = PredictorBasedSearch(space, costs={"latency": predictor}, random_state=0)
search.run(table.objective("validation_accuracy"), n_evaluations=40)
print(search.results_.head(5)[["score", "latency", "architecture"]].to_string())

# %%
# How far was it right? A hundred other cells, measured only now.
import matplotlib.pyplot as plt
from scipy.stats import spearmanr

measured = measure(others, "new")
expected, std = predictor.predict(others, return_std=True)
figure, axes = plt.subplots(figsize=(5, 4))
axes.errorbar(expected, measured, xerr=std, fmt="o", alpha=0.7)
axes.plot(*[[expected.min(), expected.max()]] * 2, color="0.5", linewidth=1)
axes.set(
    xlabel="predicted, milliseconds",
    ylabel="measured, milliseconds",
    title=f"Rank correlation {spearmanr(expected, measured).statistic:.2f}",
)
figure.show()
