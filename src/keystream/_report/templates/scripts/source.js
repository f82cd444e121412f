// Source: excerpts in findings, and whole files in a drawer with the marks of findings beside the lines.

const NARROW = 900; // pixels of a window in which the drawer leaves no room for the report
const AROUND = 2; // lines before and after a place in an excerpt
const ASIDE = 4; // excerpts that a finding shows at once; of more, the rest unfolds

const WORDS =
  /("""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)|(#.*)|\b(and|as|assert|async|await|break|case|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|match|nonlocal|not|or|pass|raise|return|try|while|with|yield|None|True|False)\b|\b(\d[\w.]*)\b/g;
const CLASSES = ["", "string", "comment", "keyword", "number"];

// The lines of a text, each a list of parts: enough of Python's grammar to be read more easily.
function coloured(text) {
  const lines = [[]];
  const put = (words, kind) => {
    words.split("\n").forEach((part, at) => {
      if (at) lines.push([]);
      if (part) lines.at(-1).push(kind ? make("span", { class: kind }, visible(part)) : visible(part));
    });
  };
  let done = 0;
  for (const match of text.matchAll(WORDS)) {
    put(text.slice(done, match.index), "");
    put(match[0], CLASSES[match.findIndex((group, at) => at && group !== undefined)]);
    done = match.index + match[0].length;
  }
  put(text.slice(done), "");
  return lines;
}

// The source of a finding's places, its own first. Places whose lines meet share an excerpt: no line stands twice.
function excerptsOf(places, severity) {
  const figures = excerptsAround(places).map((each) => excerptOf(each, places[0], severity));
  const rest = figures.splice(ASIDE);
  return [figures, rest.length > 0 && make("details", { class: "inner" }, make("summary", {}, `${number(rest.length)} more of the source`), rest)];
}

// Excerpts as { name, low, high, piece, places }; of a place without source the lines are its own alone.
function excerptsAround(places) {
  let excerpts = [];
  for (const place of places) {
    const name = fileOf(place);
    const piece = (page.sources[name] ?? []).find(([first, text]) => place.line >= first && place.line < first + text.split("\n").length);
    const [first, last] = piece ? [piece[0], piece[0] + piece[1].split("\n").length - 1] : [place.line, place.line];
    const around = { name, piece, low: Math.max(first, place.line - AROUND), high: Math.min(last, place.line + AROUND), places: [place] };
    const meets = (each) => each.name === name && each.piece === piece && around.low <= each.high + 1 && around.high >= each.low - (piece ? 1 : 0);
    const met = excerpts.filter(meets);
    if (!met.length) {
      excerpts.push(around);
      continue;
    }
    const all = [...met, around];
    Object.assign(met[0], { low: Math.min(...all.map(({ low }) => low)), high: Math.max(...all.map(({ high }) => high)), places: all.flatMap((each) => each.places) });
    excerpts = excerpts.filter((each) => each === met[0] || !met.includes(each));
  }
  return excerpts;
}

function excerptOf({ piece, low, high, places }, own, severity) {
  const [place] = places;
  const caption = make(
    "figcaption",
    {},
    sourceButton(place, "mono"),
    place.function && place.function !== "<module>" && make("span", { class: "soft" }, ` in ${visible(place.function)}`),
    !piece && places.map(({ message }) => message && make("span", { class: "message" }, worded(message))),
    editorLink(place),
  );
  if (!piece) return make("figure", { class: "code" }, caption);
  const part = piece[1].split("\n").slice(low - piece[0], high - piece[0] + 1);
  const rows = coloured(part.join("\n")).map((words, at) => {
    const count = low + at;
    const here = places.filter(({ line }) => line === count);
    const line = lineOf(count, words, here.includes(own) ? "here" : here.length ? "also" : "");
    if (here.includes(own)) line.classList.add(`is-${severity}`);
    const messages = new Set(here.map(({ message }) => message).filter(Boolean));
    return [line, [...messages].map((message) => make("div", { class: "remark" }, worded(message)))];
  });
  return make("figure", { class: "code" }, caption, make("div", { class: "lines", tabindex: "0", role: "group", "aria-label": `Source of ${placeSaid(place)}` }, rows));
}

// A line of source; it is "here" where something is shown, "also" where that belongs to it.
function lineOf(count, words, mark) {
  const arrow = mark ? make("span", { class: "unseen" }, "this line: ") : null;
  return make(
    "div",
    { class: `line ${mark}`.trim(), "data-line": count },
    make("span", { class: "count", "aria-hidden": "true" }, mark ? "▸ " : "", String(count)),
    make("code", {}, arrow, words),
  );
}

// A place as a button that shows its file; plain text where the page has not its source.
function sourceButton(place, kind = "", words = placeSaid(place)) {
  const said = breakable(words);
  if (!page.sources[fileOf(place)]?.length) return make("span", { class: `${kind} place` }, said);
  return make("button", { class: `${kind} place plain`, title: `Show ${placeSaid(place)}`, onclick: () => openSource(place) }, said);
}

// The marks of a file: findings by line, the gravest first.
function marksOf(name) {
  const marks = new Map();
  for (const finding of page.findings) {
    const places = [...finding.locations.slice(0, 1), ...finding.related];
    places.forEach((place, at) => {
      if (fileOf(place) !== name) return;
      const known = marks.get(place.line) ?? [];
      if (!known.some((mark) => mark.finding === finding)) known.push({ finding, message: at ? place.message : finding.message, first: !at });
      marks.set(place.line, known);
    });
  }
  return marks;
}

let opener = null; // what the drawer was opened from, to go back to

function openSource(place) {
  const name = fileOf(place);
  if (!page.sources[name]?.length) return;
  const drawer = byId("source");
  if (drawer.hidden) opener = document.activeElement;
  drawer.hidden = false;
  document.body.classList.add("has-drawer");
  if (drawer.dataset.file !== name) fillDrawer(drawer, name);
  drawer.querySelectorAll(".line.here").forEach((line) => line.classList.remove("here"));
  const line = drawer.querySelector(`[data-line="${Number(place.line)}"]`);
  line?.classList.add("here");
  line?.scrollIntoView({ block: "center" });
  drawer.querySelector(".close").focus({ preventScroll: true });
  say(`${placeSaid(place)} is shown beside the report`);
}

function closeSource() {
  byId("source").hidden = true;
  document.body.classList.remove("has-drawer");
  opener?.focus();
  opener = null;
}

function fillDrawer(drawer, name) {
  drawer.dataset.file = name;
  const marks = marksOf(name);
  const pieces = page.sources[name];
  const last = pieces.at(-1);
  const length = last[0] + last[1].split("\n").length - 1;
  const [path, cell] = name.split("#");
  const files = make(
    "select",
    { "aria-label": "File", onchange: () => openSource(fromName(files.value)) },
    Object.keys(page.sources).filter((each) => page.sources[each].length).map((each) => make("option", { value: each, selected: each === name }, each.replace("#", ", cell "))),
  );
  const listing = make("div", { class: "lines whole", tabindex: "0", role: "group", "aria-label": `Source of ${path}` }, pieces.map((piece, at) => pieceOf(piece, at, marks)));
  drawer.replaceChildren(
    make("div", { class: "bar" }, files, make("span", { class: "soft" }, marks.size ? plural(marks.size, "marked line") : "no marks"),
      editorLink({ path, cell: cell ? +cell : 0, line: Math.min(...marks.keys(), length) }),
      make("button", { class: "close", onclick: closeSource, title: "Close (Escape)" }, "Close")),
    make("div", { class: "listing" }, listing, ruler(marks, length)),
  );
}

const fromName = (name) => {
  const [path, cell] = name.split("#");
  return { path, cell: cell ? +cell : 0, line: Math.min(...marksOf(name).keys(), Infinity) };
};

function pieceOf([first, text], at, marks) {
  const lines = coloured(text).map((words, offset) => {
    const beside = (marks.get(first + offset) ?? []).map(markButton);
    const line = lineOf(first + offset, words, "");
    if (!beside.length) return line;
    line.classList.add("marked", `is-${marks.get(first + offset)[0].finding.severity}`);
    return [line, make("div", { class: "marks" }, beside)]; // below it: beside a long line they would be out of sight
  });
  return make("div", { class: "piece" }, at ? make("div", { class: "gap soft" }, "⋯") : null, lines);
}

function markButton({ finding, message, first }) {
  return make(
    "button",
    { class: `mark ${finding.severity}`, onclick: () => {
      if (innerWidth < NARROW) closeSource(); // it would cover what is gone to
      goTo(finding);
    } },
    glyph(finding.severity),
    make("span", {}, `${finding.code} `, visible(first ? message : message || `see ${finding.code}`)),
  );
}

// Where in the file the marks are, as in an editor's scroll bar.
function ruler(marks, length) {
  const ticks = [...marks].map(([line, [{ finding }]]) => {
    const tick = make("i", { class: finding.severity });
    tick.style.top = `${(100 * line) / Math.max(length, 1)}%`;
    return tick;
  });
  return make("div", { class: "ruler", "aria-hidden": "true" }, ticks);
}
