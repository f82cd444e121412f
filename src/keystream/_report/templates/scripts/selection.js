// What was chosen on the chart: the places that drew there, single draws, and the way of their keys.

const LISTED = 200; // single draws in a list
const DRAWN = 6; // of them whose ways are drawn at first

function stepsSection() {
  if (!page.runs.some((run) => run.places.length)) return null;
  const panel = make("div", { id: "chosen", "aria-live": "off" });
  page.chart = new Chart(page.runs, (selected) => panel.replaceChildren(...(selected ? [chosen(selected)] : [])));
  return make("section", { id: "steps", "aria-labelledby": "steps-title", tabindex: "-1" },
    make("h2", { id: "steps-title" }, "Streams and steps"),
    page.chart.element, panel, rowsAsTable());
}

function chosen({ row: at, from, to }) {
  const row = page.chart.rows[at];
  const lanes = row.lanes.filter(Boolean);
  const sums = lanes.map((lane) => countsOf(lane, from, to));
  const total = sums.reduce((sum, [draws]) => sum + draws, 0);
  const again = sums.reduce((sum, [, repeated]) => sum + repeated, 0);
  say(`${row.name}: ${plural(total, "draw")} in ${stepsSaid(from, to - 1)}, listed below the chart`);
  return make("div", { class: "chosen" },
    make("div", { class: "bar" },
      make("h3", { id: "chosen-title" }, make("span", { class: "mono" }, visible(row.name)), ` · ${stepsSaid(from, to - 1)} · ${plural(total, "draw")}`, again ? make("span", { class: "again-count" }, ` ▼ ${number(again)} repeated`) : null),
      make("button", { id: "zoom-chosen", onclick: () => page.chart.look(from, to) }, "Zoom to it"),
      make("button", { class: "close", onclick: () => page.chart.clear() }, "Clear")),
    make("div", { class: lanes.length > 1 ? "sides" : "" }, lanes.map((lane) => chosenOf(lane, from, to))));
}

function chosenOf(lane, from, to) {
  const places = lane.places.map((place) => [place, ...place.counts.between(from, to)]).filter(([, draws]) => draws);
  const singles = lane.run.singles.filter(({ place, step }) => step >= from && step < to && lane.places.includes(place));
  const tree = make("div", {});
  const showWays = (chosenOnes) => tree.replaceChildren(drawTree(chosenOnes.map(wayOf), "The way of the keys from their seeds"));
  const first = [...singles].sort((one, other) => (other.again === 1) - (one.again === 1)).slice(0, DRAWN);
  if (first.length) showWays(withEqualKeys(first, singles));
  return make("div", { class: "side" },
    page.runs.length > 1 && make("h4", {}, `${lane.run.letter} · ${lane.run.name}`),
    placesTable(places),
    first.length > 0 && make("h4", {}, "The way of the keys"), tree,
    singles.length > 0 && singlesList(singles, showWays, total(places)));
}

const total = (places) => places.reduce((sum, [, draws]) => sum + draws, 0);

// Draws with the others from the same keys, so that a repeat is seen with what it repeats.
function withEqualKeys(few, singles) {
  const keys = new Set(few.filter(({ again }) => again).map(({ key }) => key));
  const more = few[0].run.singles.filter((single) => keys.has(single.key) && !few.includes(single));
  return [...few, ...more.slice(0, DRAWN)].sort((one, other) => one.step - other.step || one.again - other.again);
}

function placesTable(places) {
  return table("Places that drew here", ["Place", "Distribution", "Shape", "Draws", "Repeated"],
    places.map(([place, draws, again]) => [
      [sourceButton(place, "mono"), " ", place.path ? editorLink(place) : null, place.module_path ? make("div", { class: "soft mono" }, breakable(place.module_path)) : null],
      place.distribution || "draw", make("code", {}, shapeSaid(place) || "–"), draws, again]));
}

function singlesList(singles, showWays, draws) {
  const listed = singles.slice(0, LISTED);
  const kept = listed.length < draws ? `${number(listed.length)} of ${number(draws)}; a record has all` : number(draws);
  const rows = listed.map((single) => {
    const { keys } = single.run;
    const mark = ["", "▼ repeated", "repeated, meant"][single.again];
    const button = make("button", { class: "single plain", onclick: () => {
      showWays(withEqualKeys([single], singles));
      say("Its way is drawn above");
    } },
      make("span", {}, `step ${number(single.step)}`), " ", make("span", {}, single.place.distribution || "draw"), " ",
      make("code", {}, shapeSaid(single.place)), " ", make("code", { class: "soft" }, `0x${keys.key[single.key]}`), " ",
      mark && make("span", { class: single.again === 1 ? "again-count" : "soft" }, mark));
    return make("li", {}, button);
  });
  return make("details", { class: "inner singles", open: singles.length <= 12 },
    make("summary", {}, `Single draws (${kept})`), make("ol", {}, rows));
}

// A table with a caption for screen readers; numbers stand right. In a narrow window each cell is a line below the
// other, under the name of its column: so the parts of a table say by themselves what they are.
function table(caption, heads, rows) {
  const cell = (value, at) => tableCell(heads[at], typeof value === "number" ? "number" : "", typeof value === "number" ? number(value) : value);
  const isNumber = (at) => rows.some((row) => typeof row[at] === "number");
  return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption },
    make("table", { role: "table" }, make("caption", { class: "unseen" }, caption),
      make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, heads.map((head, at) => make("th", { scope: "col", role: "columnheader", class: isNumber(at) && "number" }, head)))),
      make("tbody", { role: "rowgroup" }, rows.map((row) => make("tr", { role: "row" }, row.map(cell))))));
}

function tableCell(head, kind, ...content) {
  return make("td", { role: "cell", class: kind || null, "data-head": head }, make("span", {}, content));
}

// What the chart shows, for those who do not see it.
function rowsAsTable() {
  const body = make("div", {});
  const details = make("details", { class: "inner", id: "as-table" }, make("summary", {}, "The same as a table"), body);
  details.addEventListener("toggle", () => {
    if (!details.open || body.childElementCount) return;
    const { rows, first, end } = page.chart;
    body.append(table("Draws by stream", ["Stream", "Kind", ...(page.runs.length > 1 ? ["Run"] : []), "Draws", "Repeated", "Steps with repeats"],
      rows.flatMap((row) => row.lanes.filter(Boolean).map((lane) => [
        make("code", {}, visible(row.name)), row.kind, ...(page.runs.length > 1 ? [lane.run.letter] : []),
        ...countsOf(lane, first, end), repeatsSaid(lane, first, end)]))));
  });
  return details;
}

// The spans of steps in which a lane repeats keys, as far as a line holds them.
function repeatsSaid(lane, first, end) {
  const spans = [];
  const { unit } = lane.run;
  for (let step = first; step < end && spans.length < 8; step += unit) {
    if (!countsOf(lane, step, step + unit)[1]) continue;
    const last = spans.at(-1);
    if (last?.[1] === step) last[1] = step + unit;
    else spans.push([step, step + unit]);
  }
  const said = spans.slice(0, 7).map(([from, to]) => (to - from === 1 ? number(from) : `${number(from)} to ${number(Math.min(to, end) - 1)}`));
  return spans.length ? said.join(", ") + (spans.length > 7 ? ", …" : "") : "none";
}
