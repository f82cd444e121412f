// Puts the page together.

function overview() {
  const counts = ["error", "warning", "note"].map((severity) => [severity, page.findings.filter((each) => each.severity === severity && !each.suppressed).length]);
  const tiles = counts.filter(([, count]) => count).map(([severity, count]) => tile(number(count), plural(count, severity).replace(/^[\d,]+ /, ""), severity));
  if (!tiles.length) tiles.push(tile("0", "findings", "fine"));
  return make("section", { id: "overview", "aria-label": "Overview" },
    make("div", { class: "tiles" }, tiles, page.runs.length === 1 ? numbersOf(page.runs[0]) : null),
    page.runs.map((run) => [
      page.runs.length > 1 && make("p", {}, make("b", {}, `${run.letter} · ${run.name}: `), visible(run.verdict)),
      run.books && make("p", { class: "soft" }, run.books),
      run.document.summary.part && make("p", { class: "partly" }, glyph("warning"), `A part of the run: ${visible(run.document.summary.part)}`),
      Object.entries(run.document.summary.unseen ?? {}).map(([reason, count]) => make("p", { class: "partly" }, glyph("warning"), `Not seen: ${visible(reason)} (${number(count)})`))]));
}

function tile(value, name, severity = "") {
  return make("div", { class: `tile ${severity}` }, severity ? glyph(severity) : null, make("b", {}, value), make("span", {}, name));
}

const NUMBERS = [["processes", "process"], ["files", "file"], ["lines", "line"], ["calls", "compiled call"], ["draws", "draw"], ["unique_keys", "distinct key"]];

function numbersOf(run) {
  const { summary } = run.document;
  const found = NUMBERS.filter(([name]) => name in summary).map(([name, said]) => tile(number(summary[name]), plural(summary[name], said).replace(/^[\d,]+ /, "")));
  if (run.places.length) found.push(tile(number(run.end - run.first), plural(run.end - run.first, "step").replace(/^[\d,]+ /, "")));
  return found;
}

function sectionLinks(sections) {
  const names = { difference: "Difference", steps: "Steps", findings: "Findings", draws: "Draws" };
  return sections.filter((section) => names[section?.id]).map((section) => make("a", { href: `#${section.id}` }, names[section.id]));
}

const HELP = [
  ["/", "write words to filter the findings"], ["j  k", "the next finding, the one before"], ["Enter", "open or close it"],
  ["+  −  0", "on the chart: zoom in, out, all steps"], ["← → ↑ ↓", "on the chart: steps and rows"],
  ["n  p", "on the chart: the next repeated key, the one before"], ["Escape", "close what is open"], ["?", "this help"],
];

function fillHelp() {
  byId("help").append(make("h2", { id: "help-title" }, "Keys"),
    make("dl", {}, HELP.map(([keys, what]) => [make("dt", {}, make("kbd", {}, keys)), make("dd", {}, what)])),
    make("form", { method: "dialog" }, make("button", {}, "Close")));
}

function pressedAnywhere(event) {
  if (event.key === "Escape") {
    if (!byId("source").hidden) closeSource();
    document.querySelectorAll("details.menu[open]").forEach((menu) => (menu.open = false));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  const acts = {
    "/": () => byId("filter-words")?.focus(),
    j: () => stepFinding(1),
    k: () => stepFinding(-1),
    "?": () => byId("help").showModal(),
  };
  if (!acts[event.key]) return;
  event.preventDefault();
  acts[event.key]();
}

// Of the menus one is open at a time, and a click elsewhere closes it.
function closeMenus(event) {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

function openAtFirst() {
  const asked = location.hash ? byId(decodeURIComponent(location.hash.slice(1))) : null;
  if (asked?.matches(".card")) asked.open = true;
  else page.findings.slice(0, OPEN_AT_FIRST).forEach((finding) => !finding.suppressed && (byId(`finding-${finding.number}`).open = true));
  if (asked) asked.scrollIntoView();
}

function build(data) {
  Object.assign(page, data, { runs: data.runs.map((run, at) => new Run(run, at)) });
  page.findings = findingsOf(page.runs);
  const check = page.comparison ? "two runs" : page.runs[0].document.tool.name;
  byId("subtitle").prepend(`${page.comparison ? "keystream diff · " : `${check} · `}`);
  byId("subtitle").lastChild.textContent = byId("subtitle").lastChild.textContent.replace("keystream ", "version ");
  const sections = [overview(), differenceSection(), stepsSection(), findingsSection(), drawsSection()].filter(Boolean);
  byId("main").append(...sections);
  byId("sections").append(...sectionLinks(sections));
  byId("actions").append(exportMenu(), editorSettings(), make("button", { "aria-label": "Keys", title: "Keys (?)", onclick: () => byId("help").showModal() }, "?"));
  fillHelp();
  applyFilters();
  page.chart?.draw();
  openAtFirst();
  document.addEventListener("keydown", pressedAnywhere);
  document.addEventListener("click", closeMenus);
  document.documentElement.dataset.ready = String(Math.round(performance.now())); // what a test waits for
}

unpacked().then(build).catch((error) => {
  const old = typeof DecompressionStream === "undefined" ? " It needs a browser of 2023 or later." : "";
  byId("main").append(make("p", { class: "partly", role: "alert" }, `The report can't be drawn: ${error}.${old}`));
  throw error;
});
