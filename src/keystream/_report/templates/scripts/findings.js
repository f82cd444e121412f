// Findings: filtered by severity, code, file, run and words; a card is filled when it is first opened.

const filters = { severities: new Set(["error", "warning", "note"]), code: "", file: "", run: "", words: "", suppressed: false };
const OPEN_AT_FIRST = 3; // findings that need no click
const MANY_CARDS = 100; // from which those out of sight are laid out only when they come into it

function findingsSection() {
  const cards = page.findings.map(card);
  const list = make("div", { id: "cards", class: cards.length > MANY_CARDS && "many" }, cards);
  const none = make("p", { class: "empty", id: "no-findings", hidden: true }, "No finding passes the filter. ", make("button", { onclick: clearFilters }, "Show all"));
  const section = make(
    "section",
    { id: "findings", "aria-labelledby": "findings-title", tabindex: "-1" },
    make("h2", { id: "findings-title" }, "Findings ", make("span", { class: "soft", id: "found" })),
    page.findings.length ? filterBar() : make("p", { class: "fine clean" }, glyph("fine"), "Nothing found"),
    none,
    list,
  );
  return section;
}

function card(finding) {
  const place = finding.locations[0];
  const details = make(
    "details",
    { class: `card is-${finding.severity}`, id: `finding-${finding.number}`, "data-code": finding.code },
    make(
      "summary",
      {},
      glyph(finding.severity),
      make("span", { class: "what" },
        make("span", { class: "head" },
          make("span", { class: `severity ${finding.severity}` }, finding.severity), " ",
          make("b", {}, finding.code), ` ${finding.name}`,
          finding.suppressed && make("span", { class: "chip" }, "suppressed"),
          page.runs.length > 1 && make("span", { class: "chip" }, finding.runs.length > 1 ? "both runs" : `only ${page.runs[finding.runs[0]].letter}`),
          finding.count > 1 && make("span", { class: "soft" }, `${number(finding.count)} times`)),
        make("span", { class: "message" }, worded(finding.message)),
        place && make("span", { class: "soft mono where" }, visible(placeSaid(place)))),
    ),
  );
  details.addEventListener("toggle", () => details.open && fill(details, finding));
  return details;
}

function fill(details, finding) {
  if (details.querySelector(".body")) return;
  const places = [...finding.locations.slice(0, 1), ...finding.related];
  details.append(
    make("div", { class: places.length ? "body" : "body alone" },
      make("div", { class: "words" }, factsOf(finding), wayOfFinding(finding), ruleOf(finding)),
      make("div", { class: "excerpts" }, excerptsOf(places, finding.severity), callers(finding))),
  );
}

function factsOf(finding) {
  const [fix, ...code] = finding.fix.split("\n");
  const fact = (name, ...value) => [make("dt", {}, name), make("dd", {}, value)];
  return make("dl", {},
    fact("Why", worded(finding.why)),
    fact("Fix", worded(fix), code.length ? pasted(code.join("\n")) : null),
    finding.repair && fact("Repair", worded(finding.repair)),
    finding.module_path && fact("Module", make("code", {}, breakable(finding.module_path))),
    finding.stream && fact("Stream", make("code", {}, visible(finding.stream))),
    finding.steps && fact("Steps", stepsSaid(...finding.steps), " ", showSteps(finding)),
    finding.suppressed && fact("Suppressed", visible(finding.suppressed_reason || "without a reason")));
}

function showSteps(finding) {
  if (!page.chart) return null;
  return make("button", { class: "small", onclick: () => page.chart.showSteps(finding) }, "Show on the axis");
}

function pasted(code) {
  const button = make("button", { class: "small copy", onclick: async () => {
    try {
      await navigator.clipboard.writeText(code);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy";
    }
    say(button.textContent);
  } }, "Copy");
  const lines = coloured(code).flatMap((words, at) => (at ? ["\n", words] : words));
  return make("div", { class: "pasted" }, make("pre", { tabindex: "0" }, make("code", {}, lines)), button);
}

function wayOfFinding(finding) {
  const ways = waysOf(finding).filter((way) => way.length);
  if (!ways.length) return null;
  const label = "The way of the key from its seed";
  return make("div", {}, make("h3", {}, label), drawTree(ways, label));
}

function ruleOf(finding) {
  const rule = page.rules[finding.code];
  const body = make("div", { class: "rule" });
  const details = make("details", { class: "inner" }, make("summary", {}, `The rule ${finding.code} ${rule.name}`), body);
  details.addEventListener("toggle", () => {
    // The page of a rule is the library's own text, not the program's.
    if (details.open && !body.childElementCount) body.innerHTML = rule.page;
  });
  if (rule.address) details.append(make("a", { href: rule.address, rel: "noreferrer" }, "In the documentation"));
  return details;
}

function callers(finding) {
  const rest = finding.locations.slice(1);
  if (!rest.length) return null;
  return make("details", { class: "inner" },
    make("summary", {}, `${plural(rest.length, "more place")} on the way there`),
    make("ul", {}, rest.map((place) => make("li", {}, sourceButton(place, "mono"), place.function && ` in ${visible(place.function)}`, " ", editorLink(place)))));
}

function filterBar() {
  const count = (wanted) => page.findings.filter(wanted).length;
  const toggles = ["error", "warning", "note"].map((severity) => {
    const found = count((finding) => finding.severity === severity && !finding.suppressed);
    const button = make("button", { class: `toggle ${severity}`, "aria-pressed": "true", "data-severity": severity, disabled: !found, onclick: () => {
      const set = filters.severities;
      set.has(severity) ? set.delete(severity) : set.add(severity);
      applyFilters();
    } }, glyph(severity), plural(found, severity));
    return button;
  });
  const hidden = count((finding) => finding.suppressed);
  const suppressed = hidden ? make("button", { class: "toggle", id: "show-suppressed", "aria-pressed": "false", onclick: () => {
    filters.suppressed = !filters.suppressed;
    applyFilters();
  } }, `${number(hidden)} suppressed`) : null;
  return make("div", { class: "filters", role: "search", "aria-label": "Filter the findings" },
    make("div", { class: "group", role: "group", "aria-label": "Severity" }, toggles, suppressed),
    chooser("code", "Code", tally((finding) => [`${finding.code} ${finding.name}`, finding.code])),
    chooser("file", "File", tally((finding) => finding.locations[0]?.path && [finding.locations[0].path, finding.locations[0].path])),
    page.runs.length > 1 && chooser("run", "Run", [["Only A", "0", 0], ["Only B", "1", 0], ["Both", "both", 0]]),
    make("input", { type: "search", id: "filter-words", placeholder: "Words  ( / )", "aria-label": "Words in findings", oninput: (event) => {
      filters.words = event.target.value;
      applyFilters();
    } }),
    make("div", { class: "group" },
      make("button", { id: "expand", onclick: () => setOpen(true) }, "Expand all"),
      make("button", { id: "collapse", onclick: () => setOpen(false) }, "Collapse all")));
}

// Choices with how many findings each has, the most first.
function tally(of) {
  const found = new Map();
  for (const finding of page.findings) {
    const [said, value] = of(finding) || [];
    if (!value) continue;
    const known = found.get(value) ?? [said, value, 0];
    known[2] += 1;
    found.set(value, known);
  }
  return [...found.values()].sort((one, other) => other[2] - one[2]);
}

function chooser(name, label, choices) {
  if (choices.length < 2) return null;
  const select = make("select", { id: `filter-${name}`, "aria-label": label, onchange: () => {
    filters[name] = select.value;
    applyFilters();
  } },
    make("option", { value: "" }, `${label}: all`),
    choices.map(([said, value, count]) => make("option", { value }, count ? `${visible(said)} (${number(count)})` : said)));
  return select;
}

function passes(finding, words) {
  if (!filters.severities.has(finding.severity)) return false;
  if (finding.suppressed && !filters.suppressed) return false;
  if (filters.code && finding.code !== filters.code) return false;
  if (filters.file && finding.locations[0]?.path !== filters.file) return false;
  if (filters.run && filters.run !== (finding.runs.length > 1 ? "both" : String(finding.runs[0]))) return false;
  finding.text ??= [finding.code, finding.name, finding.message, finding.why, finding.stream, finding.module_path, placeSaid(finding.locations[0] ?? {})].join(" ").toLowerCase();
  return words.every((word) => finding.text.includes(word));
}

function shownFindings() {
  const words = filters.words.toLowerCase().split(/\s+/).filter(Boolean);
  return page.findings.filter((finding) => passes(finding, words));
}

function applyFilters() {
  const shown = new Set(shownFindings());
  for (const finding of page.findings) byId(`finding-${finding.number}`).hidden = !shown.has(finding);
  document.querySelectorAll(".toggle[data-severity]").forEach((button) => button.setAttribute("aria-pressed", String(filters.severities.has(button.dataset.severity))));
  byId("show-suppressed")?.setAttribute("aria-pressed", String(filters.suppressed));
  const all = page.findings.length;
  byId("found").textContent = shown.size === all ? number(all) : `${number(shown.size)} of ${number(all)}`;
  byId("no-findings").hidden = shown.size > 0 || !all;
  say(`${plural(shown.size, "finding")} shown`);
}

function clearFilters() {
  Object.assign(filters, { severities: new Set(["error", "warning", "note"]), code: "", file: "", run: "", words: "", suppressed: true });
  document.querySelectorAll(".filters select, .filters input").forEach((control) => (control.value = ""));
  applyFilters();
}

function setOpen(open) {
  for (const finding of shownFindings()) byId(`finding-${finding.number}`).open = open;
}

// Show a finding wherever it is asked for from; a filter that hides it is taken off.
function goTo(finding) {
  const element = byId(`finding-${finding.number}`);
  if (element.hidden) clearFilters();
  element.open = true;
  element.querySelector("summary").focus({ preventScroll: true });
  show(element);
  history.replaceState(null, "", `#${element.id}`);
}

function stepFinding(by) {
  const shown = shownFindings();
  if (!shown.length) return;
  const now = shown.findIndex((finding) => byId(`finding-${finding.number}`).contains(document.activeElement));
  const next = shown[Math.min(shown.length - 1, Math.max(0, now + (now < 0 ? Math.max(by, 0) || 1 : by)))];
  const summary = byId(`finding-${next.number}`).querySelector("summary");
  summary.focus({ preventScroll: true });
  show(summary, "nearest");
}
