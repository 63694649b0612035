"""Checkpoints: nothing lost, nothing mixed, nothing believed unchecked."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from objectives import SPACE, benefit, benefit_and_cost, n_edges
from sklearn.linear_model import LinearRegression, Ridge

from skpbnas import CellSpace, EvolutionaryCandidateSampler, PredictorBasedSearch
from skpbnas.search import CheckpointError, CheckpointWriteError, read_checkpoint
from skpbnas.search._checkpoint import Checkpoint
from skpbnas.search._identity import digest
from skpbnas.spaces import ConstrainedSpace

DATA = Path(__file__).parent / "data"


def make(random_state=0, space=SPACE, predictor=None, n_candidates=40, **parameters) -> PredictorBasedSearch:
    pool = EvolutionaryCandidateSampler(n_candidates=n_candidates)
    predictor = LinearRegression() if predictor is None else predictor
    return PredictorBasedSearch(space, predictor, pool, random_state=random_state, **parameters)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "search.db"


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("finished") / "search.db"
    make().run(n_edges, 12, checkpoint=path)
    return path


# ------------------------------------------------------------------------------------------ nothing lost


def test_an_evaluation_is_on_the_disk_before_the_next_begins(path):
    seen = []

    def objective(cell):
        seen.append(len(read_checkpoint(path, SPACE).rows))
        return n_edges(cell)

    make().run(objective, 10, checkpoint=path)
    assert seen == list(range(10))


def test_searches_that_take_turns_on_one_file_lose_nothing(path):
    expected = make().run(n_edges, 40).evaluated_rows_
    first, second = make(), make()
    first.run(n_edges, 8, checkpoint=path)
    second.run(n_edges, 40, checkpoint=path)
    with pytest.warns(UserWarning, match="n_evaluations=12, and 40 have been made already"):
        first.run(n_edges, 12, checkpoint=path)
    for rows in (first.evaluated_rows_, read_checkpoint(path, SPACE).rows):
        np.testing.assert_array_equal(rows, expected)


def test_what_is_told_between_two_runs_is_saved(path):
    search = make().run(n_edges, 8, checkpoint=path)
    X = search.ask(3)
    search.tell(X, [n_edges(cell) for cell in SPACE.decode(X)])
    np.testing.assert_array_equal(read_checkpoint(path, SPACE).rows, search.evaluated_rows_)
    resumed = make().run(n_edges, 16, checkpoint=path)
    np.testing.assert_array_equal(resumed.evaluated_rows_[:11], search.evaluated_rows_)


def test_an_objective_may_change_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()

    def objective(cell):
        os.chdir(tmp_path / "elsewhere")
        return n_edges(cell)

    make().run(objective, 8, checkpoint="search.db")
    assert len(read_checkpoint(tmp_path / "search.db", SPACE).rows) == 8


def test_what_cannot_be_written_is_kept_in_memory_and_written_later(path, monkeypatch):
    search, append = make(), Checkpoint.append

    def fails(self, archive, places, seconds):
        if archive.n_told == 6:
            monkeypatch.setattr(Checkpoint, "append", append)
            raise CheckpointWriteError("checkpoint cannot be written: database or disk is full")
        append(self, archive, places, seconds)

    monkeypatch.setattr(Checkpoint, "append", fails)
    with pytest.raises(OSError, match="disk is full"):
        search.run(n_edges, 16, checkpoint=path)
    assert len(search.history_) >= 6
    search.run(n_edges, 16, checkpoint=path)
    np.testing.assert_array_equal(read_checkpoint(path, SPACE).rows, make().run(n_edges, 16).evaluated_rows_)


def test_a_full_disk_is_said(finished, path):
    shutil.copy(finished, path)

    def full_from_now_on(search):
        held = search._state._checkpoint._database
        held.execute(f"PRAGMA max_page_count={held.execute('PRAGMA page_count').fetchone()[0]}")

    with pytest.raises(CheckpointWriteError, match="full"):
        make().run(n_edges, 200, callbacks=[full_from_now_on], checkpoint=path)
    assert len(read_checkpoint(path, SPACE).rows) > 12


def test_mode_and_link_are_kept(tmp_path, path):
    real = tmp_path / "real.db"
    path.symlink_to(real)
    make().run(n_edges, 6, checkpoint=path)
    real.chmod(0o640)
    make().run(n_edges, 10, checkpoint=path)
    assert path.is_symlink() and stat.S_IMODE(real.stat().st_mode) == 0o640
    assert len(read_checkpoint(real, SPACE).rows) == 10


def test_several_objectives_come_back(path):
    search = make().run(benefit_and_cost, 12, checkpoint=path)
    np.testing.assert_array_equal(
        read_checkpoint(path, SPACE).scores, search.history_[["score_0", "score_1"]].to_numpy()
    )


def test_arrays_that_differ_in_type_or_shape_alone_are_not_the_same():
    arrays = [np.zeros(4), np.zeros((2, 2)), np.zeros(4, np.int64), np.zeros(4, ">f8"), np.ones(4)]
    assert len({digest(array) for array in arrays}) == 5
    assert digest(np.zeros(2), np.zeros(2)) != digest(np.zeros(4)) and digest(np.zeros(4)) == digest(
        np.zeros(4)
    )


def test_checkpoints_of_this_format_are_read_by_later_versions(path):
    shutil.copy(DATA / "format3.db", path)
    earlier = read_checkpoint(path, SPACE)
    assert len(earlier.rows) == 10 and np.isfinite(earlier.scores).all()
    resumed = make(predictor="random").run(benefit, 14, checkpoint=path).evaluated_rows_
    whole = make(predictor="random").run(benefit, 10).run(benefit, 14)
    np.testing.assert_array_equal(resumed, whole.evaluated_rows_)


@pytest.mark.parametrize(
    ("name", "objective"),
    [("format1", benefit), ("format2", benefit), ("format2_two_objectives", benefit_and_cost)],
)
def test_checkpoints_of_earlier_formats_are_continued(path, name, objective):
    shutil.copy(DATA / f"{name}.npz", path)
    earlier = read_checkpoint(path, SPACE).rows
    resumed = make().run(objective, 20, checkpoint=path).evaluated_rows_
    np.testing.assert_array_equal(resumed[:10], earlier)
    if objective is benefit:  # for several, the library has chosen otherwise since
        np.testing.assert_array_equal(resumed, make().run(objective, 10).run(objective, 20).evaluated_rows_)
    assert path.read_bytes().startswith(b"SQLite format 3") and len(read_checkpoint(path, SPACE).rows) == 20


# ----------------------------------------------------------------------------------------- nothing mixed


def test_a_second_search_is_refused_while_the_first_runs(path):
    def objective(cell):
        with pytest.raises(CheckpointError, match=f"belongs to process {os.getpid()} on .*still running"):
            make().run(n_edges, 8, checkpoint=path)
        return n_edges(cell)

    assert len(make().run(objective, 5, checkpoint=path).history_) == 5


@pytest.mark.slow
def test_a_file_that_a_dead_process_held_is_continued(path):
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[2])\n"
        "from test_checkpoint import make, n_edges\n"
        "count = []\n"
        "def objective(cell):\n"
        "    count.append(1)\n"
        "    return n_edges(cell) if len(count) < 7 else os._exit(9)\n"
        "make().run(objective, 20, checkpoint=sys.argv[1], name='edges')\n"
    )
    died = subprocess.run([sys.executable, "-c", script, str(path), str(Path(__file__).parent)])
    assert died.returncode == 9
    assert len(read_checkpoint(path, SPACE).rows) == 6
    resumed = make().run(n_edges, 20, checkpoint=path, name="edges")
    np.testing.assert_array_equal(resumed.evaluated_rows_, make().run(n_edges, 20).evaluated_rows_)


def test_what_a_killed_process_left_half_written_is_undone(finished, path):
    """A transaction that was being written: the journal beside the file tells how to undo it."""
    shutil.copy(finished, path)
    script = (
        "import os, sqlite3, sys; database = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "database.execute('PRAGMA cache_size=0'); database.execute('BEGIN IMMEDIATE')\n"
        "database.execute('UPDATE evaluations SET scores = zeroblob(40000)')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)])
    assert path.with_name("search.db-journal").exists()
    assert len(read_checkpoint(path, SPACE).rows) == 12
    assert len(make().run(n_edges, 16, checkpoint=path).history_) == 16


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"random_state": 1}, "random_state was 0 and is now 1"),
        ({"predictor": Ridge()}, "predictor.class was .*LinearRegression' and is now .*Ridge"),
        ({"predictor": LinearRegression(positive=True)}, "predictor.positive was False and is now True"),
        ({"n_candidates": 41}, "candidates.n_candidates was 40 and is now 41"),
        ({"batch_size": 5}, "batch_size was 4 and is now 5"),
        ({"n_initial": 5}, "n_initial was 4 and is now 5"),
        ({"space": CellSpace(4, ["a"])}, r"belongs to a search of CellSpace\(5"),
    ],
)
def test_what_differs_is_named_and_the_file_left_alone(finished, path, other, named):
    shutil.copy(finished, path)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=named):
        make(**other).run(n_edges, 16, checkpoint=path)
    assert path.read_bytes() == before


def test_another_objective_is_refused_unless_it_has_the_same_name(finished, path):
    shutil.copy(finished, path)
    with pytest.raises(
        CheckpointError, match=r"objective was 'objectives.n_edges' and is now 'objectives.ben"
    ):
        make().run(benefit, 16, checkpoint=path)
    assert (
        len(make().run(lambda c: n_edges(c), 16, checkpoint=path, name="objectives.n_edges").history_) == 16
    )


def test_columns_of_a_table_are_different_objectives(path):
    from skpbnas.datasets import TabularBenchmark

    X = SPACE.enumerate()
    a, b = np.arange(len(X)), np.arange(len(X)) ** 2
    make().run(TabularBenchmark(SPACE, X, {"a": a, "b": b}).objective("a"), 8, checkpoint=path)
    with pytest.raises(CheckpointError, match="objective.column was 'a' and is now 'b'"):
        make().run(TabularBenchmark(SPACE, X, {"a": a, "b": b}).objective("b"), 12, checkpoint=path)
    with pytest.raises(CheckpointError, match="objective.digest"):
        make().run(TabularBenchmark(SPACE, X, {"a": b}).objective("a"), 12, checkpoint=path)
    order = np.random.default_rng(0).permutation(len(X))
    shuffled = TabularBenchmark(SPACE, X[order], {"a": a[order]}).objective("a")
    assert len(make().run(shuffled, 12, checkpoint=path).history_) == 12


def test_constraints_are_told_apart_by_name(path):
    def at_most(n, name=None):
        return ConstrainedSpace(SPACE, lambda X: X[:, :25].sum(axis=1) <= n, name)

    with pytest.raises(CheckpointError, match="give the constraint a name"):
        make(space=at_most(5)).run(n_edges, 8, checkpoint=path)
    make(space=at_most(5, "5 edges")).run(n_edges, 8, checkpoint=path)
    with pytest.raises(CheckpointError, match="belongs to a search of .*name='5 edges'"):
        make(space=at_most(6, "6 edges")).run(n_edges, 8, checkpoint=path)


def test_a_search_that_has_begun_is_not_mixed_with_another(finished, path):
    shutil.copy(finished, path)
    search = make()
    search.tell(SPACE.enumerate()[-3:], [1.0, 2.0, 3.0])
    with pytest.raises(CheckpointError, match="of its own"):
        search.run(n_edges, 8, checkpoint=path)
    assert len(read_checkpoint(path, SPACE).rows) == 12


def test_results_are_taken_to_another_search_by_one_call(finished):
    other = make(7, predictor=Ridge())
    other.tell(*read_checkpoint(finished, SPACE)[:2])
    assert len(other.history_) == 12
    assert len(other.run(n_edges, 16).history_) == 16


# --------------------------------------------------------------------------------------------- threads


def test_threads_that_ask_and_tell_never_get_the_same_architecture():
    search, asked, errors = make(), [], []

    def work():
        try:
            for _ in range(4):
                X = search.ask(2)
                asked.extend(SPACE.canonical_key(X).tolist())
                search.tell(X, [n_edges(cell) for cell in SPACE.decode(X)])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(asked) == len(set(asked)) == len(search.history_) == 64


def test_a_search_runs_once_at_a_time():
    search = make()

    def objective(cell):
        with pytest.raises(RuntimeError, match="is running already"):
            search.run(n_edges, 8)
        return n_edges(cell)

    assert len(search.run(objective, 5).history_) == 5


# ---------------------------------------------------------------------------- nothing believed unchecked


def edited(finished, path, statement):
    shutil.copy(finished, path)
    database = sqlite3.connect(path)
    with database:
        database.execute(statement)
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evaluations SET status = 7 WHERE place = 3",
        "UPDATE evaluations SET status = 2 WHERE place = 3",
        "UPDATE evaluations SET scores = '[99.0]' WHERE place = 3",
        "UPDATE evaluations SET row = zeroblob(length(row)) WHERE place = 3",
        "UPDATE evaluations SET row = zeroblob(100000000) WHERE place = 3",
        "UPDATE evaluations SET type = '|O' WHERE place = 3",
        "DELETE FROM evaluations WHERE place = 3",
        "UPDATE meta SET value = '[]' WHERE name = 'identity'",
        "UPDATE meta SET value = '{}' WHERE name = 'identity'",
        "UPDATE meta SET value = 'none' WHERE name = 'identity'",
        "DELETE FROM meta",
        "DROP TABLE evaluations",
        "CREATE TABLE more (x)",
        "CREATE TRIGGER t AFTER UPDATE ON meta BEGIN DELETE FROM evaluations; END",
        "PRAGMA application_id=1",
    ],
)
def test_a_file_that_was_tampered_with_is_refused(finished, path, statement):
    edited(finished, path, statement)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="is not a checkpoint of a search, or it is damaged"):
        make().run(n_edges, 16, checkpoint=path)
    assert path.read_bytes() == before


def test_later_formats_are_refused(finished, path):
    edited(finished, path, "PRAGMA user_version=99")
    with pytest.raises(CheckpointError, match="format 99, and this version of the library reads"):
        read_checkpoint(path, SPACE)


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("rows.npy", b"\0" * 10_000_000)


def zeros(path):
    with np.load(DATA / "format2.npz") as file:
        arrays = {name: np.zeros_like(array) for name, array in file.items() if name != "meta"}
        np.savez(path.with_suffix(".npz"), **arrays, meta=file["meta"])
    path.with_suffix(".npz").rename(path)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no archive"),
        lambda path: path.write_bytes((DATA / "format2.npz").read_bytes()[:-30]),
        bomb,
        zeros,
        lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(500)),
    ],
)
def test_what_is_no_checkpoint_is_refused_and_left_alone(path, write):
    write(path)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="is not a checkpoint of a search, or it is damaged"):
        make().run(n_edges, 8, checkpoint=path)
    assert path.read_bytes() == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["finished", "format2.npz"]), st.integers(0, 2**20), st.integers(1, 255))
def test_a_flipped_byte_is_harmless_or_said(finished, tmp_path, which, place, change):
    source = finished if which == "finished" else DATA / which
    content, path = bytearray(source.read_bytes()), tmp_path / "flipped"
    content[place % len(content)] ^= change
    path.write_bytes(content)
    try:
        scores = read_checkpoint(path, SPACE).scores
    except CheckpointError:
        return
    np.testing.assert_array_equal(scores, read_checkpoint(source, SPACE).scores)


def test_a_missing_folder_is_said_before_anything_is_evaluated(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        make().run(lambda cell: pytest.fail("in vain"), 4, checkpoint=tmp_path / "no" / "search.db")
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        read_checkpoint(tmp_path / "absent.db", SPACE)
