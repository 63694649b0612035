"""
The layers of a network in a pipeline
=====================================

``ArchitectureSearchCV`` stands where ``GridSearchCV`` would: it takes a pipeline, and returns one that is
trained. Here the layers of scikit-learn's perceptron are searched for together with its activation, its
penalty and the number of principal components before it. A grid of all that would have thousands of points.
"""

# %%
# The data, and a pipeline that is not finished.
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

from skpbnas import ArchitectureSearchCV
from skpbnas.nn import mlp_space

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)
network = MLPClassifier(
    early_stopping=True, n_iter_no_change=5, learning_rate_init=5e-3, max_iter=100, random_state=0
)
pipeline = Pipeline([("scale", MinMaxScaler()), ("pca", PCA(random_state=0)), ("mlp", network)])

# %%
# What may vary, by names of parameters: a space for the layers, and distributions of Optuna for the others.
space = {
    "mlp__hidden_layer_sizes": mlp_space(n_layers=3, widths=(8, 16, 32, 64, 128)),
    "mlp__activation": CategoricalDistribution(["relu", "tanh", "logistic"]),
    "mlp__alpha": FloatDistribution(1e-6, 1e-1, log=True),
    "pca__n_components": IntDistribution(8, 56, step=4),
}
search = ArchitectureSearchCV(pipeline, space, n_evaluations=24, cv=3, random_state=0)
search.fit(X, y)
print(search.best_params_)
print(f"{search.best_score_:.3f} in cross-validation, {search.score(X_test, y_test):.3f} on the test data")

# %%
# Every pipeline that was trained: three folds each, and the mean so far best. The first four are random.
import matplotlib.pyplot as plt
import numpy as np

results = search.cv_results_
number = np.arange(1, len(results["params"]) + 1)
figure, ax = plt.subplots(layout="constrained")
for fold in range(search.n_splits_):
    ax.plot(
        number, results[f"split{fold}_test_score"], ".", color="#888888", label="fold" if fold == 0 else None
    )
ax.plot(number, results["mean_test_score"], "o", color="#0072B2", label="mean")
ax.step(
    number, np.fmax.accumulate(results["mean_test_score"]), where="post", color="#D55E00", label="best so far"
)
ax.set(xlabel="pipelines evaluated", ylabel="accuracy")
ax.legend(frameon=False)
plt.show()

# %%
# The search is a trained pipeline now. These are the images of the test data that it takes for something
# else.

# sphinx_gallery_thumbnail_number = 2
predicted = search.predict(X_test)
wrong = np.flatnonzero(predicted != y_test)
figure, axes = plt.subplots(2, 6, figsize=(9, 3.6), layout="constrained")
for ax, k in zip(axes.flat, wrong, strict=False):
    ax.imshow(X_test[k].reshape(8, 8), cmap="gray_r")
    ax.set_title(f"{y_test[k]}, taken for {predicted[k]}", fontsize=9)
for ax in axes.flat:
    ax.axis("off")
figure.suptitle(f"{len(wrong)} of {len(y_test)} images are wrong")
plt.show()
