"""The study's note in optuna-dashboard, read as the dashboard reads it."""

import re

import optuna
import pytest
from optuna.artifacts import FileSystemArtifactStore

from skpbnas import Cell, CellSpace
from skpbnas.dashboard import BestArchitectureNote

note = pytest.importorskip("optuna_dashboard._note")
SPACE = CellSpace(4, ["conv", "pool"])
SHORTCUT = Cell([[0, 1], [0, 0]], ["input", "output"])
CHAIN = Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "pool", "output"])
NOTHING = {"edge_0": 0, "edge_1": 0, "edge_2": 0, "edge_3": 0, "edge_4": 0, "edge_5": 0}


def objective(trial: optuna.Trial) -> None:
    for name, domain in SPACE.distributions().items():
        trial.suggest_categorical(name, domain.choices)


def try_cells(study: optuna.Study, cells: list, values: list, callback: BestArchitectureNote) -> None:
    """Run one trial for each cell, or dictionary of parameters, with the values given."""
    left = iter(values)
    for cell in cells:
        study.enqueue_trial(SPACE.row_to_params(SPACE.encode([cell])[0]) if isinstance(cell, Cell) else cell)
    study.optimize(lambda trial: (objective(trial), next(left))[1], len(cells), callbacks=[callback])


def body(study: optuna.Study) -> str:
    attributes = study._storage.get_study_system_attrs(study._study_id)
    return note.get_note_from_system_attrs(attributes, None)["body"]


def test_the_note_holds_the_best_architecture():
    study = optuna.create_study(direction="maximize")
    try_cells(study, [SHORTCUT, CHAIN, SHORTCUT], [0.5, 0.7, 0.6], BestArchitectureNote(SPACE))
    assert "Trial 1: 0.7" in body(study)
    assert str(CHAIN) in body(study)
    assert "Trial 0" not in body(study)


def test_the_note_holds_the_front_of_several_objectives():
    study = optuna.create_study(directions=["maximize", "minimize"])
    try_cells(study, [SHORTCUT, CHAIN], [(0.5, 1), (0.7, 2)], BestArchitectureNote(SPACE))
    assert str(SHORTCUT) in body(study) and str(CHAIN) in body(study)


def test_a_graph_that_is_no_architecture_is_named_so():
    study = optuna.create_study()
    try_cells(study, [NOTHING], [0.0], BestArchitectureNote(SPACE))
    assert "not an architecture" in body(study)


def test_drawings_are_stored_once_and_shown(tmp_path):
    store = FileSystemArtifactStore(tmp_path)
    study = optuna.create_study(directions=["maximize", "minimize"])
    try_cells(study, [SHORTCUT, CHAIN], [(0.5, 1), (0.7, 2)], BestArchitectureNote(SPACE, store))
    shown = re.findall(r"!\[.*?\]\(/artifacts/\d+/([0-9a-f-]+)\)", body(study))
    assert len(shown) == 2
    assert {path.name for path in tmp_path.iterdir()} == set(shown)
    assert store.open_reader(shown[0]).read().startswith(b"<svg")


def test_a_dashboard_serves_the_drawing(tmp_path):
    """The path in the note is one of the dashboard's own."""
    from optuna_dashboard import wsgi

    store = FileSystemArtifactStore(tmp_path)
    study = optuna.create_study(storage=f"sqlite:///{tmp_path}/study.db")
    try_cells(study, [CHAIN], [0.0], BestArchitectureNote(SPACE, store))
    (path,) = re.findall(r"\((/artifacts/[^)]+)\)", body(study))
    answer = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path}
    content = wsgi(study._storage, artifact_store=store)(environ, lambda *args: answer.append(args))
    assert answer[0][0] == "200 OK"
    assert b"".join(content).startswith(b"<svg")
