"use strict";
// Charts, the sortable table, and what links them: a point is a row of the table.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const tip = document.getElementById("tip");
  const short = (value) => (value === null ? "failed" : String(Number(value.toPrecision(6))));

  function make(parent, name, attributes = {}, text = "") {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    parent.append(element);
    return element;
  }

  // ------------------------------------------------------------------------------ rows and points
  const row = (evaluation) => document.getElementById(`evaluation-${evaluation}`);

  function choose(evaluation, scroll) {
    document.querySelectorAll(".chosen").forEach((element) => element.classList.remove("chosen"));
    document.querySelectorAll(`[data-evaluation="${evaluation}"]`).forEach((element) => element.classList.add("chosen"));
    const line = row(evaluation);
    if (!line) return;
    line.hidden = false;
    line.classList.add("chosen");
    if (!scroll) return;
    const box = line.closest(".scroll"); // scrolls the table, not the page
    box.scrollTop = line.offsetTop - box.clientHeight / 2;
  }

  function show(event, text) {
    tip.textContent = text;
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8))}px`;
    tip.style.top = `${Math.max(4, event.clientY - height - 12)}px`;
  }

  // ---------------------------------------------------------------------------------------- scales
  function ticks([low, high], count) {
    const rough = (high - low) / Math.max(count, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const found = [];
    for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * step; k++) found.push(Number((k * step).toPrecision(12)));
    return found;
  }

  function padded(values, share = 0.04) {
    const finite = values.filter((value) => value !== null && Number.isFinite(value));
    if (!finite.length) return [0, 1];
    const low = finite.reduce((a, b) => Math.min(a, b));
    const high = finite.reduce((a, b) => Math.max(a, b));
    const margin = (high - low) * share || Math.abs(high) * 0.05 || 1;
    return [low - margin, high + margin];
  }

  // ----------------------------------------------------------------------------------------- chart
  // A series has a kind (points, steps, band, level), a colour, and x and y; points have evaluations.
  function chart(place, xName, yName, series, view, whole) {
    const shown = new Set(series.map((one) => one.name));
    let current = { ...view };
    const tools = document.createElement("div");
    tools.className = "tools";
    for (const one of series) {
      const button = document.createElement("button");
      const mark = document.createElement("i");
      mark.style.background = one.colour;
      button.append(mark, one.name);
      button.type = "button";
      button.setAttribute("aria-pressed", "true");
      button.addEventListener("click", () => {
        shown.has(one.name) ? shown.delete(one.name) : shown.add(one.name);
        button.setAttribute("aria-pressed", String(shown.has(one.name)));
        draw();
      });
      tools.append(button);
    }
    const reset = document.createElement("button");
    reset.type = "button";
    reset.textContent = "everything";
    reset.title = "show all values";
    reset.addEventListener("click", () => { current = { ...whole }; draw(); });
    const note = document.createElement("span");
    note.className = "note";
    note.textContent = "drag to zoom, double-click to go back";
    tools.append(reset, note);
    const box = document.createElement("div");
    box.className = "chart";
    place.replaceChildren(tools, box);

    function draw() {
      const width = Math.max(box.clientWidth, 260);
      const height = Math.round(Math.min(Math.max(width * 0.42, 260), 430));
      const edge = { left: 70, right: 14, top: 10, bottom: 44 };
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      svg.setAttribute("height", height);
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", `${yName} over ${xName}`);
      const [left, right, bottom, top] = [edge.left, width - edge.right, height - edge.bottom, edge.top];
      const x = (value) => left + ((value - current.x[0]) / (current.x[1] - current.x[0])) * (right - left);
      const y = (value) => bottom - ((value - current.y[0]) / (current.y[1] - current.y[0])) * (bottom - top);
      for (const value of ticks(current.x, width / 90)) {
        make(svg, "line", { x1: x(value), x2: x(value), y1: top, y2: bottom, class: "grid" });
        make(svg, "text", { x: x(value), y: bottom + 17, "text-anchor": "middle" }, short(value));
      }
      for (const value of ticks(current.y, height / 55)) {
        make(svg, "line", { x1: left, x2: right, y1: y(value), y2: y(value), class: "grid" });
        make(svg, "text", { x: left - 7, y: y(value) + 4, "text-anchor": "end" }, short(value));
      }
      make(svg, "path", { d: `M${left},${top}V${bottom}H${right}`, fill: "none", class: "axis" });
      make(svg, "text", { x: (left + right) / 2, y: height - 6, "text-anchor": "middle" }, xName);
      make(svg, "text", { transform: `translate(14 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, yName);
      const clip = `clip-${place.id}`;
      make(make(svg, "clipPath", { id: clip }), "rect", { x: left, y: top - 4, width: right - left, height: bottom - top + 8 });
      const area = make(svg, "g", { "clip-path": `url(#${clip})` });
      for (const one of series) if (shown.has(one.name)) drawSeries(area, one, x, y, bottom);
      area.addEventListener("pointermove", (event) => {
        const point = event.target.closest(".point");
        point ? show(event, point.dataset.text) : (tip.hidden = true);
      });
      area.addEventListener("click", (event) => {
        const point = event.target.closest(".point");
        if (point) choose(point.dataset.evaluation, true);
      });
      svg.addEventListener("pointerleave", () => { tip.hidden = true; });
      svg.addEventListener("dblclick", () => { current = { ...view }; draw(); });
      zoomable(svg, { left, right, top, bottom });
      box.replaceChildren(svg);
    }

    function zoomable(svg, area) {
      let start = null;
      let frame = null;
      const at = (event) => {
        const bounds = svg.getBoundingClientRect();
        const scale = svg.viewBox.baseVal.width / bounds.width;
        const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
        return [
          clamp((event.clientX - bounds.left) * scale, area.left, area.right),
          clamp((event.clientY - bounds.top) * scale, area.top, area.bottom),
        ];
      };
      svg.addEventListener("pointerdown", (event) => {
        if (event.pointerType === "mouse" && event.button === 0 && !event.target.closest(".point")) start = at(event);
      });
      svg.addEventListener("pointermove", (event) => {
        if (!start) return;
        const end = at(event);
        frame ??= make(svg, "rect", { class: "zoom" });
        frame.setAttribute("x", Math.min(start[0], end[0]));
        frame.setAttribute("y", Math.min(start[1], end[1]));
        frame.setAttribute("width", Math.abs(start[0] - end[0]));
        frame.setAttribute("height", Math.abs(start[1] - end[1]));
      });
      svg.addEventListener("pointerup", (event) => {
        const [begin, end] = [start, at(event)];
        start = null;
        if (!begin) return;
        if (Math.abs(begin[0] - end[0]) < 8 || Math.abs(begin[1] - end[1]) < 8) {
          frame?.remove();
          frame = null;
          return;
        }
        const part = (a, b, low, high, [from, to]) => {
          const value = (pixel) => from + ((pixel - low) / (high - low)) * (to - from);
          return [value(a), value(b)].sort((p, q) => p - q);
        };
        current = {
          x: part(begin[0], end[0], area.left, area.right, current.x),
          y: part(begin[1], end[1], area.bottom, area.top, current.y),
        };
        draw();
      });
    }

    function drawSeries(parent, one, x, y, bottom) {
      const line = { fill: "none", stroke: one.colour, "stroke-width": 2 };
      if (one.dash) line["stroke-dasharray"] = one.dash;
      if (one.kind === "level") make(parent, "path", { ...line, "stroke-width": 1.3, d: `M${x(current.x[0])},${y(one.y)}H${x(current.x[1])}` });
      if (one.kind === "steps") make(parent, "path", { ...line, d: steps(one.x, one.y, x, y) });
      if (one.kind === "band") {
        make(parent, "path", { fill: one.colour, opacity: 0.15, d: `${steps(one.x, one.high, x, y)}${back(one.x, one.low, x, y)}Z` });
        make(parent, "path", { ...line, "stroke-width": 1.5, d: steps(one.x, one.y, x, y) });
      }
      if (one.kind !== "points") return;
      one.x.forEach((value, k) => {
        if (one.y[k] === null || value === null) return;
        const details = { fill: one.colour, class: "point", "fill-opacity": one.opacity ?? 0.75, "data-evaluation": one.evaluations[k], "data-text": one.texts[k] };
        const below = one.y[k] < current.y[0];
        const [px, py] = [x(value), below ? bottom - 3 : y(one.y[k])];
        if (below) make(parent, "path", { ...details, d: `M${px - 4},${py - 5}h8l-4,7Z` });
        else make(parent, "circle", { ...details, cx: px, cy: py, r: one.size ?? 4 });
      });
    }

    function steps(xs, ys, x, y) {
      let path = "";
      xs.forEach((value, k) => {
        if (ys[k] === null) return;
        path += path ? `H${x(value)}V${y(ys[k])}` : `M${x(value)},${y(ys[k])}`;
      });
      return path;
    }

    function back(xs, ys, x, y) {
      const last = xs.length - 1;
      let path = `L${x(xs[last])},${y(ys[last])}`;
      for (let k = last - 1; k >= 0; k--) path += `V${y(ys[k])}H${x(xs[k])}`;
      return path;
    }

    draw();
    let drawn = box.clientWidth;
    new ResizeObserver(() => {
      if (box.clientWidth === drawn) return;
      drawn = box.clientWidth;
      draw();
    }).observe(box);
  }

  // ------------------------------------------------------------------------------- the two pictures
  const runs = data.evaluations;
  const columns = (name) => runs.map((one) => one[name]);
  const describe = (one) =>
    [`evaluation ${one.evaluation}`, ...Object.entries(one.values).map(([name, value]) => `${name} ${short(value)}`), one.architecture].join("\n");

  const curve = document.getElementById("convergence");
  if (curve) {
    const series = [];
    if (data.random) series.push({ name: "random search, all seeds", kind: "band", colour: "#888888", ...data.random });
    if (data.control) series.push({ name: "control", kind: "steps", colour: "#d55e00", dash: "6 4", ...data.control });
    if (data.oracle !== null) series.push({ name: "best that exists", kind: "level", colour: "#444444", dash: "3 4", y: data.oracle });
    series.push({ name: "each evaluation", kind: "points", colour: "#56b4e9", x: columns("evaluation"), y: runs.map((one) => one.values[data.axes[0].name]), evaluations: columns("evaluation"), texts: runs.map(describe) });
    series.push({ name: "best so far", kind: "steps", colour: "#0072b2", x: columns("evaluation"), y: data.best });
    const scores = runs.map((one) => one.values[data.axes[0].name]).filter((value) => value !== null).sort((a, b) => a - b);
    const x = padded([1, ...columns("evaluation"), ...(data.control ? data.control.x : [])], 0.02);
    const high = [...scores, ...(data.oracle === null ? [] : [data.oracle]), ...(data.control ? data.control.y : [])];
    const part = scores.slice(Math.floor(scores.length / 4)); // the lowest quarter may lie below
    chart(curve, "evaluated architectures", data.axes[0].label, series, { x, y: padded([...part, Math.max(...high)]) }, { x, y: padded(high) });
  }

  const front = document.getElementById("front");
  if (front) {
    const [across, up] = ["across", "up"].map((id) => document.getElementById(id));
    const drawFront = () => {
      const [a, b] = [across.value, up.value];
      const axis = (name) => data.axes.find((one) => one.name === name);
      const series = [["dominated", false, "#b0b8c2"], ["on the front", true, "#d55e00"]].map(([name, on, colour]) => {
        const some = runs.filter((one) => one.front === on);
        return { name, kind: "points", colour, size: on ? 5.5 : 4, opacity: 0.9, x: some.map((one) => one.values[a]), y: some.map((one) => one.values[b]), evaluations: some.map((one) => one.evaluation), texts: some.map(describe) };
      });
      const view = { x: padded(columns("values").map((one) => one[a])), y: padded(columns("values").map((one) => one[b])) };
      chart(front, axis(a).label, axis(b).label, series, view, view);
    };
    across.addEventListener("change", drawFront);
    up.addEventListener("change", drawFront);
    drawFront();
  }

  // ------------------------------------------------------------------------------------- the table
  const table = document.getElementById("evaluations");
  const body = table.tBodies[0];
  const keyed = (line, column, numeric) => {
    const value = line.cells[column].dataset.value ?? line.cells[column].textContent;
    if (!numeric) return value;
    return value === "" ? null : Number(value);
  };
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const numeric = head.dataset.kind === "number";
      const lines = [...body.rows].map((line) => [keyed(line, column, numeric), line]);
      lines.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null); // what is missing stays last
        const order = numeric ? a - b : a.localeCompare(b);
        return ascending ? order : -order;
      });
      body.append(...lines.map(([, line]) => line));
    });
  });
  body.addEventListener("click", (event) => {
    const line = event.target.closest("tr");
    if (line) choose(line.id.replace("evaluation-", ""), false);
  });
  document.querySelectorAll("figure[data-evaluation]").forEach((figure) => {
    figure.addEventListener("click", () => choose(figure.dataset.evaluation, true));
  });
  const filter = document.getElementById("filter");
  const count = document.getElementById("count");
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const line of body.rows) {
      const text = line.textContent.toLowerCase();
      line.hidden = !words.every((word) => text.includes(word));
      n += line.hidden ? 0 : 1;
    }
    count.textContent = `${n} of ${body.rows.length}`;
  });
})();
