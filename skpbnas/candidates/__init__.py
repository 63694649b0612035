"""Candidate samplers: the pool S' of architectures that the predictor ranks."""

from ._base import BaseCandidateSampler, SpaceExhaustedWarning
from ._evolutionary import EvolutionaryCandidateSampler
from ._maximum_likelihood import MaximumLikelihoodCandidateSampler
from ._uniform import ExhaustiveCandidateSampler, UniformCandidateSampler

__all__ = [
    "BaseCandidateSampler",
    "EvolutionaryCandidateSampler",
    "ExhaustiveCandidateSampler",
    "MaximumLikelihoodCandidateSampler",
    "SpaceExhaustedWarning",
    "UniformCandidateSampler",
]
