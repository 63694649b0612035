"""Spaces of ConfigSpace and of Ray Tune."""

import sys

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from skpbnas.spaces import ConstrainedSpace, ParameterSpace
from skpbnas.testing import check_space

cs = pytest.importorskip("ConfigSpace")


def configured(*conditions):
    """A space of each kind of parameter."""
    space = cs.ConfigurationSpace(
        {"kind": ["svm", "tree"], "C": cs.Float("C", (1e-3, 1e3), log=True), "depth": (1, 9), "fixed": 3}
    )
    space.add(cs.OrdinalHyperparameter("even", [2, 4, 6]), cs.OrdinalHyperparameter("size", ["s", "m", "l"]))
    space.add(cs.Categorical("kernel", ["rbf", "poly"]), cs.Integer("degree", (2, 5)))
    for condition in conditions:
        space.add(condition(space))
    return space


CONDITIONS = [
    lambda s: cs.EqualsCondition(s["C"], s["kind"], "svm"),
    lambda s: cs.NotEqualsCondition(s["depth"], s["kind"], "svm"),
    lambda s: cs.InCondition(s["kernel"], s["kind"], ["svm"]),
    lambda s: cs.AndConjunction(
        cs.EqualsCondition(s["degree"], s["kernel"], "poly"),
        cs.GreaterThanCondition(s["degree"], s["even"], 2),
    ),
    lambda s: cs.OrConjunction(
        cs.EqualsCondition(s["fixed"], s["kernel"], "rbf"), cs.LessThanCondition(s["fixed"], s["depth"], 4)
    ),
]


def test_the_same_configurations_are_there():
    given = configured(*CONDITIONS)
    space = ParameterSpace.from_configspace(given)
    assert isinstance(space, ParameterSpace)
    domains = space.distributions()
    assert domains["even"] == IntDistribution(2, 6, step=2)
    assert domains["size"] == CategoricalDistribution(["s", "m", "l"])
    assert domains["C"] == FloatDistribution(1e-3, 1e3, log=True)
    check_space(space, 30)
    given.seed(0)
    for configuration in given.sample_configuration(100):
        params = dict(configuration)
        assert space.decode(space.encode([params]))[0].keys() == params.keys()
    for params in space.decode(space.sample(100, 0)):
        cs.Configuration(given, values=params).check_valid_configuration()


FORBIDDEN = [
    lambda s: cs.ForbiddenAndConjunction(
        cs.ForbiddenEqualsClause(s["kind"], "tree"), cs.ForbiddenInClause(s["depth"], [1, 2])
    ),
    lambda s: cs.ForbiddenEqualsClause(s["size"], "m"),
    lambda s: cs.ForbiddenLessThanRelation(s["degree"], s["even"]),
]


def test_forbidden_clauses_are_kept():
    given = configured(*CONDITIONS, *FORBIDDEN)
    space = ParameterSpace.from_configspace(given)
    assert isinstance(space, ConstrainedSpace) and "size == 'm'" in repr(space)
    check_space(space, 30)
    found = space.decode(space.sample(100, 0))
    for params in found:
        cs.Configuration(given, values=params).check_valid_configuration()
    assert any("degree" in params for params in found)


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        (lambda: cs.Float("x", (0.0, 1.0), distribution=cs.Normal(0.5, 0.1)), "'x' .* has a NormalFloat"),
        (lambda: cs.Categorical("x", ["a", "b"], weights=[1, 3]), "'x' .* has weights of choices"),
    ],
)
def test_what_has_no_counterpart_is_named(parameter, message):
    space = cs.ConfigurationSpace()
    space.add(parameter())
    with pytest.raises(ValueError, match=message):
        ParameterSpace.from_configspace(space)


def test_conditions_on_floats_are_refused():
    space = configured(lambda s: cs.GreaterThanCondition(s["depth"], s["C"], 0.5))
    with pytest.raises(ValueError, match=r"the condition depth \| C > 0.5 .* depends on a number"):
        ParameterSpace.from_configspace(space)


def test_other_things_are_refused(monkeypatch):
    with pytest.raises(TypeError, match="is no ConfigurationSpace"):
        ParameterSpace.from_configspace({"x": (0, 1)})
    monkeypatch.setitem(sys.modules, "ConfigSpace", None)
    with pytest.raises(ImportError, match=r"pip install 'skpbnas\[configspace\]'"):
        ParameterSpace.from_configspace({"x": (0, 1)})


# -------------------------------------------- Ray's objects, in so far as they are read (of version 2.60)


class Domain:
    def __init__(self, sampler, **values):
        self._sampler = sampler
        self.__dict__.update(values)

    def get_sampler(self):
        return self._sampler


Float, Integer, Categorical, Function = (
    type(name, (Domain,), {}) for name in ("Float", "Integer", "Categorical", "Function")
)
_Uniform, _LogUniform, Normal, Quantized = (
    type(name, (Domain,), {}) for name in ("_Uniform", "_LogUniform", "Normal", "Quantized")
)
UNIFORM, LOG = _Uniform(None), _LogUniform(None)


def test_the_domains_of_ray_tune_are_read_without_it():
    space = ParameterSpace.from_ray(
        {
            "rate": Float(LOG, lower=1e-4, upper=1.0),
            "share": Float(Quantized(UNIFORM, q=0.25), lower=0.0, upper=1.0),
            "layers": Integer(UNIFORM, lower=1, upper=5),
            "width": Integer(Quantized(UNIFORM, q=8), lower=8, upper=64),
            "optimizer": {"name": Categorical(UNIFORM, categories=["sgd", "adam"]), "decay": 0.1},
            "seed": {"grid_search": [1, 2]},
        }
    )
    assert space.distributions() == {
        "rate": FloatDistribution(1e-4, 1.0, log=True),
        "share": FloatDistribution(0.0, 1.0, step=0.25),
        "layers": IntDistribution(1, 4),
        "width": IntDistribution(8, 64, step=8),
        "optimizer/name": CategoricalDistribution(["sgd", "adam"]),
        "optimizer/decay": CategoricalDistribution([0.1]),
        "seed": CategoricalDistribution([1, 2]),
    }
    assert np.isfinite(space.sample(3, 0)).all() and "ray" not in sys.modules
    for domain in (Float(Normal(None)), Function(None), Float(Quantized(LOG, q=0.1), lower=0.1, upper=1)):
        with pytest.raises(ValueError, match=r"param_space\['x'\] is a .* which a ParameterSpace has not"):
            ParameterSpace.from_ray({"x": domain})
    with pytest.raises(TypeError, match="is no dictionary"):
        ParameterSpace.from_ray([UNIFORM])
