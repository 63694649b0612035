"""Files that are there whole or not at all, with the mode and the owner that one expects."""

import os
import resource
import stat
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import skpbnas
from skpbnas import CellSpace, PredictorBasedSearch
from skpbnas._files import replacing, save_arrays
from skpbnas.search import CheckpointWriteError, read_checkpoint

SPACE = CellSpace(4, ["a", "b"])
FITTED = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])


def n_edges(cell) -> float:
    return float(cell.adjacency.sum())


def search(path, n=6) -> PredictorBasedSearch:
    return PredictorBasedSearch(SPACE, "random", random_state=0).run(n_edges, n, checkpoint=path)


WRITERS = [
    pytest.param(lambda path: skpbnas.save(FITTED, path), id="estimator"),
    pytest.param(lambda path: save_arrays(path, numbers=np.arange(1000)), id="arrays"),
    pytest.param(search, id="checkpoint"),
]


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def no_file_above(size):
    """A disk that is full, as far as one process can make it: writes beyond a size fail."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def without_privileges():
    """Permissions do not bind the superuser, who runs the tests in a container."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("mask", [0o002, 0o022, 0o077])
def test_a_new_file_has_the_mode_that_the_mask_asks_for(tmp_path, write, mask):
    with umask(mask):
        write(tmp_path / "file")
    assert mode(tmp_path / "file") == 0o666 & ~mask


@pytest.mark.parametrize("write", WRITERS[:2])
def test_a_file_that_is_replaced_hands_on_its_mode_its_owner_and_its_link(tmp_path, write):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"before")
    real.chmod(0o640)
    if not os.geteuid():
        os.chown(real, 12345, 23456)
    before = real.stat()
    link.symlink_to(real)
    write(link)
    after = real.stat()
    assert link.is_symlink() and after.st_size > 6
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


@pytest.mark.parametrize("write", WRITERS[:2])
def test_where_the_disk_is_full_the_old_file_stays(tmp_path, write):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with no_file_above(100), pytest.raises(OSError):
        write(path)
    assert path.read_bytes() == b"before" and list(tmp_path.iterdir()) == [path]


def test_what_is_no_longer_wanted_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        file.write(b"half of it")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"before" and list(tmp_path.iterdir()) == [path]


def test_a_search_whose_disk_is_full_goes_on_once_there_is_room(tmp_path):
    path = tmp_path / "search.db"
    begun = search(path)
    with no_file_above(path.stat().st_size), pytest.raises(CheckpointWriteError, match="run it again"):
        begun.run(n_edges, 40, checkpoint=path)
    told = begun.evaluated_rows_
    assert 6 <= len(read_checkpoint(path, SPACE).rows) <= len(told) < 40
    begun.run(n_edges, 40, checkpoint=path)
    rows = read_checkpoint(path, SPACE).rows
    assert len(rows) == 40 == len(np.unique(rows, axis=0))
    np.testing.assert_array_equal(rows[: len(told)], told)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_written_is_not_replaced(tmp_path_factory, what):
    folder = tmp_path_factory.mktemp("read_only")
    path = folder / "predictor"
    path.write_bytes(b"before")
    os.chmod(*{"file": (path, 0o444), "folder": (folder, 0o555)}[what])
    with without_privileges(), pytest.raises(PermissionError):
        skpbnas.save(FITTED, path)
    folder.chmod(0o755)
    assert path.read_bytes() == b"before" and list(folder.iterdir()) == [path]


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_checkpoint_that_may_not_be_written_is_refused_before_anything_is_evaluated(tmp_path, what):
    path = tmp_path / "search.db"
    search(path)
    for parent in path.parents:  # pytest's folders are for their owner only
        if parent != Path(gettempdir()) and parent.is_relative_to(gettempdir()):
            parent.chmod(0o755)
    lock = path.with_name("search.db.lock")
    lock.touch()
    lock.chmod(0o666)
    os.chmod(*{"file": (path, 0o444), "folder": (tmp_path, 0o555)}[what])
    evaluated = []
    with without_privileges(), pytest.raises(CheckpointWriteError):
        begun = PredictorBasedSearch(SPACE, "random", random_state=0)
        begun.run(evaluated.append, 8, checkpoint=path, name="test_files.n_edges")
    tmp_path.chmod(0o755)
    assert not evaluated and len(read_checkpoint(path, SPACE).rows) == 6
