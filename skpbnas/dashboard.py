"""Show the best architecture of a study in optuna-dashboard. It needs ``pip install optuna-dashboard``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .spaces import SearchSpace

if TYPE_CHECKING:
    from optuna.artifacts._protocol import ArtifactStore
    from optuna.study import Study
    from optuna.trial import FrozenTrial

__all__ = ["BestArchitectureNote"]


class BestArchitectureNote:
    """Keep the best architecture in the study's note: a callback for ``study.optimize``.

    With several objectives the note holds the Pareto front. It is written anew whenever a trial joins the
    best; what else stood in the note is lost.

    Parameters
    ----------
    space : SearchSpace
        The space that reads the parameters of a trial.
    artifact_store : artifact store of Optuna, default=None
        Where to put drawings, for the note to show; start the dashboard with the same store. None describes
        the architectures in text only.

    Examples
    --------
    >>> import optuna
    >>> from skpbnas import CellSpace
    >>> from skpbnas.dashboard import BestArchitectureNote
    >>> space = CellSpace(4, ["conv", "pool"])
    >>> def objective(trial):
    ...     for name, domain in space.distributions().items():
    ...         trial.suggest_categorical(name, domain.choices)
    ...     return 1.0
    >>> study = optuna.create_study()
    >>> study.optimize(objective, n_trials=5, callbacks=[BestArchitectureNote(space)])
    """

    def __init__(self, space: SearchSpace, artifact_store: ArtifactStore | None = None) -> None:
        self.space = space
        self.artifact_store = artifact_store

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Write the note where ``trial`` is one of the best."""
        try:
            from optuna_dashboard import save_note
        except ImportError as error:
            raise ImportError("notes need optuna-dashboard; pip install optuna-dashboard") from error
        best = study.best_trials
        if trial.number in {other.number for other in best}:
            save_note(study, "\n\n".join(self._section(study, other) for other in best))

    def _section(self, study: Study, trial: FrozenTrial) -> str:
        title = f"## Trial {trial.number}: {', '.join(f'{value:.6g}' for value in trial.values)}"
        row = self.space.params_to_row(trial.params)[None]
        if not self.space.is_valid(row)[0]:
            return f"{title}\n\nnot an architecture of the space"
        drawing = self.space.draw(self.space.decode(row)[0])
        parts = [title, f"```\n{drawing}\n```"]
        if self.artifact_store is not None:
            path = self._drawing(study, f"trial-{trial.number}.svg", drawing._repr_svg_())
            parts.insert(1, f"![The architecture of trial {trial.number}]({path})")
        return "\n\n".join(parts)

    def _drawing(self, study: Study, name: str, svg: str) -> str:
        """Return the dashboard's path of a drawing, which is stored once."""
        from optuna.artifacts import get_all_artifact_meta, upload_artifact
        from optuna_dashboard.artifact import get_artifact_path

        assert self.artifact_store is not None
        known = {meta.filename: meta.artifact_id for meta in get_all_artifact_meta(study)}
        if name not in known:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, name)
                path.write_text(svg, encoding="utf-8")
                known[name] = upload_artifact(
                    artifact_store=self.artifact_store,
                    file_path=str(path),
                    study_or_trial=study,
                    mimetype="image/svg+xml",
                )
        return get_artifact_path(study, known[name])
