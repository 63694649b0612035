"""The loss over pairs: the sum that equations 5 to 7 write out, and its estimate from sampled pairs."""

import pytest
import torch
from torch.nn.functional import softplus

from skpbnas.predictors._pairs import PairwiseLoss, sampled_pairwise_loss


def loss_by_definition(scores: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The mean of softplus(f' - f) over the pairs in which the first is better, added up over the members."""
    better, worse = torch.nonzero(y[:, None] > y[None, :], as_tuple=True)
    return softplus(scores[:, worse] - scores[:, better]).sum() / max(1, len(better))


@pytest.mark.parametrize("n_members, n", [(1, 2), (1, 40), (3, 300), (2, 700)])
def test_the_loss_and_its_gradient_are_those_of_the_definition(n_members, n, rng):
    y = torch.tensor(rng.integers(n // 2 + 1, size=n))  # with ties
    scores = torch.tensor(3 * rng.normal(size=(n_members, n)), requires_grad=True)
    results = []
    for loss in (PairwiseLoss(y, n_members)(scores), loss_by_definition(scores, y)):
        results.append((loss, *torch.autograd.grad(loss, scores)))
    torch.testing.assert_close(*results, rtol=1e-10, atol=1e-12)


def test_targets_that_are_all_equal_cost_nothing(rng):
    scores = torch.tensor(rng.normal(size=(2, 5)))
    assert PairwiseLoss(torch.ones(5), 2)(scores) == 0


def test_sampled_pairs_estimate_the_loss_over_all_pairs(rng):
    y = torch.tensor(rng.integers(20, size=3000))
    scores = torch.tensor(rng.normal(size=(2, 3000)) + 0.1 * y.numpy())
    sampled = sampled_pairwise_loss(scores, y, torch.Generator().manual_seed(0))
    assert sampled.item() == pytest.approx(PairwiseLoss(y, 2)(scores).item(), rel=0.01)
