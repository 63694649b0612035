"""
How sure is the predictor?
==========================

A search should also evaluate architectures whose score is uncertain, as one of them may be the best. So the
Gaussian process predicts a mean and a standard deviation for each. How far can they be trusted?
"""

# %%
# The process learns the mean validation accuracy of 150 of 2,532 trained cells, and predicts that of the
# others, in five random splits.
import numpy as np

from skpbnas import GPRankPredictor, load_digits_cells

table = load_digits_cells()
accuracy = table.columns["validation_accuracy"]
deviations, uncertainties = [], []
for seed in range(5):
    order = np.random.default_rng(seed).permutation(len(table))
    learned, others = order[:150], order[150:]
    predictor = GPRankPredictor(n_nodes=table.space.n_nodes).fit(table.X[learned], accuracy[learned])
    mean, std = predictor.predict(table.X[others], return_std=True)
    deviations.append(np.abs(mean - accuracy[others]))
    uncertainties.append(std)
deviation, uncertainty = np.concatenate(deviations), np.concatenate(uncertainties)

# %%
# Were the uncertainty all there is, two thirds of the accuracies would lie within one standard deviation.
# Fewer do: the standard deviation is that of the process, without the noise of a training, which each
# accuracy has on top.
within = [np.mean(deviation < k * uncertainty) for k in (1, 2, 3)]
print("within 1, 2 and 3 standard deviations:", np.round(within, 2), "(0.68, 0.95, 1.00 for a normal one)")

# %%
# Where it says that it is less sure, it errs more. Cells are grouped by uncertainty, 1,191 in each group.
import matplotlib.pyplot as plt

groups = np.array_split(np.argsort(uncertainty), 10)
figure, axes = plt.subplots(figsize=(5, 4), layout="constrained")
said = [100 * uncertainty[group].mean() for group in groups]
axes.plot(said, [100 * np.sqrt(np.mean(deviation[group] ** 2)) for group in groups], "o-", label="measured")
axes.plot(said, said, ":", color="gray", label="as it says")
axes.set(
    xlabel="standard deviation of the process (% accuracy)", ylabel="root mean square error (% accuracy)"
)
axes.legend()
figure.show()

# %%
# Which of two cells is better? Networks that are trained on pairs say how likely it is (eq. 5 of the paper).
# The cells that they have not learned are put into pairs.
from skpbnas import GCNRankPredictor

networks = GCNRankPredictor(n_nodes=table.space.n_nodes, n_estimators=4, random_state=0)
networks.fit(table.X[learned], accuracy[learned])
first, second = others[:1191], others[1191:]
probability = networks.predict_proba_better(table.X[first], table.X[second])
true = accuracy[first] > accuracy[second]

# %%
# The pairs are grouped by the probability of the cell that they hold for the better one. Where they are
# nearly sure, they are right; where they hesitate, they are right some percent less often than they say.
sure, right = np.maximum(probability, 1 - probability), (probability > 0.5) == true
groups = np.array_split(np.argsort(sure), 8)
figure, axes = plt.subplots(figsize=(5, 4), layout="constrained")
axes.plot(
    [sure[group].mean() for group in groups],
    [right[group].mean() for group in groups],
    "o-",
    label="measured",
)
axes.plot([0.5, 1], [0.5, 1], ":", color="gray", label="as it says")
axes.set(xlabel="probability that the cell is better", ylabel="share of the pairs in which it is")
axes.legend()
figure.show()

# %%
# ``GPRankPredictor(exploration=2)`` scores two standard deviations above the mean. This is what a search
# uses where it is given no predictor.
from skpbnas import PredictorBasedSearch

for exploration in (0.0, 2.0):
    found = []
    for seed in range(5):
        predictor = GPRankPredictor(exploration=exploration)
        search = PredictorBasedSearch(table.space, predictor, random_state=seed)
        search.run(table.objective("validation_accuracy"), n_evaluations=60)
        found.append(search.best_score_)
    print(
        f"exploration={exploration}: {100 * np.mean(found):.2f} % after 60 evaluations, mean of five searches"
    )
print(f"the best of all: {100 * accuracy.max():.2f} %")
