"""The page of a search says what the search says, needs nothing else, and opens in a browser."""

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from skpbnas import CellSpace, PredictorBasedSearch, UniformCandidateSampler
from skpbnas.datasets import load_digits_cells
from skpbnas.metrics import random_search_quantiles
from skpbnas.report import write_report
from skpbnas.search import OneByOne, read_results
from skpbnas.spaces import ChainSpace

sys.path.append(str(Path(__file__).parent))

from browser import ask  # noqa: E402

HOSTILE = ['</script><script>document.title="broken"</script>', "<img src=x onerror=alert(1)>", "a & b"]
CLICK = 'const click = (e) => e.dispatchEvent(new MouseEvent("click", { bubbles: true }));'


def n_convolutions(cell):
    return float(cell.operations.count("conv") - 0.1 * cell.adjacency.sum())


@pytest.fixture(scope="module")
def table():
    return load_digits_cells()


@pytest.fixture(scope="module")
def search(table):
    pool = UniformCandidateSampler(n_candidates=50)
    search = PredictorBasedSearch(table.space, "random", pool, random_state=0)
    return search.run(table.objective("validation_accuracy"), 30)


@pytest.fixture(scope="module")
def page(search, table, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    scores = table.columns["validation_accuracy"]
    return write_report(search, path, score_name="validation accuracy", all_scores=scores, n_evaluations=40)


@pytest.fixture(scope="module")
def front():
    """A search for a score and a cost."""
    space = CellSpace(5, ["conv", "pool"])
    costs = {"edges": OneByOne(lambda cell: cell.adjacency.sum())}
    return PredictorBasedSearch(space, random_state=0, costs=costs).run(n_convolutions, 16)


class Parts(HTMLParser):
    """The tags that are open at the end, and all attributes that load something."""

    def __init__(self, text):
        super().__init__()
        self.open, self.loaded, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.loaded += [value for name, value in attributes if name in ("src", "href", "srcset", "data")]
        if tag not in ("meta", "input", "br", "path", "polygon", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("path", "polygon", "rect"):
            assert self.open.pop() == tag


def data_of(path):
    text = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def test_a_page_is_well_formed_and_loads_nothing(page):
    text = page.read_text(encoding="utf-8")
    parts = Parts(text)
    assert parts.open == [] and parts.loaded == []
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {
        "http://www.w3.org/2000/svg"
    }  # a name, not a place
    assert "default-src 'none'" in text


def test_a_page_has_every_evaluation_and_the_numbers_of_the_search(page, search, table):
    text, data, history = page.read_text(encoding="utf-8"), data_of(page), search.history_
    assert text.count('<tr id="evaluation-') == len(history) == 30
    assert [one["values"]["score"] for one in data["evaluations"]] == history["score"].tolist()
    assert data["best"] == history["best_score"].tolist()
    assert data["oracle"] == table.oracle("validation_accuracy")[1]
    assert f"{search.best_score_:.6g}" in text and "30 of 40 evaluations, not finished" in text
    assert "No architecture was evaluated twice" in text


def test_trainings_saved_are_those_of_the_median_random_search(page, search, table):
    scores, history = table.columns["validation_accuracy"], search.history_
    needed = int(
        re.search(r"Half of all random searches need ([\d,]+)", page.read_text())[1].replace(",", "")
    )
    (median,) = random_search_quantiles(scores, needed, [0.5])
    assert median[-1] >= search.best_score_ > median[-2]
    at = history["evaluation"][history["score"].argmax()]
    assert f"found {search.best_score_:.6g} after {at} trainings" in page.read_text()


def test_without_a_table_what_random_search_finds_is_said_to_be_unknown(front, search, table, tmp_path):
    text = write_report(search, tmp_path / "alone.html").read_text()
    assert "Not known: nothing here tells" in text and "trainings saved" not in text
    control = PredictorBasedSearch(table.space, "random", random_state=1)
    control.run(table.objective("validation_accuracy"), 20)
    text = write_report(search, tmp_path / "controlled.html", control=control).read_text()
    both = min(search.best_score_, control.best_score_)
    needed = [int((one.history_["score"] >= both).argmax()) + 1 for one in (search, control)]
    assert f"For {both:.6g}, the best that both have reached, the search needed {needed[0]} trainings" in text
    assert f"the control {needed[1]}" in text
    with pytest.raises(ValueError, match="leave it out"):
        write_report(front, tmp_path / "front.html", control=control)
    with pytest.raises(ValueError, match="nothing has been evaluated"):
        begun = PredictorBasedSearch(table.space)
        begun.ask()
        write_report(begun, tmp_path / "empty.html")


def test_repeats_give_an_interval(table, tmp_path):
    rng = np.random.default_rng(0)
    search = PredictorBasedSearch(CellSpace(5, ["conv", "pool"]), "random", random_state=0)
    search.run(lambda cell: n_convolutions(cell) + rng.normal(scale=0.3), 30, n_finalists=4, n_repeats=10)
    found = search.recommendation_
    text = write_report(search, tmp_path / "noisy.html").read_text()
    assert f"between {found.interval[0]:.6g} and {found.interval[1]:.6g}" in text


def test_names_of_users_cannot_break_out_of_the_page(tmp_path):
    space = ChainSpace([HOSTILE, [1, 3, 5]])
    search = PredictorBasedSearch(space, "random", random_state=0).run(lambda chain: float(chain[1]), 6)
    page = write_report(search, tmp_path / "hostile.html", score_name="<b>score", title=HOSTILE[0])
    parts = Parts(page.read_text(encoding="utf-8"))
    assert parts.open == [] and parts.tags.count("script") == 2 and "img" not in parts.tags
    title = ask(page, "return document.title", tmp_path)
    assert title == HOSTILE[0]  # as text


@pytest.mark.parametrize("costs", [None, {"columns": lambda rows: rows.sum(axis=1)}])
def test_a_page_of_a_search_that_failed_throughout(tmp_path, costs):
    search = PredictorBasedSearch(CellSpace(4, ["conv", "pool"]), random_state=0, n_initial=4, costs=costs)
    with pytest.warns(UserWarning, match="failed"):
        search.run(lambda cell: float("nan"), 4, checkpoint=tmp_path / "search.db")
    page = write_report(read_results(tmp_path / "search.db", search.space), tmp_path / "failed.html")
    assert "4 failed" in page.read_text()
    assert ask(page, 'return document.querySelectorAll(".point").length', tmp_path) == 0


@pytest.mark.slow
@pytest.mark.parametrize("width", [1200, 400])
def test_the_page_opens_in_a_browser_and_answers(page, search, tmp_path, width):
    script = (
        CLICK
        + """
      const points = document.querySelectorAll("#convergence .point");
      const heads = [...document.querySelectorAll("#evaluations th button")];
      const column = (name) => heads.findIndex((head) => head.textContent === name);
      const values = (name) => [...document.querySelectorAll("#evaluations tbody tr")].map(
        (line) => Number(line.cells[column(name)].dataset.value));
      click(heads[column("evaluation")]);
      const sorted = values("evaluation");
      click(heads[column("validation accuracy")]);
      click(heads[column("validation accuracy")]);
      const descending = values("validation accuracy");
      const text = points[4].dataset.text;
      click(points[4]);
      const chosen = document.querySelector("tr.chosen").id;
      const [curve] = [...document.querySelectorAll("#convergence button")].filter(
        (button) => button.textContent === "each evaluation");
      click(curve);
      const hidden = document.querySelectorAll("#convergence .point").length;
      const filter = document.getElementById("filter");
      filter.value = "no such architecture";
      filter.dispatchEvent(new Event("input"));
      return {
        n: points.length, sorted, descending, text, chosen, hidden,
        count: document.getElementById("count").textContent,
        overflow: document.documentElement.scrollWidth - innerWidth,
      };"""
    )
    found = ask(page, script, tmp_path, width)
    history = search.history_
    assert found["n"] == 30 and found["hidden"] == 0 and found["count"] == "0 of 30"
    assert found["sorted"] == list(range(1, 31))
    assert found["descending"] == sorted(history["score"], reverse=True)
    assert found["text"].startswith("evaluation 5\nscore ") and found["chosen"] == "evaluation-5"
    assert found["overflow"] <= 0  # nothing is wider than the window


def test_the_front_is_drawn_on_the_axes_that_are_chosen(front, tmp_path):
    page = write_report(front, tmp_path / "front.html")
    script = """
      const texts = () => [...document.querySelectorAll("#front svg > text")].map((text) => text.textContent);
      const before = texts();
      const across = document.getElementById("across");
      across.value = "score";
      across.dispatchEvent(new Event("change"));
      const points = [...document.querySelectorAll("#front .point")];
      const colours = points.map((point) => point.getAttribute("fill"));
      return { before, after: texts(), colours, front: document.querySelectorAll("tr.front").length };"""
    found = ask(page, script, tmp_path)
    assert "edges" in found["before"] and "edges" not in found["after"]
    on_front = int(front.history_["on_front"].sum())
    assert found["colours"].count("#d55e00") == found["front"] == on_front
    assert len(found["colours"]) == 16
