"""The manifest of examples/kubernetes: what Kubernetes accepts, and what its worker needs."""

import re
import runpy
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from skpbnas import CellSpace

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
FOLDER = Path(__file__).parents[1] / "examples" / "kubernetes"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the examples are not in the source distribution")


def manifest() -> dict[str, dict]:
    return {each["kind"]: each for each in yaml.safe_load_all((FOLDER / "study.yaml").read_text())}


def test_the_schemas_of_kubernetes_accept_the_manifest():
    kubernetes = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    assert set(manifest()) == {"PersistentVolumeClaim", "Service", "Deployment", "Job"}
    for part in manifest().values():
        kubernetes.validate(part, kubernetes.latest_version(), strict=True)
    wrong = manifest()["Job"]
    wrong["spec"]["paralelism"] = 16
    with pytest.raises(kubernetes.ValidationError):
        kubernetes.validate(wrong, kubernetes.latest_version(), strict=True)


def test_names_in_the_manifest_agree():
    parts = manifest()
    database = parts["Deployment"]["spec"]["template"]
    assert parts["Service"]["spec"]["selector"] == database["metadata"]["labels"]
    claim = database["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
    assert claim == parts["PersistentVolumeClaim"]["metadata"]["name"]
    (worker,) = parts["Job"]["spec"]["template"]["spec"]["containers"]
    environment = {entry["name"]: entry.get("value") for entry in worker["env"]}
    user = {entry["name"]: entry.get("value") for entry in database["spec"]["containers"][0]["env"]}
    host = parts["Service"]["metadata"]["name"]
    address = f"postgresql+psycopg2://{user['POSTGRES_USER']}:$(PASSWORD)@{host}/{user['POSTGRES_DB']}"
    assert environment["STUDY_STORAGE"] == address
    needed = set(re.findall(r'os\.environ\["(\w+)"\]', (FOLDER / "worker.py").read_text()))
    assert needed <= set(environment)
    assert "COPY worker.py /worker.py" in (FOLDER / "Dockerfile").read_text()


def test_the_worker_ends_when_the_study_has_enough_trials(tmp_path, monkeypatch):
    if not hasattr(optuna.storages, "RetryHeartbeatStaleTrialCallback"):
        pytest.skip("the worker is written for Optuna 4.9")
    monkeypatch.setenv("STUDY_STORAGE", f"sqlite:///{tmp_path}/study.db")
    monkeypatch.setenv("STUDY_TRIALS", "3")
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        study = runpy.run_path(str(FOLDER / "worker.py"))["study"]
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 3
    space = CellSpace(6, ["conv", "pool"])
    assert all(space.is_valid(space.params_to_row(trial.params)[None]) for trial in study.trials)
