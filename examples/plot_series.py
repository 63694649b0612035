"""
A network for series
====================

Two Japanese vowels, spoken by nine speakers, as series of twelve coefficients: who speaks? The data come with
aeon (the extra ``skpbnas[data]``), and the space is a ready one.
"""

# %%
# An architecture is a dictionary, of depths, widths, kernels and expansions of the stages.
from skpbnas import PredictorBasedSearch
from skpbnas.nn import ResidualCNN, count_costs, evaluate_network, load_data, series_cnn_space, train_network

data = load_data("japanese_vowels")


def build(architecture):
    return ResidualCNN(**architecture, in_channels=12, n_outputs=9, dimensions=1)


def objective(architecture):
    return train_network(lambda: build(architecture), data, n_epochs=3).score


search = PredictorBasedSearch(series_cnn_space(), random_state=0)
search.run(objective, n_evaluations=14)

# %%
network = train_network(lambda: build(search.best_architecture_), data).network
accuracy = evaluate_network(network, data.test)
print(search.best_architecture_, f"test accuracy {accuracy:.3f}")

# %%
# Every network that was trained, by its parameters.
import matplotlib.pyplot as plt
import torch

inputs, labels = data.test
with torch.inference_mode():
    answers = network(inputs).argmax(dim=1)
confusion = torch.zeros(9, 9, dtype=torch.int64).index_put_(
    (labels, answers), torch.tensor(1), accumulate=True
)

trained = search.space.decode(search.evaluated_rows_)
sizes = [count_costs(build(architecture), inputs[:1]).parameters for architecture in trained]

figure, ax = plt.subplots(layout="constrained")
points = ax.scatter(sizes, search.history_["score"], c=search.history_["evaluation"], cmap="viridis")
ax.set(xlabel="parameters", ylabel="validation accuracy after three epochs")
figure.colorbar(points, ax=ax, label="evaluation")
plt.show()

# %%
# What the best one says of each speaker.
figure, ax = plt.subplots(layout="constrained")
ax.imshow(confusion, cmap="Blues")
ax.set(xlabel="speaker, as the network says", ylabel="speaker", title=f"test accuracy {accuracy:.3f}")
plt.show()
