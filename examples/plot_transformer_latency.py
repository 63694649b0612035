"""
A small transformer under a latency limit
=========================================

Which transformer predicts the next byte of Python's manual best, among those that are fast enough on this
machine? The weights of all of them are shared and trained once, so that a score takes no training; the one
that is chosen is then trained further.
"""

# %%
# The latency of all 81 networks of the space is measured before the search, and the slower half is left out.
import numpy as np

from skpbnas import ConstrainedSpace, PredictorBasedSearch
from skpbnas.nn import (
    CausalTransformer,
    evaluate_network,
    load_data,
    measure_latency,
    train_network,
    train_supernetwork,
    transformer_space,
)

data = load_data("python_text", length=32, n_bytes=40_000)
space = transformer_space(depths=(1, 2, 3), widths=(16, 32, 64), heads=(1, 2, 4), mlp_ratios=(1, 2, 4))


def build(architecture):
    return CausalTransformer(**architecture, length=32)


X = space.enumerate()
example = data.test[0][:8]
milliseconds = np.array([measure_latency(build(a), example, seconds=0.01).median for a in space.decode(X)])
limit = np.median(milliseconds)
latency = dict(zip(space.canonical_key(X), milliseconds, strict=True))
fast = ConstrainedSpace(space, lambda X: [latency[key] <= limit for key in space.canonical_key(X)])

# %%
# One training for all of them: in each step the largest network, the smallest and two random ones.
shared = train_supernetwork(
    build,
    space,
    data,
    largest={"depth": 3, "width": 64, "heads": 4, "mlp_ratio": 4},
    smallest={"depth": 1, "width": 16, "heads": 1, "mlp_ratio": 1},
    n_epochs=4,
    batch_size=16,
)
search = PredictorBasedSearch(fast, random_state=0)
search.run(lambda architecture: shared.score(architecture, data), n_evaluations=20)

# %%
# The chosen network goes on from the weights that it has.
network = shared.subnetwork(search.best_architecture_)
tuned = train_network(network, data, n_epochs=3, learning_rate=2e-3).network
print(
    search.best_architecture_, f"{-evaluate_network(tuned, data.test):.2f} bits for a byte of the test part"
)

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(6.5, 4), layout="constrained")
axes.axvline(limit, color="0.6", linestyle="--", label="limit")
found = [latency[key] for key in space.canonical_key(search.evaluated_rows_)]
axes.scatter(found, -search.history_["score"], color="#0072B2", label="scored with shared weights")
best = found[search.history_["score"].argmax()]
for bits, marker, label in (
    (-search.best_score_, "o", "the chosen one"),
    (-evaluate_network(tuned, data.validation), "*", "... trained further"),
):
    axes.scatter(best, bits, color="#D55E00", marker=marker, s=90, label=label)
axes.set(xlabel="milliseconds for eight texts", ylabel="bits for a byte, validation")
axes.legend(frameon=False)
plt.show()
