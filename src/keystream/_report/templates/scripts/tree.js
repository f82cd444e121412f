// The way of keys from their seeds to draws, drawn as a tree: what several have in common stands once.

const LONGEST = 9; // steps of a way that are drawn; of a longer one the middle is told by a number
const SAID_WHOLE = 8; // steps of a way that a finding says whole, as the audit writes it
const LEAVES = 6; // places that drew from the key of a finding

// A way is a list of steps: { id, kind, said, places }. Ways with one beginning share its branch, and a step
// that stands at several lines has them all.
function drawTree(ways, label) {
  const root = { children: new Map() };
  for (const way of ways) {
    let node = root;
    for (const step of shortened(way)) {
      const known = node.children.get(step.id);
      if (known) known.step.places = together(known.step.places, step.places);
      else node.children.set(step.id, { step: { ...step }, children: new Map() });
      node = node.children.get(step.id);
    }
  }
  return make("div", { class: "tree", tabindex: "0", role: "group", "aria-label": label }, branches(root));
}

function shortened(way) {
  if (way.length <= LONGEST) return way;
  const head = way.slice(0, 3);
  const tail = way.slice(-4);
  const left = way.length - 7;
  const middle = { id: `more ${left} ${tail[0].id}`, kind: "more", said: `${number(left)} more`, places: [] };
  return [...head, middle, ...tail];
}

function branches(node) {
  if (!node.children.size) return null;
  return make("ul", {}, [...node.children.values()].map((child) => make("li", {}, stepNode(child.step), branches(child))));
}

function together(some, more) {
  return [...new Map([...some, ...more].map((place) => [placeSaid(place), place])).values()];
}

function stepNode({ kind, said, places, again, act }) {
  const name = make("span", { class: "said" }, visible(said));
  const at = places.filter(({ path }) => path).map((place) => sourceButton(place, "at", placeSaid({ ...place, path: place.path.split("/").at(-1) })));
  const mark = again ? make("span", { class: "repeat" }, again === 2 ? "repeated, meant" : "repeated") : null;
  const label = act ? make("button", { class: "plain", onclick: act }, name) : name;
  return make("span", { class: `node is-${kind}` }, label, at, mark);
}

const SAID = {
  seed: (data) => `key(${data})`,
  split: (data) => `split[${data}]`,
  fold_in: (data) => `fold_in(${data})`,
  stream: (data) => String(data),
};

// The way of a single draw, seed first. Its last step is the draw itself.
function wayOf(single) {
  const { keys } = single.run;
  const steps = [];
  for (let at = single.key; at >= 0; at = keys.parent[at]) {
    const kind = keys.kind[at];
    const said = kind ? SAID[kind]?.(keys.data[at]) ?? kind : `key 0x${keys.key[at]}`;
    steps.unshift({ id: at, kind: kind || "unknown", said, places: [{ path: keys.path[at], line: keys.line[at] }] });
  }
  // A way that was cut begins with a key that was made of another: say what it belongs to.
  const start = steps[0]?.kind;
  if (start === "split" || start === "fold_in") {
    const row = single.run.rows[single.place.row];
    steps.unshift({ id: `row ${single.place.row}`, kind: "more", said: `${row.name} … earlier keys`, places: [] });
  }
  const said = `${single.place.distribution || "draw"} ${shapeSaid(single.place)} at step ${number(single.step)}`;
  steps.push({ id: `draw ${single.place.number} ${single.step}`, kind: "draw", said, places: [single.place], again: single.again });
  return steps;
}

// The ways of a finding, which its report has as texts such as "fold_in(3) (train.py:12)". Ways that say the same
// lead to one key, and so they are one, with the lines of each; at its end stand the draws from that key.
function waysOf(finding) {
  const ways = new Map();
  for (const texts of finding.lineage.filter((each) => each.length)) {
    const steps = texts.map(stepSaid);
    const known = ways.get(idOf(steps));
    known?.forEach((step, at) => (step.places = together(step.places, steps[at].places)));
    if (!known) ways.set(idOf(steps), steps);
  }
  const found = [...ways.values()];
  for (const way of found) way.forEach((step, at) => (step.id = at ? [step.said, ...step.places.map(placeSaid)].join("\n") : step.said));
  return found.flatMap((way) => withDraws(way, finding));
}

const idOf = (steps) => steps.map(({ said }) => said).join("\n");

function stepSaid(text) {
  const [, said, file, line] = /^(.*?)(?: \(([^()]*):(\d+)\))?$/s.exec(text);
  return { kind: kindSaid(said), said, places: file ? [knownPlace(file, +line)] : [] };
}

// A way with a leaf for each place that drew from its key. Of a long run a part of the draws is kept: where none of
// them is from this key, those places stand for them that the finding names and whose keys are made on the same lines.
function withDraws(way, finding) {
  if (way.at(-1).kind === "draw") return [way];
  const run = page.runs[finding.runs[0]];
  const leaves = new Map();
  for (const single of drawsByWay(run).get(idOf(way)) ?? []) {
    const leaf = leaves.get(single.place) ?? { steps: [], again: 0 };
    leaf.steps.push(single.step);
    if (leaf.again !== 1) leaf.again = single.again || leaf.again;
    leaves.set(single.place, leaf);
  }
  if (!leaves.size) {
    const named = new Set([...finding.locations.slice(0, 1), ...finding.related].map(placeSaid));
    const alike = (drawsByWay(run).get(idOf(way.map(unnumbered))) ?? []).map(({ place }) => place);
    for (const place of alike) if (named.has(placeSaid(place))) leaves.set(place, { steps: [], again: place.again ? 1 : 0 });
  }
  const drawn = [...leaves].map(([place, { steps, again }]) => {
    const when = steps.length ? ` at ${stepsSaid(Math.min(...steps), Math.max(...steps))}` : "";
    return { id: `draw ${place.number}`, kind: "draw", said: `${place.distribution || "draw"} ${shapeSaid(place)}${when}`, places: [place], again };
  });
  if (!drawn.length) return belowIt(way, run);
  const shown = drawn.slice(0, LEAVES).map((leaf) => [...way, leaf]);
  const left = drawn.length - shown.length;
  if (left) shown.push([...way, { id: "more places", kind: "more", said: plural(left, "more place"), places: [] }]);
  return shown;
}

// Where nothing drew from the key itself, but from keys that were made of it: the way goes on to those, one a place.
function belowIt(way, run) {
  const begin = `${idOf(way)}\n`;
  const firsts = new Map();
  for (const single of run.singles) {
    const whole = wayOf(single);
    if (!firsts.has(single.place) && idOf(whole).startsWith(begin)) firsts.set(single.place, whole);
  }
  const ways = [...firsts.values()].slice(0, LEAVES).map((whole) => [...way, ...whole.slice(way.length)]);
  return ways.length ? ways : [way];
}

// The single draws of a run by the way of their keys, said as a finding says it; and without the numbers folded in.
function drawsByWay(run) {
  if (run.byWay) return run.byWay;
  run.byWay = new Map();
  for (const single of run.singles) {
    const way = wayOf(single).slice(0, -1);
    if (!way.length) continue;
    const said = way.length > SAID_WHOLE ? [...way.slice(0, 3), { said: `... ${way.length - 6} more ...` }, ...way.slice(-3)] : way;
    for (const id of new Set([idOf(said), idOf(said.map(unnumbered))])) {
      if (!run.byWay.has(id)) run.byWay.set(id, []);
      run.byWay.get(id).push(single);
    }
  }
  return run.byWay;
}

const unnumbered = (step) => ({ ...step, said: step.kind === "fold_in" ? "fold_in" : step.said });

function kindSaid(said) {
  if (said.startsWith("key(")) return "seed";
  if (said.startsWith("split")) return "split";
  if (said.startsWith("fold_in")) return "fold_in";
  return said.startsWith("...") ? "more" : "draw";
}

// A lineage names the last part of a path; the file itself is one whose source the page has.
function knownPlace(file, line) {
  const path = Object.keys(page.sources).find((name) => name === file || name.endsWith(`/${file}`));
  return { path: path ?? file, line };
}
