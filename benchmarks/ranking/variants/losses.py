"""Other losses for the network; all take scores and targets of one list."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import log_softmax, softplus

from .messages import MessageNetwork
from .trained import Loss, TorchRanker


def hinge(scores: Tensor, y: Tensor, margin: float) -> Tensor:
    better = y[:, None] > y
    return (margin - scores[:, None] + scores).relu()[better].mean()


def most_likely_list(scores: Tensor, y: Tensor) -> Tensor:
    """ListMLE (Xia et al. 2008): the best is drawn first, then the best of the rest, and so on."""
    ascending = scores[torch.argsort(y)]
    return (torch.logcumsumexp(ascending, dim=0) - ascending).mean()


def most_likely_best(scores: Tensor, y: Tensor) -> Tensor:
    """ListNet (Cao et al. 2007): who is drawn first, by the normal scores and by the network's."""
    return -(normal_scores(y).softmax(dim=0).float() * log_softmax(scores, dim=0)).sum()


def top_pairs(scores: Tensor, y: Tensor) -> Tensor:
    """Pairs weigh as much as what is lost where they change places: the discounts of their ranks differ."""
    discount = 1 / torch.log2(2 + ranks_from_the_best(y))
    return _weighted_pairs(scores, y, (discount[:, None] - discount).abs())


def pairs_with_the_good(scores: Tensor, y: Tensor) -> Tensor:
    """Only pairs with one of the better half."""
    good = ranks_from_the_best(y) < len(y) / 2
    return _weighted_pairs(scores, y, good[:, None].double().expand(-1, len(y)))


def pairs_by_gap(scores: Tensor, y: Tensor) -> Tensor:
    """Pairs weigh as much as they are apart, in normal scores: noise makes near ties worthless."""
    t = normal_scores(y)
    return _weighted_pairs(scores, y, (t[:, None] - t).abs())


def squared_normal_scores(scores: Tensor, y: Tensor) -> Tensor:
    return (scores - normal_scores(y)).square().mean()


def _weighted_pairs(scores: Tensor, y: Tensor, weights: Tensor) -> Tensor:
    better = y[:, None] > y
    weights = weights[better]
    return (softplus(scores - scores[:, None])[better] * weights).sum() / weights.sum()


def ranks_from_the_best(y: Tensor) -> Tensor:
    return torch.argsort(torch.argsort(y, descending=True))


def normal_scores(y: Tensor) -> Tensor:
    return torch.special.ndtri(1 - (ranks_from_the_best(y) + 0.5) / len(y))


def ranker(seed: int, loss: Loss) -> TorchRanker:
    return TorchRanker(MessageNetwork, loss, random_state=seed)


VARIANTS = {
    f"loss: {name}": partial(ranker, loss=loss)
    for name, loss in {
        "hinge, margin 0.1": partial(hinge, margin=0.1),
        "hinge, margin 1": partial(hinge, margin=1.0),
        "ListMLE": most_likely_list,
        "ListNet": most_likely_best,
        "pairs by discounted ranks": top_pairs,
        "pairs with the better half": pairs_with_the_good,
        "pairs by gap": pairs_by_gap,
        "squared error of normal scores": squared_normal_scores,
    }.items()
}
