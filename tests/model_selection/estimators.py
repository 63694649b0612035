"""Estimators whose scores are known without training, apart so that workers import nothing else."""

import os
import signal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from skpbnas.search import current_device

DEADLY = 5


class Toy(ClassifierMixin, BaseEstimator):
    """Scores by its parameters, without any training; some values fail in their own ways."""

    def __init__(self, widths=(1,), rate=1.0, cell=None, random_state=0):
        self.widths, self.rate, self.cell, self.random_state = widths, rate, cell, random_state

    def fit(self, X, y):
        if self.widths[0] == 113:
            raise MemoryError("out of memory")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), int)

    def score(self, X, y):
        return np.nan if self.widths[0] == 117 else float(sum(self.widths)) + (self.random_state or 0)


class Deadly(Toy):
    def fit(self, X, y):
        if self.widths[0] == DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y)


class OnDevice(Toy):
    """Scores by the number of the device that it is trained on."""

    def fit(self, X, y):
        own = current_device().removeprefix("cuda:")  # of a thread
        self.device_ = float(os.environ.get("CUDA_VISIBLE_DEVICES", own))
        return super().fit(X, y)

    def score(self, X, y):
        return self.device_
