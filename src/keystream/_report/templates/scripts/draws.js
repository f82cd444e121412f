// Every place that drew, in a table that is filtered and sorted.

function drawsSection() {
  const rows = page.runs.flatMap((run) => (run.keys.key.length ? run.places.map((place) => drawsRow(run, place)) : run.document.draws.map((row) => drawsRowOf(run, row))));
  if (!rows.length) return null;
  const heads = [...HEADS];
  if (page.runs.length > 1) heads.unshift("Run");
  const body = make("tbody", { role: "rowgroup" });
  let sorted = { column: -1, down: false };
  let words = [];
  const count = make("span", { class: "soft" });
  const fillBody = () => {
    const shown = rows.filter((row) => words.every((word) => row.text.includes(word)));
    if (sorted.column >= 0) shown.sort((one, other) => compared(one.values[sorted.column], other.values[sorted.column]) * (sorted.down ? -1 : 1));
    body.replaceChildren(...shown.map((row) => row.element));
    count.textContent = shown.length === rows.length ? number(rows.length) : `${number(shown.length)} of ${number(rows.length)}`;
  };
  const headers = heads.map((head, at) => {
    const header = make("th", { scope: "col", role: "columnheader", "aria-sort": "none", class: at >= heads.length - 2 && "number" }, make("button", { class: "plain sort", onclick: () => {
      sorted = { column: at, down: sorted.column === at ? !sorted.down : at >= heads.length - 2 };
      headers.forEach((each) => each.setAttribute("aria-sort", "none"));
      header.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      fillBody();
    } }, head));
    return header;
  });
  fillBody();
  return make("section", { id: "draws", "aria-labelledby": "draws-title", tabindex: "-1" },
    make("h2", { id: "draws-title" }, "Places that draw ", count),
    make("input", { type: "search", id: "filter-draws", placeholder: "Module, file, stream or distribution", "aria-label": "Filter the places", oninput: (event) => {
      words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
      fillBody();
      say(`${plural(body.childElementCount, "place")} shown`);
    } }),
    make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Places that draw" },
      make("table", { role: "table", class: "draws" }, make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, headers)), body)));
}

const HEADS = ["Stream", "Module", "Place", "Distribution", "Shape", "Draws", "Repeated"];
const compared = (one, other) => (typeof one === "number" ? one - other : String(one).localeCompare(String(other)));

function drawsRow(run, place) {
  const row = run.rows[place.row];
  const values = [row.name, place.module_path, placeSaid(place), place.distribution, shapeSaid(place), place.draws, place.again];
  const stream = make("button", { class: "plain mono", title: "Show its row", onclick: () => {
    const at = page.chart.rows.findIndex((each) => each.lanes[run.index]?.places.includes(place));
    page.chart.select(at, page.chart.first, page.chart.end);
    show(byId("steps"));
  } }, visible(row.name));
  return rowOf(run, values, place, stream);
}

function drawsRowOf(run, row) {
  return rowOf(run, [row.stream, row.module_path, placeSaid(row), row.distribution, shapeSaid(row), row.draws, ""], row, visible(row.stream || "–"));
}

function rowOf(run, values, place, stream) {
  const [, module, , distribution, shape, draws, again] = values;
  const cells = [stream, make("code", {}, breakable(module || "–")), [sourceButton(place, "mono"), " ", place.path ? editorLink(place) : null], distribution || "–", make("code", {}, shape || "–")];
  const all = page.runs.length > 1 ? [run.letter, ...values] : values;
  return {
    values: all,
    text: all.join(" ").toLowerCase(),
    element: make("tr", { role: "row" }, page.runs.length > 1 && tableCell("Run", "", run.letter), cells.map((cell, at) => tableCell(HEADS[at], "", cell)),
      tableCell("Draws", "number", number(draws)), tableCell("Repeated", again ? "number again-count" : "number", again === "" ? "–" : number(again))),
  };
}
