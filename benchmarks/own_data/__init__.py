"""Numbers of docs/own_data.rst."""

from . import fixed, searches, trainings

EXPERIMENTS = (trainings.EXPERIMENT, fixed.EXPERIMENT, searches.EXPERIMENT)
