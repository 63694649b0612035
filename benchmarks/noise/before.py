"""The protocol of ``finals.py`` with the estimate of commit 362df73: a record that today's code cannot make.

There the beliefs had the most probable shift and variance of the prior, a slope of one, and a noise that was
pooled over all repeats; the process took every mean for a single score. Seeds 0 to 19, two at 400 trainings.
What is taken without finals does not depend on it.
"""

from __future__ import annotations

from benchmarks.harness import Experiment
from benchmarks.noise.finals import calibration, truths

EXPERIMENT = Experiment(
    __file__, tables={"truths_before": truths, "calibration_before": calibration}, jobs=(), run=None
)
