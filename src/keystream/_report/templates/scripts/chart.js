// Streams over steps: one axis for all rows, which is zoomed, walked with the keyboard, and chosen from.

const COLUMN = 3; // pixels of a column at least: narrower bars can't be told apart
const MANY = 40; // rows that are shown at once; of more, a button shows the rest
const DRAG = 5; // pixels from which a press is a drag

// The rows of all runs, paired by name: a lane for each run that has the row.
function lanesOf(runs) {
  const rows = new Map();
  for (const run of runs) {
    const twice = new Set();
    const seen = new Set();
    for (const { name, kind } of run.rows) seen.has(kind + name) ? twice.add(kind + name) : seen.add(kind + name);
    run.rows.forEach((row, at) => {
      const id = row.kind + row.name + (twice.has(row.kind + row.name) ? row.place : "");
      if (!rows.has(id)) rows.set(id, { ...row, lanes: [] });
      rows.get(id).lanes[run.index] = { run, places: run.places.filter((place) => place.row === at) };
    });
  }
  const order = { stream: 0, seed: 1, line: 2 };
  return [...rows.values()].sort((one, other) => order[one.kind] - order[other.kind]);
}

function countsOf(lane, from, to) {
  let draws = 0;
  let again = 0;
  for (const { counts } of lane?.places ?? []) {
    const [some, repeated] = counts.between(from, to);
    draws += some;
    again += repeated;
  }
  return [draws, again];
}

class Chart {
  constructor(runs, choose) {
    this.runs = runs;
    this.choose = choose;
    this.rows = lanesOf(runs);
    this.first = Math.min(...runs.map(({ first }) => first));
    this.end = Math.max(...runs.map(({ end }) => end));
    this.unit = Math.max(...runs.map(({ unit }) => unit));
    this.view = [this.first, this.end];
    this.cursor = { row: 0, step: this.first, shown: false };
    this.selected = null;
    const parting = page.comparison?.partings[0];
    this.parting = parting ? (parting.a ?? parting.b).step : null; // where two runs differ first
    this.all = this.rows.length <= MANY;
    this.settled = true; // whether the pointer has moved since the page was last scrolled
    this.element = this.build();
    new ResizeObserver(() => this.draw()).observe(this.plot);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  get shownRows() {
    return this.all ? this.rows : this.rows.slice(0, MANY);
  }

  get width() {
    return this.plot.clientWidth;
  }

  // Elements.

  build() {
    this.ticks = make("div", { class: "ticks", "aria-hidden": "true" });
    this.marker = make("div", { class: "brush", hidden: true });
    this.list = make("div", { class: "rows" });
    this.plot = make("div", { class: "plot-size", "aria-hidden": "true" });
    this.range = make("output", { class: "soft", id: "range" });
    this.window = make("i", {});
    this.area = make(
      "div",
      {
        class: "chart",
        id: "chart",
        tabindex: "0",
        role: "application",
        "aria-label": `Draws by stream and step, ${plural(this.rows.length, "row")}, ${stepsSaid(this.first, this.end - 1)}`,
        "aria-describedby": "chart-keys",
      },
      make("div", { class: "axis" }, make("span", { class: "soft axis-name" }, "step"), make("div", { class: "scale" }, this.plot, this.ticks), make("span", { class: "total soft" }, "draws")),
      this.list,
      make("div", { class: "axis" }, make("span"), make("div", { class: "window", "aria-hidden": "true" }, this.window), make("span", { class: "total" })),
      this.marker,
    );
    this.fillRows();
    this.listen();
    return make("div", {}, this.toolbar(), this.area, this.more(), this.legend(), this.keys());
  }

  fillRows() {
    this.list.replaceChildren(...this.shownRows.map((row, at) => this.rowElement(row, at)));
  }

  rowElement(row, at) {
    const lanes = this.runs.map((run) => row.lanes[run.index]);
    const sums = lanes.map((lane) => countsOf(lane, this.first, this.end));
    const canvases = lanes.map((lane, run) => {
      const canvas = make("canvas", { class: "lane", "data-run": run });
      return this.runs.length > 1 ? make("div", { class: "pair" }, make("b", { "aria-hidden": "true" }, this.runs[run].letter), canvas) : canvas;
    });
    const told = sums.map(([draws, again], run) => `${this.runs.length > 1 ? `run ${this.runs[run].letter}: ` : ""}${plural(draws, "draw")}, ${number(again)} repeated`).join("; ");
    const kind = { stream: "stream", seed: "seed", line: "origin not seen" }[row.kind];
    return make(
      "div",
      { class: "row", "data-row": at },
      make("button", { class: "row-name", tabindex: "-1", "aria-label": `${row.name}, ${kind}: ${told}`, onclick: () => this.select(at, ...this.view) },
        make("span", { class: "mono" }, visible(row.name)), make("span", { class: "soft" }, row.kind === "stream" ? "" : `${kind}${row.place ? ` · ${row.place}` : ""}`)),
      make("div", { class: "lanes" }, canvases),
      make("span", { class: "total" }, sums.map(([draws, again]) => make("span", {}, number(draws), again ? make("span", { class: "again-count", title: "from a key drawn from before" }, ` ▼${number(again)}`) : null))),
    );
  }

  toolbar() {
    const button = (id, said, title, act) => make("button", { id, title, "aria-label": title, onclick: act }, said);
    return make("div", { class: "toolbar", role: "group", "aria-label": "Zoom" },
      button("zoom-in", "+", "Zoom in (+)", () => this.zoom(0.5)),
      button("zoom-out", "−", "Zoom out (−)", () => this.zoom(2)),
      button("zoom-all", "All steps", "All steps (0)", () => this.look(this.first, this.end)),
      button("pan-left", "◀", "Earlier steps (Shift + ←)", () => this.pan(-0.5)),
      button("pan-right", "▶", "Later steps (Shift + →)", () => this.pan(0.5)),
      button("next-repeat", "Next repeat", "The next repeated key (n)", () => this.nextRepeat(1)),
      this.range);
  }

  more() {
    if (this.all) return null;
    const button = make("button", { onclick: () => {
      this.all = true;
      this.fillRows();
      this.draw();
      button.remove();
    } }, `Show all ${number(this.rows.length)} rows`);
    return button;
  }

  legend() {
    const unit = this.unit > 1 ? ` Counts are whole for every ${number(this.unit)} steps.` : "";
    return make("p", { class: "legend soft" },
      make("span", { class: "key draw" }), " draws; a taller bar is more of them. ",
      make("span", { class: "key again" }), " ▼ from a key that was drawn from before.", this.parting === null ? null : " ≠ where the runs differ first.", unit,
      " A step is what ", make("code", {}, "keystream.step"), " was told; without it, each line counts its own calls from 0, those of an evaluation too.");
  }

  keys() {
    return make("p", { id: "chart-keys", class: "soft small-print" },
      "Drag or turn the wheel to zoom, click a bar for its draws. Keys: ← → steps, ↑ ↓ rows, + − zoom, 0 all, n p repeats, Enter the draws.");
  }

  // The view.

  look(from, to) {
    const least = Math.min(this.end - this.first, Math.max(4 * this.unit, 4));
    const span = Math.min(this.end - this.first, Math.max(least, to - from));
    const middle = (from + to) / 2;
    const low = Math.min(this.end - span, Math.max(this.first, to - from < least ? middle - span / 2 : from));
    this.view = [low, low + span];
    this.draw();
  }

  zoom(factor, around = null) {
    const [from, to] = this.view;
    const within = this.cursor.step >= from && this.cursor.step < to;
    const center = around ?? (within && this.cursor.shown ? this.cursor.step : (from + to) / 2);
    this.look(center - (center - from) * factor, center + (to - center) * factor);
    say(this.rangeSaid());
  }

  pan(part) {
    const by = (this.view[1] - this.view[0]) * part;
    const held = Math.min(this.end - this.view[1], Math.max(this.first - this.view[0], by));
    this.look(this.view[0] + held, this.view[1] + held);
    say(this.rangeSaid());
  }

  rangeSaid() {
    return stepsSaid(Math.floor(this.view[0]), Math.max(Math.floor(this.view[0]), Math.ceil(this.view[1]) - 1));
  }

  // Columns of the view: how many steps each has, and where the first begins.
  columns() {
    const [from, to] = this.view;
    const least = ((to - from) * COLUMN) / Math.max(this.width, 1);
    let per = this.unit;
    for (let size = 1; per < least; size *= 10) for (const step of [1, 2, 5]) if (per < least) per = Math.max(per, this.unit * step * size);
    const start = this.first + Math.floor((from - this.first) / per) * per;
    return { per, start, count: Math.ceil((to - start) / per) };
  }

  draw() {
    if (!this.width) return;
    const columns = this.columns();
    drawTicks(this);
    for (const element of this.list.children) {
      const at = Number(element.dataset.row);
      element.classList.toggle("current", Boolean(this.cursor.shown) && this.cursor.row === at);
      element.querySelectorAll("canvas").forEach((canvas) => drawLane(this, canvas, at, this.rows[at].lanes[Number(canvas.dataset.run)], columns));
    }
    const whole = this.end - this.first;
    this.window.style.left = `${(100 * (this.view[0] - this.first)) / whole}%`;
    this.window.style.width = `${(100 * (this.view[1] - this.view[0])) / whole}%`;
    const all = this.view[1] - this.view[0] >= whole;
    this.range.textContent = all ? `all steps, ${number(this.first)} to ${number(this.end - 1)}` : `${this.rangeSaid()} of ${number(this.first)} to ${number(this.end - 1)}`;
  }

  x(step) {
    return ((step - this.view[0]) / (this.view[1] - this.view[0])) * this.width;
  }

  stepAt(clientX) {
    const left = this.plot.getBoundingClientRect().left;
    const [from, to] = this.view;
    return from + (Math.min(this.width, Math.max(0, clientX - left)) / this.width) * (to - from);
  }

  columnOf(step) {
    const { per, start } = this.columns();
    const low = start + Math.floor((step - start) / per) * per;
    return [low, Math.min(low + per, this.end)];
  }

  // Choosing.

  select(row, from, to) {
    this.selected = { row, from: Math.floor(from), to: Math.ceil(to) };
    this.cursor.row = row;
    this.draw();
    this.choose(this.selected);
  }

  clear() {
    this.selected = null;
    this.draw();
    this.choose(null);
  }

  // A finding's steps, with some around them, and the row of its place.
  showSteps(finding) {
    const [first, last] = finding.steps;
    const around = Math.max(5, (last - first) * 0.25);
    this.look(first - around, last + 1 + around);
    const place = finding.locations[0];
    const has = (lane) => lane?.places.some(({ path, line }) => path === place?.path && line === place?.line);
    const row = this.rows.findIndex((each) => each.name === finding.stream || each.lanes.some(has));
    if (row >= 0) this.select(row, first, last + 1);
    show(byId("steps"));
    this.area.focus({ preventScroll: true });
  }

  nextRepeat(by) {
    const { row, step } = this.cursor;
    const { per } = this.columns();
    const lanes = this.rows[row].lanes;
    const start = this.cursor.shown ? this.columnOf(step)[by > 0 ? 1 : 0] : this.first;
    for (let at = start; by > 0 ? at < this.end : at > this.first; at += by * per) {
      const [from, to] = by > 0 ? [at, at + per] : [at - per, at];
      if (lanes.some((lane) => countsOf(lane, from, to)[1])) return this.move(row, from);
    }
    const other = row + by;
    if (this.cursor.shown && this.shownRows[other]) {
      this.cursor = { row: other, step: by > 0 ? this.first - per : this.end, shown: true };
      return this.nextRepeat(by);
    }
    say(by > 0 ? "No later repeat" : "No earlier repeat");
  }

  move(row, step) {
    this.cursor = { row: Math.min(this.shownRows.length - 1, Math.max(0, row)), step: Math.min(this.end - 1, Math.max(this.first, step)), shown: true };
    const [from, to] = this.view;
    if (this.cursor.step < from) this.look(this.cursor.step, this.cursor.step + to - from);
    else if (this.cursor.step >= to) this.look(this.cursor.step + 1 - (to - from), this.cursor.step + 1);
    else this.draw();
    const [low, high] = this.columnOf(this.cursor.step);
    say(this.told(this.cursor.row, low, high).join(". "));
    this.list.children[this.cursor.row]?.scrollIntoView({ block: "nearest" });
  }

  // What a bar says: its row and steps, and for each run the draws, by place.
  told(at, from, to) {
    const row = this.rows[at];
    const lines = [`${row.name}, ${stepsSaid(Math.floor(from), Math.max(Math.floor(from), Math.ceil(to) - 1))}`];
    for (const run of this.runs) {
      const lane = row.lanes[run.index];
      const [draws, again] = countsOf(lane, from, to);
      const name = this.runs.length > 1 ? `${run.letter}: ` : "";
      lines.push(`${name}${plural(draws, "draw")}${again ? `, ${number(again)} from a key drawn from before` : ""}`);
      const places = (lane?.places ?? []).map((place) => [place, place.counts.between(from, to)]).filter(([, [some]]) => some);
      for (const [place, [some]] of places.slice(0, 4)) lines.push(`${number(some)} × ${place.distribution || "draw"} ${shapeSaid(place)} ${placeSaid(place)}`);
      if (places.length > 4) lines.push(`and ${plural(places.length - 4, "more place")}`);
    }
    return lines;
  }

  // Pointer and keyboard.

  listen() {
    this.area.addEventListener("keydown", (event) => this.pressed(event));
    this.area.addEventListener("wheel", (event) => this.wheeled(event), { passive: false });
    this.list.addEventListener("pointerdown", (event) => this.grab(event));
    this.list.addEventListener("pointermove", (event) => this.hover(event));
    this.list.addEventListener("pointerleave", hideTooltip);
    this.list.addEventListener("dblclick", () => this.look(this.first, this.end));
    this.area.addEventListener("blur", hideTooltip);
    addEventListener("scroll", () => { this.settled = false; }, { passive: true });
  }

  pressed(event) {
    if (event.target !== this.area || event.ctrlKey || event.metaKey || event.altKey) return;
    const { row, step } = this.cursor;
    const { per } = this.columns();
    const acts = {
      ArrowLeft: () => (event.shiftKey ? this.pan(-0.5) : this.move(row, this.columnOf(step)[0] - (this.cursor.shown ? per : 0))),
      ArrowRight: () => (event.shiftKey ? this.pan(0.5) : this.move(row, this.columnOf(step)[0] + (this.cursor.shown ? per : 0))),
      ArrowUp: () => this.move(row - 1, step),
      ArrowDown: () => this.move(row + (this.cursor.shown ? 1 : 0), step),
      Home: () => this.move(row, this.first),
      End: () => this.move(row, this.end - 1),
      PageUp: () => this.pan(-1),
      PageDown: () => this.pan(1),
      "+": () => this.zoom(0.5),
      "=": () => this.zoom(0.5),
      "-": () => this.zoom(2),
      "_": () => this.zoom(2),
      0: () => this.look(this.first, this.end),
      n: () => this.nextRepeat(1),
      p: () => this.nextRepeat(-1),
      Enter: () => this.select(row, ...this.columnOf(step)),
      " ": () => this.select(row, ...this.columnOf(step)),
      Escape: () => this.clear(),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  // The wheel zooms only where the pointer has come to the chart by itself: a page that is scrolled
  // under a resting pointer goes on scrolling, and so does one that is zoomed out already.
  wheeled(event) {
    if (!event.target.closest(".lanes, .scale, .window") || (!this.settled && !event.ctrlKey)) return;
    const whole = this.view[1] - this.view[0] >= this.end - this.first;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      if (whole) return;
      event.preventDefault();
      this.pan(event.deltaX / 1000);
      return;
    }
    if (whole && event.deltaY > 0) return;
    event.preventDefault();
    this.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 400))), this.stepAt(event.clientX));
  }

  grab(event) {
    const row = event.target.closest(".row");
    if (!row || !event.target.closest(".lanes") || event.button !== 0) return;
    const start = event.clientX;
    const from = this.stepAt(start);
    this.list.setPointerCapture(event.pointerId);
    const moved = (move) => this.brush(start, move.clientX);
    const done = (up) => {
      this.list.removeEventListener("pointermove", moved);
      this.marker.hidden = true;
      if (up.type === "pointercancel") return;
      const to = this.stepAt(up.clientX);
      if (Math.abs(up.clientX - start) < DRAG) {
        this.cursor = { row: Number(row.dataset.row), step: Math.floor(from), shown: true };
        this.select(Number(row.dataset.row), ...this.columnOf(from));
      } else {
        this.look(Math.floor(Math.min(from, to)), Math.ceil(Math.max(from, to)));
        say(this.rangeSaid());
      }
    };
    this.list.addEventListener("pointermove", moved);
    this.list.addEventListener("pointerup", done, { once: true });
    this.list.addEventListener("pointercancel", done, { once: true });
  }

  brush(start, now) {
    const box = this.area.getBoundingClientRect();
    this.marker.hidden = Math.abs(now - start) < DRAG;
    this.marker.style.left = `${Math.min(start, now) - box.left}px`;
    this.marker.style.width = `${Math.abs(now - start)}px`;
  }

  hover(event) {
    this.settled = true;
    const row = event.target.closest(".row");
    if (!row || !event.target.closest(".lanes") || event.buttons) return hideTooltip();
    const column = this.columnOf(this.stepAt(event.clientX));
    showTooltip(this.told(Number(row.dataset.row), ...column), event.clientX, event.clientY);
  }
}

function showTooltip(lines, x, y) {
  const tip = byId("tooltip");
  tip.replaceChildren(...lines.map((line, at) => make(at ? "div" : "b", {}, visible(line))));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - width - 8))}px`;
  tip.style.top = `${y + 18 + height > innerHeight ? y - height - 12 : y + 18}px`;
}

function hideTooltip() {
  byId("tooltip").hidden = true;
}
