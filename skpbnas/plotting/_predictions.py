"""What a predictor said, against what was observed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.model_selection import KFold

from ..metrics import kendall_tau
from ._axes import COLOURS, Display, axes_or_new
from ._searches import evaluated, predictor_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..search import PredictorBasedSearch


class PredictionDisplay(Display):
    """Scores that were predicted against those that were observed, with the line on which they are equal.

    Parameters
    ----------
    predicted, observed : array-like of shape (n,)
    score_name : str, default="score"

    Attributes
    ----------
    tau_ : float
        Kendall's tau between the two.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    tau_: float

    def __init__(self, predicted: ArrayLike, observed: ArrayLike, *, score_name: str = "score") -> None:
        self.predicted = np.asarray(predicted, dtype=np.float64)
        self.observed = np.asarray(observed, dtype=np.float64)
        self.score_name = score_name

    @classmethod
    def from_search(
        cls, search: PredictorBasedSearch, *, score_name: str = "score", ax: Axes | None = None
    ) -> PredictionDisplay:
        """Draw what the search predicted of each architecture before it was evaluated.

        The default predictor of a search says what is possible and not what is expected: most points then
        lie below the line. Its tau is that among architectures which were all predicted to be good, and
        lower than among random ones.

        Parameters
        ----------
        search : PredictorBasedSearch
        score_name : str, default="score"
        ax : matplotlib Axes, default=None

        Returns
        -------
        PredictionDisplay
        """
        history = search.history_
        if "score" not in history:
            raise ValueError(
                "a search for several objectives has several predictions; draw each with the class"
            )
        known = history.dropna(subset=["score", "predicted_score"])
        return cls(known["predicted_score"], known["score"], score_name=score_name).plot(ax)

    @classmethod
    def from_estimator(
        cls, predictor: Any, X: ArrayLike, y: ArrayLike, *, cv: int = 5, score_name: str = "score",
        ax: Axes | None = None,
    ) -> PredictionDisplay:  # fmt: skip
        """Draw what a predictor says of rows that it was not fitted to, by cross-validation.

        Parameters
        ----------
        predictor : estimator
            It is cloned.
        X : array-like of shape (n, n_features)
        y : array-like of shape (n,)
        cv : int, default=5
            Number of folds, shuffled with a fixed seed.
        score_name : str, default="score"
        ax : matplotlib Axes, default=None

        Returns
        -------
        PredictionDisplay
        """
        predicted = _out_of_fold(predictor, X, y, cv, uncertain=False)[0]
        return cls(predicted, y, score_name=score_name).plot(ax)

    def plot(self, ax: Axes | None = None) -> PredictionDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None

        Returns
        -------
        self : PredictionDisplay
        """
        ax = axes_or_new(ax)
        self.tau_ = kendall_tau(self.observed, self.predicted)
        both = np.concatenate([self.predicted, self.observed])
        ends = [both.min(), both.max()]
        ax.plot(ends, ends, color="0.5", linewidth=1, linestyle="--", label="equal", zorder=1)
        ax.scatter(self.predicted, self.observed, s=14, alpha=0.6, color=COLOURS[0], linewidth=0, zorder=2)
        ax.set(xlabel=f"predicted {self.score_name}", ylabel=f"observed {self.score_name}")
        ax.set_title(
            rf"{len(self.observed)} architectures, Kendall's $\tau$ = {self.tau_:.2f}", fontsize="medium"
        )
        ax.legend(frameon=False)
        return self._drawn(ax)


class IntervalCalibrationDisplay(Display):
    """How often the observed score lies in a predictor's interval, against how often it should.

    Parameters
    ----------
    deviations : array-like of shape (n,)
        Observed minus predicted scores, in predicted standard deviations.

    Attributes
    ----------
    coverage_ : ndarray
        The shares that were drawn.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Notes
    -----
    The intervals of the library's predictors are those of the score without the noise of one training: with
    noisy scores, fewer than the nominal share lie inside.
    """

    coverage_: NDArray[np.float64]

    def __init__(self, deviations: ArrayLike) -> None:
        self.deviations = np.asarray(deviations, dtype=np.float64)

    @classmethod
    def from_estimator(
        cls, predictor: Any, X: ArrayLike, y: ArrayLike, *, cv: int = 5, ax: Axes | None = None
    ) -> IntervalCalibrationDisplay:
        """Draw the calibration on rows that the predictor was not fitted to, by cross-validation.

        Parameters
        ----------
        predictor : estimator
            Its ``predict`` takes ``return_std``. It is cloned; where it has a parameter ``exploration``, that
            is set to 0, so that it says what is expected.
        X : array-like of shape (n, n_features)
        y : array-like of shape (n,)
        cv : int, default=5
            Number of folds, shuffled with a fixed seed.
        ax : matplotlib Axes, default=None

        Returns
        -------
        IntervalCalibrationDisplay
        """
        mean, std = _out_of_fold(predictor, X, y, cv, uncertain=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            deviations = (np.asarray(y, dtype=np.float64) - mean) / std
        return cls(np.nan_to_num(deviations, posinf=np.inf, neginf=-np.inf)).plot(ax)

    @classmethod
    def from_search(
        cls, search: PredictorBasedSearch, *, cv: int = 5, ax: Axes | None = None
    ) -> IntervalCalibrationDisplay:
        """Draw the calibration of the search's predictor on what has been evaluated, by cross-validation.

        Parameters
        ----------
        search : PredictorBasedSearch
        cv : int, default=5
        ax : matplotlib Axes, default=None

        Returns
        -------
        IntervalCalibrationDisplay
        """
        return cls.from_estimator(predictor_of(search), *evaluated(search), cv=cv, ax=ax)

    def plot(self, ax: Axes | None = None) -> IntervalCalibrationDisplay:
        """Draw the share within the central interval of each probability.

        Parameters
        ----------
        ax : matplotlib Axes, default=None

        Returns
        -------
        self : IntervalCalibrationDisplay
        """
        from scipy.stats import norm

        ax = axes_or_new(ax)
        nominal = np.linspace(0, 1, 41)
        width = norm.ppf(0.5 + nominal / 2)  # half of it, in standard deviations
        self.coverage_ = (np.abs(self.deviations) <= width[:, None]).mean(axis=1)
        ax.plot([0, 1], [0, 1], color="0.5", linewidth=1, linestyle="--", label="calibrated", zorder=1)
        ax.plot(nominal, self.coverage_, color=COLOURS[0], label="predictor", zorder=2)
        ax.fill_between(nominal, nominal, self.coverage_, color=COLOURS[0], alpha=0.15, linewidth=0)
        ax.set(
            xlabel="probability of the interval", ylabel="share of scores inside", xlim=(0, 1), ylim=(0, 1.02)
        )
        ax.legend(frameon=False, loc="upper left", title="above: too wide, below: too narrow")
        return self._drawn(ax)


def _out_of_fold(
    predictor: Any, X: ArrayLike, y: ArrayLike, cv: int, uncertain: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the predictions of rows that were left out of the fit, and their standard deviations or NaN."""
    rows, scores = np.asarray(X), np.asarray(y, dtype=np.float64)
    if not 2 <= cv <= len(rows):
        raise ValueError(f"cv={cv} does not fit {len(rows)} rows; give 2 folds to as many as there are rows")
    predictor = _expecting(predictor)
    mean, std = np.full((2, len(rows)), np.nan)
    for train, test in KFold(cv, shuffle=True, random_state=0).split(rows):
        fitted = clone(predictor).fit(rows[train], scores[train])
        if uncertain:
            mean[test], std[test] = fitted.predict(rows[test], return_std=True)
        else:
            mean[test] = fitted.predict(rows[test])
    return mean, std


def _expecting(predictor: Any) -> Any:
    """Return a clone that says what is expected, and not what is possible."""
    copy = clone(predictor)
    names = [name for name in copy.get_params(deep=True) if name.rpartition("__")[2] == "exploration"]
    return copy.set_params(**dict.fromkeys(names, 0.0))
