// The way of keys from their seeds to draws, drawn as a tree: what several have in common stands once.

const LONGEST = 9; // steps of a way that are drawn; of a longer one the middle is told by a number

// A way is a list of steps: { id, kind, said, place }. Ways with one beginning share its branch.
function drawTree(ways, label) {
  const root = { children: new Map() };
  for (const way of ways) {
    let node = root;
    for (const step of shortened(way)) {
      if (!node.children.has(step.id)) node.children.set(step.id, { step, children: new Map() });
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
  const middle = { id: `more ${left} ${tail[0].id}`, kind: "more", said: `${number(left)} more`, place: null };
  return [...head, middle, ...tail];
}

function branches(node) {
  if (!node.children.size) return null;
  return make("ul", {}, [...node.children.values()].map((child) => make("li", {}, stepNode(child.step), branches(child))));
}

function stepNode({ kind, said, place, again, act }) {
  const name = make("span", { class: "said" }, visible(said));
  const at = place?.path ? sourceButton(place, "at") : null;
  const mark = again ? make("span", { class: "repeat" }, again === 2 ? "repeated, meant" : "repeated") : null;
  const label = act ? make("button", { class: "plain", onclick: act }, name) : name;
  return make("span", { class: `node is-${kind}` }, label, at, mark);
}

const SAID = {
  seed: (data) => `seed ${data}`,
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
    steps.unshift({ id: at, kind: kind || "unknown", said, place: { path: keys.path[at], line: keys.line[at] } });
  }
  // A way that was cut begins with a key that was made of another: say what it belongs to.
  const start = steps[0]?.kind;
  if (start === "split" || start === "fold_in") {
    const row = single.run.rows[single.place.row];
    steps.unshift({ id: `row ${single.place.row}`, kind: "more", said: `${row.name} … earlier keys`, place: null });
  }
  const said = `${single.place.distribution || "draw"} ${shapeSaid(single.place)} at step ${number(single.step)}`;
  steps.push({ id: `draw ${single.place.number} ${single.step}`, kind: "draw", said, place: single.place, again: single.again });
  return steps;
}

// The ways of a finding, which its report has as texts such as "fold_in(3) (train.py:12)".
function waysOf(finding) {
  return finding.lineage.map((texts) =>
    texts.map((text, at) => {
      const [, said, file, line] = /^(.*?)(?: \(([^()]*):(\d+)\))?$/s.exec(text);
      return { id: texts.slice(0, at + 1).join("\n"), kind: kindSaid(said), said, place: file ? knownPlace(file, +line) : null };
    }),
  );
}

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
