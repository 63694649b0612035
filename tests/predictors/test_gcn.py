"""The graph predictor: contracts of scikit-learn, invariances, and what it learns."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from skpbnas import CellSpace, ChainSpace, GCNRankPredictor, GPRankPredictor, GraphDescriptors
from skpbnas.metrics import kendall_tau_scorer
from skpbnas.predictors import _gcn as gcn
from skpbnas.predictors import paper_predictor
from skpbnas.predictors._pairs import MAX_ALL_PAIRS

SPACE = CellSpace(5, ["a", "b"])


@pytest.mark.slow
@parametrize_with_checks([GCNRankPredictor()])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    """Cells whose score depends on their edges and operations."""
    rng = np.random.default_rng(0)
    X = SPACE.enumerate()[rng.permutation(len(SPACE))[:300]]
    y = X[:, :25].sum(axis=1) - 1.5 * X[:, 25:].reshape(-1, 5, 4)[:, :, 1].sum(axis=1)
    return X, y.astype(float)


MODELS = {
    "default": GCNRankPredictor(5, max_iter=60, random_state=0),
    "graph alone": GCNRankPredictor(5, max_iter=60, descriptors=False, random_state=0),
    "ensemble": GCNRankPredictor(5, max_iter=60, n_estimators=3, random_state=0),
    "one way": GCNRankPredictor(5, max_iter=60, directions="against", random_state=0),
    "regression": GCNRankPredictor(5, max_iter=60, loss="mse", random_state=0),
    "paper": paper_predictor(5, max_iter=60, random_state=0),
}
models = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


@models
def test_distinct_contexts_score_like_the_dense_network(model, data):
    X, y = data
    model = clone(model).fit(X[:100], y[:100])
    adjacency = torch.tensor(X[:, :25].reshape(-1, 5, 5), dtype=torch.float32)
    features = torch.tensor(X[:, 25:].reshape(-1, 5, 4), dtype=torch.float32)
    with torch.no_grad():
        dense = model.module_(adjacency, features).numpy()
    np.testing.assert_allclose(model.predict(X), dense, atol=2e-5 * np.abs(dense).max())


@models
def test_predictions_do_not_depend_on_the_order_of_the_nodes(model, data, rng):
    X, y = data
    model = clone(model).fit(X[:100], y[:100])
    order = rng.permutation(5)
    adjacency = X[:, :25].reshape(-1, 5, 5)[:, order][:, :, order]
    features = X[:, 25:].reshape(-1, 5, 4)[:, order]
    permuted = np.concatenate([adjacency.reshape(-1, 25), features.reshape(-1, 20)], axis=1)
    np.testing.assert_allclose(model.predict(permuted), model.predict(X), rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@models
def test_it_learns_to_rank_unseen_cells(model, data):
    X, y = data
    model = clone(model).set_params(max_iter=150).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.75


def test_training_follows_the_obvious_loop(data):
    """The paper's training, written out with autograd over dense matrices and gathered pairs."""
    X, y = data[0][:60], data[1][:60]
    model = paper_predictor(5, hidden_dims=(16, 16, 16), max_iter=1, learning_rate=1e-12, random_state=0).fit(
        X, y
    )
    weights = [
        w.detach()[0].clone().requires_grad_() for w in [*model._network.weights, model._network.output]
    ]
    adjacency = torch.tensor(X[:, :25].reshape(-1, 5, 5), dtype=torch.float32) + torch.eye(5)
    message = adjacency / adjacency.sum(2, keepdim=True).sqrt()
    features = torch.tensor(X[:, 25:].reshape(-1, 5, 4), dtype=torch.float32)
    better, worse = np.nonzero(y[:, None] > y[None, :])
    optimizer = torch.optim.SGD(weights, lr=0.05, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 100)
    expected = []
    for _ in range(100):
        hidden = features
        for w in weights[:3]:
            hidden = torch.relu(message @ hidden @ w)
        scores = (hidden.mean(dim=1) @ weights[3])[:, 0]
        loss = torch.nn.functional.softplus(scores[worse] - scores[better]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        expected.append(loss.item())
    ours = paper_predictor(5, hidden_dims=(16, 16, 16), max_iter=100, learning_rate=0.05, random_state=0).fit(
        X, y
    )
    np.testing.assert_allclose(ours.loss_curve_, expected, atol=1e-3)
    assert expected[-1] < 0.5 * expected[0]


def test_gradients_flow_through_the_graph_part_alone(data):
    X, y = data
    module = GCNRankPredictor(5, max_iter=20, random_state=0).fit(X[:100], y[:100]).module_
    gradients, scores = [], []
    for process in (module.process, None):
        module.process = process
        rows = torch.tensor(X[:20], dtype=torch.float32, requires_grad=True)
        score = module(rows[:, :25].reshape(-1, 5, 5), rows[:, 25:].reshape(-1, 5, 4))
        gradients.append(torch.autograd.grad(score.sum(), rows)[0].numpy())
        scores.append(score.detach().numpy())
    np.testing.assert_allclose(5 * gradients[0], gradients[1], atol=1e-5)  # a fifth of the score
    assert np.abs(gradients[0]).max() > 0 and np.ptp(scores[0] - scores[1]) > 0.1 * np.ptp(scores[0])


def test_the_score_is_a_fifth_that_of_the_network_and_four_fifths_that_of_the_process(data):
    X, y = data
    both = GCNRankPredictor(5, max_iter=20, random_state=0).fit(X[:60], y[:60])
    graph = GCNRankPredictor(5, max_iter=20, descriptors=False, random_state=0).fit(X[:60], y[:60])
    process = GPRankPredictor(5).fit(X[:60], y[:60])
    normal = graph.predict(X) / y[:60].std() + 4 * process.standard_scores(X, False)[0]
    expected = y[:60].mean() + y[:60].std() * (normal - normal[:60].mean()) / normal[:60].std()
    np.testing.assert_allclose(both.predict(X), expected, atol=1e-5)


def test_the_roles_of_a_chain_tell_which_layer_is_which(rng):
    space = ChainSpace([["a", "b", "c"]] * 6)
    X = space.sample(160, rng)
    y = X[:, 36:] @ rng.normal(size=24)  # what an operation is worth depends on its layer
    told = GCNRankPredictor(max_iter=20).for_space(space, 0)
    assert told.roles == space.get_roles_out()
    blind = clone(told).set_params(roles=None)
    assert told.fit(X[:60], y[:60]).score(X, y) > blind.fit(X[:60], y[:60]).score(X, y) + 0.1


def test_descriptors_help_to_count_paths(data):
    X = data[0]
    y = GraphDescriptors(5).fit(X).transform(X)[:, 0]  # the logarithm of the number of paths
    taus = [
        GCNRankPredictor(5, max_iter=60, descriptors=seen, random_state=0).fit(X[:60], y[:60]).score(X, y)
        for seen in (True, False)
    ]
    assert taus[0] > taus[1]


def test_a_table_has_no_descriptors(rng):
    X = rng.normal(size=(30, 4))
    scores = [
        GCNRankPredictor(max_iter=5, descriptors=seen, random_state=0).fit(X, X[:, 0]).predict(X)
        for seen in (True, False)
    ]
    np.testing.assert_array_equal(*scores)


def test_predictions_are_on_the_scale_of_y(data):
    X, y = data
    model = GCNRankPredictor(5, random_state=0).fit(X, 0.9 + 0.001 * y)
    predicted = model.predict(X)
    assert predicted.mean() == pytest.approx(np.mean(0.9 + 0.001 * y), abs=1e-4)
    assert predicted.std() == pytest.approx(0.001 * y.std(), rel=0.01)


@pytest.mark.parametrize("n_estimators, seen", [(4, False), (1, True)])
def test_ensembles_and_the_process_tell_how_sure_they_are(data, n_estimators, seen):
    X, y = data
    model = GCNRankPredictor(5, n_estimators=n_estimators, max_iter=60, descriptors=seen, random_state=0)
    model.fit(X[:40], y[:40])
    mean, std = model.predict(X, return_std=True)
    np.testing.assert_array_equal(mean, model.predict(X))
    assert std[40:].mean() > std[:40].mean() > 0


def test_the_better_one_of_a_pair_is_more_likely_better(data):
    X, y = data
    model = GCNRankPredictor(5, n_estimators=2, random_state=0).fit(X, y)
    first, second = X[:150], X[150:]
    probability = model.predict_proba_better(first, second)
    np.testing.assert_allclose(probability, 1 - model.predict_proba_better(second, first), atol=1e-6)
    apart = np.abs(y[:150] - y[150:]) > 1
    assert ((probability > 0.5) == (y[:150] > y[150:]))[apart].mean() > 0.9


def test_column_names_tell_the_number_of_nodes(data):
    X, y = data
    frame = pd.DataFrame(X, columns=SPACE.get_feature_names_out())
    named = GCNRankPredictor(max_iter=20, random_state=0).fit(frame, y)
    assert named.n_nodes_ == 5
    numbered = GCNRankPredictor(5, max_iter=20, random_state=0).fit(X, y)
    np.testing.assert_array_equal(named.predict(frame), numbered.predict(X))
    with pytest.warns(UserWarning, match="give n_nodes=5"):
        assert GCNRankPredictor(max_iter=2).fit(X, y).n_nodes_ == 1


@pytest.mark.slow
def test_it_works_with_scikit_learn_tools(data):
    X, y = data
    pipeline = make_pipeline(FunctionTransformer(), GCNRankPredictor(5, max_iter=40, random_state=0))
    assert cross_val_score(pipeline, X, y, scoring=kendall_tau_scorer, cv=3).min() > 0.6
    grid = GridSearchCV(GCNRankPredictor(5, random_state=0), {"max_iter": [1, 60]}, cv=3).fit(X, y)
    assert grid.best_params_ == {"max_iter": 60}
    copy = pickle.loads(pickle.dumps(grid.best_estimator_))
    np.testing.assert_array_equal(copy.predict(X), grid.predict(X))


def test_warm_start_continues(data):
    X, y = data
    model = GCNRankPredictor(5, max_iter=30, warm_start=True, random_state=0).fit(X[:150], y[:150])
    cold = model.loss_curve_[0]
    assert model.fit(X[:200], y[:200]).loss_curve_[0] < 0.7 * cold


def test_the_same_seed_gives_the_same_predictions_whatever_the_global_state(data):
    X, y = data
    torch.manual_seed(1)
    first = GCNRankPredictor(5, max_iter=10, random_state=3).fit(X, y).predict(X)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    second = GCNRankPredictor(5, max_iter=10, random_state=3).fit(X, y).predict(X)
    np.testing.assert_array_equal(first, second)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_labels_beyond_all_pairs_are_learned_from():
    X = np.repeat(SPACE.enumerate(), 3, axis=0)
    y = X[:, :25].sum(axis=1)
    assert len(y) > MAX_ALL_PAIRS
    model = GCNRankPredictor(5, max_iter=25, random_state=0).fit(X, y)
    assert model.loss_curve_[-1] < 0.5 * model.loss_curve_[0]


@pytest.mark.parametrize("loss", ["pairwise", "mse"])
def test_training_that_diverges_says_so(data, loss):
    X, y = data
    model = GCNRankPredictor(5, max_iter=5, loss=loss, learning_rate=1e12, warm_start=True, random_state=0)
    with pytest.raises(
        ValueError, match="diverged with learning_rate=1e[+]12, and again with 1e[+]11: .* give a lower"
    ):
        model.fit(X, y)
    model.set_params(learning_rate=0.01).fit(X, y)  # not from where the other one ended
    assert np.isfinite(model.predict(X)).all()


def test_training_that_diverges_is_tried_once_more_with_a_tenth_of_the_rate(data, monkeypatch):
    X, y = data
    rates = []
    train = gcn.train

    def diverge_at_first(network, index, loss, optimizer, n_epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        curve = train(network, index, loss, optimizer, n_epochs)
        return curve if len(rates) > 1 else [*curve[:-1], np.nan]

    monkeypatch.setattr(gcn, "train", diverge_at_first)
    again = GCNRankPredictor(5, max_iter=5, learning_rate=0.1, random_state=0).fit(X, y)
    assert rates == [0.1, pytest.approx(0.01)]
    gentle = GCNRankPredictor(5, max_iter=5, learning_rate=0.1 / 10, random_state=0).fit(X, y)
    np.testing.assert_array_equal(again.predict(X), gentle.predict(X))


def test_a_fit_does_not_depend_on_the_number_of_threads(data):
    X, y = (np.repeat(part, 20, axis=0) for part in data)
    before = torch.get_num_threads()
    scores = []
    try:
        for n_threads in (1, 3):
            torch.set_num_threads(n_threads)
            scores.append(GCNRankPredictor(5, max_iter=1, loss="mse", random_state=0).fit(X, y).predict(X))
            assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(*scores)


def test_bad_input_is_refused_with_what_to_do(data):
    X, y = data
    with pytest.raises(ValueError, match="n_nodes=7 does not fit 45 columns"):
        GCNRankPredictor(7).fit(X, y)
    with pytest.raises(ValueError, match="contains NaN"):
        GCNRankPredictor(5).fit(X, np.where(y > 3, np.nan, y))
    with pytest.raises(ValueError, match="'loss' parameter"):
        GCNRankPredictor(5, loss="hinge").fit(X, y)
    constant = GCNRankPredictor(5, max_iter=2).fit(X, np.ones(len(X)))
    np.testing.assert_array_equal(constant.predict(X), 1.0)
    assert constant.score(X, y) == 0
