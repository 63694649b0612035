"""Each training has a device of its own. The devices are made up: what counts is what a worker sees."""

import concurrent.futures
import json
import os
import time
from pathlib import Path

import pytest
import seen_at_import
from engines import dask, mpi
from objectives import SPACE, die, key, n_edges
from sklearn.linear_model import LinearRegression

from skpbnas import EvolutionaryCandidateSampler, PredictorBasedSearch, _devices
from skpbnas._devices import VARIABLE, Devices, _as_seen_from_outside
from skpbnas.search import current_device

WITH_THIS_FOLDER = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])


def make() -> PredictorBasedSearch:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    return PredictorBasedSearch(SPACE, LinearRegression(), pool, random_state=0)


def writes_its_device(folder: Path, seconds: float = 0.1):
    """Return an objective that leaves a file with what it sees, and when it was there."""

    def objective(cell):
        seen = {
            "imported": seen_at_import.devices(),
            "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "torch": current_device(),
            "process": os.getpid(),
            "start": time.monotonic(),
        }
        time.sleep(seconds)
        (folder / f"{key(cell)}.json").write_text(json.dumps(seen | {"end": time.monotonic()}))
        return n_edges(cell)

    return objective


def read(folder: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in folder.glob("*.json")]


def most_at_a_time(trainings: list[dict]) -> int:
    events = [(t["start"], 1) for t in trainings] + [(t["end"], -1) for t in trainings]
    now = most = 0
    for _, step in sorted(events):
        now += step
        most = max(most, now)
    return most


def test_a_process_has_one_device_and_sees_it_before_anything_is_imported(tmp_path):
    make().run(writes_its_device(tmp_path, 0.5), 8, devices=[3, "cuda:5"])
    trainings = read(tmp_path)
    assert {t["visible"] for t in trainings} == {"3", "5"}
    assert len({(t["process"], t["visible"]) for t in trainings}) == 2
    assert all(t["imported"] == t["visible"] and t["torch"] == "cuda:0" for t in trainings)
    for device in "35":
        assert most_at_a_time([t for t in trainings if t["visible"] == device]) == 1


def test_a_device_that_is_listed_twice_is_shared(tmp_path):
    make().run(writes_its_device(tmp_path), 4, devices=[0, 0])
    assert {t["visible"] for t in read(tmp_path)} == {"0"}
    assert len({t["process"] for t in read(tmp_path)}) == 2


def test_the_device_of_a_worker_that_died_is_free_again(tmp_path):
    train = writes_its_device(tmp_path)

    def objective(cell):
        if not (tmp_path / "died").exists():
            (tmp_path / "died").touch()
            die()
        return train(cell)

    with pytest.warns(UserWarning, match="is evaluated again"):
        search = make().run(objective, 8, devices=["GPU-1", "MIG-2"])
    assert search.history_["score"].notna().all()
    assert {t["visible"] for t in read(tmp_path)} == {"GPU-1", "MIG-2"}


def test_threads_are_told_their_device_and_processes_of_a_pool_keep_it(tmp_path):
    (tmp_path / "threads").mkdir()
    with concurrent.futures.ThreadPoolExecutor(4) as executor:
        make().run(writes_its_device(tmp_path / "threads"), 8, executor=executor, devices=[0, 2])
    trainings = read(tmp_path / "threads")
    assert {t["torch"] for t in trainings} == {"cuda:0", "cuda:2"}
    assert all(t["visible"] == os.environ.get(VARIABLE) for t in trainings)
    assert most_at_a_time(trainings) == 2

    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        for name in ("first", "second"):  # the same devices in the next search
            (tmp_path / name).mkdir()
            make().run(writes_its_device(tmp_path / name), 4, executor=executor, devices=[0, 2])
        with pytest.raises(RuntimeError, match="has trained on device . for another search"):
            make().run(n_edges, 4, executor=executor, devices=[7, 8])
    first, second = (
        {(t["process"], t["visible"]) for t in read(tmp_path / name)} for name in ("first", "second")
    )
    assert len(first | second) == 2


def test_without_devices_the_first_that_torch_sees():
    assert current_device() in ("cpu", "cuda:0")


@pytest.mark.parametrize("wrong", [[], "0", ["mps"], [-1], [0.5], ["cuda"]])
def test_what_is_no_device_of_cuda_is_refused(wrong):
    with pytest.raises(ValueError, match="devices=.* is not allowed; list the numbers of GPUs"):
        make().run(n_edges, 4, devices=wrong)


def test_too_few_devices_are_refused():
    with pytest.raises(ValueError, match=r"devices=\['0', '1'\] are too few for 3 trainings"):
        make().run(n_edges, 4, n_jobs=3, devices=[0, 1])
    with concurrent.futures.ThreadPoolExecutor(3) as executor:
        with pytest.raises(ValueError, match="are too few for 3 trainings"):
            make().run(n_edges, 4, n_jobs=3, executor=executor, devices=[0, 1])
        with pytest.raises(ValueError, match="threads can only be given devices by their numbers"):
            make().run(n_edges, 4, executor=executor, devices=["GPU-1", "GPU-2", "GPU-3"])
    with (
        concurrent.futures.ProcessPoolExecutor(3) as executor,
        pytest.raises(ValueError, match="are too few for 3 trainings"),
    ):
        make().run(n_edges, 4, n_jobs=2, executor=executor, devices=[0, 1])
    with pytest.raises(ValueError, match="a vectorized objective runs in this process"):
        make().run(lambda rows: rows.sum(axis=1), 4, vectorized=True, devices=[0])


def test_numbers_count_among_the_devices_that_a_worker_sees(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert _as_seen_from_outside("2") == "2"
    monkeypatch.setenv(VARIABLE, "4,5")
    assert [_as_seen_from_outside(name) for name in ("0", "1", "GPU-1")] == ["4", "5", "GPU-1"]
    with pytest.raises(RuntimeError, match="device 2 is not there: .* among those 2"):
        _as_seen_from_outside("2")


def test_more_workers_than_devices_are_told_so(monkeypatch):
    monkeypatch.setattr("skpbnas._devices._PATIENCE", 0.1)
    devices = Devices(("0",))
    _, lock = devices.claim()
    with pytest.raises(RuntimeError, match="no device of 0 became free on .* more workers than devices"):
        devices.claim()
    lock.release()
    devices.claim()
    devices.forget()


def test_dask_gives_out_what_its_workers_declare(tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed (skpbnas[dask])")
    options = {"processes": False, "dashboard_address": None}
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=4, resources={"GPU": 2}, **options
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor(resources={"GPU": 1})
        make().run(writes_its_device(tmp_path, 0.2), 6, executor=executor)
    assert most_at_a_time(read(tmp_path)) == 2


@pytest.mark.parametrize("start", [dask, mpi])
def test_workers_have_one_device_each(start, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", WITH_THIS_FOLDER)
    with start(tmp_path) as engine:
        make().run(writes_its_device(tmp_path, 0.2), 6, devices=[0, 1], **engine.options)
    assert {(t["visible"], t["torch"]) for t in read(tmp_path)} == {("0", "cuda:0"), ("1", "cuda:0")}


def test_a_worker_that_trains_in_several_threads_cannot_have_a_device_for_each(monkeypatch):
    monkeypatch.setenv(VARIABLE, "0,1")
    monkeypatch.setattr(_devices, "_process", _devices._Process())
    elsewhere = Devices(("0", "1"), home=("another host", 1))
    with elsewhere.one(), concurrent.futures.ThreadPoolExecutor(1) as other:

        def train():
            with elsewhere.one():
                pass

        with pytest.raises(RuntimeError, match="give each worker one thread"):
            other.submit(train).result()
    elsewhere.forget()


def test_ray_gives_out_its_own(tmp_path, monkeypatch):
    ray = pytest.importorskip("ray", reason="Ray is not installed (skpbnas[ray])")
    from skpbnas.search import RayExecutor

    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("PYTHONPATH", WITH_THIS_FOLDER)
    ray.init(num_cpus=4, num_gpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        with RayExecutor(num_gpus=1) as executor:
            with pytest.raises(
                ValueError, match=r"Ray gives each task its devices; .*RayExecutor\(num_gpus=1\)"
            ):
                make().run(n_edges, 4, executor=executor, devices=[0, 1])
            make().run(writes_its_device(tmp_path, 1), 6, executor=executor)
        assert {t["visible"] for t in read(tmp_path)} <= {"0", "1"}
        for device in "01":
            assert most_at_a_time([t for t in read(tmp_path) if t["visible"] == device]) <= 1
        with pytest.raises(ValueError, match="has no worker with what each task needs"):
            make().run(n_edges, 4, executor=RayExecutor(num_gpus=3))
    finally:
        ray.shutdown()


def test_jobs_of_submitit_have_one_device_each(tmp_path, monkeypatch):
    submitit = pytest.importorskip("submitit", reason="submitit is not installed")
    monkeypatch.setenv("PYTHONPATH", WITH_THIS_FOLDER)
    executor = submitit.LocalExecutor(tmp_path / "jobs")
    executor.update_parameters(gpus_per_node=2, visible_gpus=[4, 5])
    make().run(writes_its_device(tmp_path, 0.5), 4, n_jobs=2, executor=executor, devices=[0, 1])
    assert {t["visible"] for t in read(tmp_path)} == {"4", "5"}
    slurm = submitit.AutoExecutor.__new__(submitit.AutoExecutor)
    slurm.cluster = "slurm"
    with pytest.raises(ValueError, match="SLURM gives each job its devices"):
        make().run(n_edges, 4, n_jobs=2, executor=slurm, devices=[0])
