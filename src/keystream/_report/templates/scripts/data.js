// The data of the page: unpacked, and as runs whose counts can be asked for by steps.

// What the page is about; filled once, before anything is drawn.
const page = { runs: [], findings: [], rules: {}, sources: {}, comparison: null };

async function unpacked() {
  const bytes = Uint8Array.from(atob(byId("data").textContent), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// Counts of a place: sums up to each bin, so that any span of steps is two look-ups.
class Counts {
  constructor(first, unit, runs) {
    this.first = first;
    this.unit = unit;
    let bins = 0;
    for (let at = 0; at < runs.length; at += 3) bins += runs[at];
    this.draws = new Float64Array(bins + 1);
    this.again = new Float64Array(bins + 1);
    let bin = 0;
    for (let at = 0; at < runs.length; at += 3) {
      for (let left = runs[at]; left > 0; left--, bin++) {
        this.draws[bin + 1] = this.draws[bin] + runs[at + 1];
        this.again[bin + 1] = this.again[bin] + runs[at + 2];
      }
    }
  }

  // Draws, and those of them from a key drawn from before, in [from, to).
  between(from, to) {
    const last = this.draws.length - 1;
    const low = Math.min(last, Math.max(0, Math.floor((from - this.first) / this.unit + 1e-9)));
    const high = Math.min(last, Math.max(0, Math.ceil((to - this.first) / this.unit - 1e-9)));
    if (high <= low) return [0, 0];
    return [this.draws[high] - this.draws[low], this.again[high] - this.again[low]];
  }
}

// A run: its document as JSON has it, its places with counts, and the rows they belong to.
class Run {
  constructor(data, index) {
    this.index = index;
    this.letter = "AB"[index];
    this.name = data.name || data.document.program;
    this.document = data.document;
    this.verdict = data.verdict;
    this.books = data.books;
    const history = data.history.places ? data.history : fromTimeline(data.document);
    this.unit = history.unit;
    this.keys = history.keys;
    this.rows = history.rows.name.map((name, at) => ({
      name,
      kind: history.rows.kind[at],
      place: history.rows.place[at],
    }));
    this.places = history.places.path.map((path, at) => placeOf(history, at));
    this.singles = history.draws.place.map((place, at) => ({
      run: this,
      place: this.places[place],
      step: history.draws.step[at],
      key: history.draws.key[at],
      again: history.draws.again[at],
    }));
    this.first = history.first;
    const ends = this.places.map(({ counts }) => counts.first + counts.unit * (counts.draws.length - 1));
    const latest = this.singles.length && this.unit > 1 ? Math.max(...this.singles.map(({ step }) => step)) + 1 : Infinity;
    const end = ends.reduce((most, each) => Math.max(most, Math.round(each)), this.first);
    this.end = end - latest < this.unit ? Math.min(end, latest) : end;
  }
}

function placeOf(history, at) {
  const place = { number: at };
  for (const [name, column] of Object.entries(history.places)) place[name] = column[at];
  const { first, unit } = place.own ?? history;
  place.counts = new Counts(first, unit, place.runs);
  return place;
}

// Records of earlier versions have no history: a row a stream, from what the report counted.
function fromTimeline({ timeline, draws }) {
  const names = timeline.map(({ stream }) => stream || "keys without a name");
  const empty = timeline.map(() => "");
  return {
    first: Math.min(0, ...timeline.map(({ first }) => first)),
    unit: 1,
    rows: { name: names, kind: timeline.map(() => "stream"), place: empty },
    places: {
      row: timeline.map((_, at) => at),
      path: empty,
      line: timeline.map(() => 0),
      function: empty,
      module_path: empty,
      distribution: timeline.map(() => "all draws"),
      shape: timeline.map(() => null),
      dtype: empty,
      draws: timeline.map((row) => row.draws.reduce((sum, each) => sum + each, 0)),
      again: timeline.map((row) => row.repeated.reduce((sum, each) => sum + each, 0)),
      runs: timeline.map((row) => row.draws.flatMap((each, bin) => [1, each, row.repeated[bin]])),
      own: timeline.map((row) => ({ first: row.first, unit: (row.last + 1 - row.first) / row.draws.length })),
    },
    draws: { place: [], step: [], key: [], again: [] },
    keys: { key: [], kind: [], data: [], parent: [], path: [], line: [] },
    table: draws,
  };
}

const shapeSaid = ({ shape, dtype }) => (shape ? `${dtype}[${shape.join(", ")}]` : "");
const placeSaid = ({ path, line, cell }) => {
  if (!path) return "in a library";
  if (cell) return `${path.endsWith(".ipynb") ? `${path}, ` : ""}cell ${cell}, line ${line}`;
  return line ? `${path}:${line}` : path;
};
const fileOf = ({ path, cell }) => (cell ? `${path}#${cell}` : path);

const GRAVE = { error: 0, warning: 1, note: 2 };

// The findings of all runs, each once, with the runs that have it; the gravest first, as each run has them.
function findingsOf(runs) {
  const found = new Map();
  for (const run of runs) {
    run.document.findings.forEach((finding, at) => {
      const place = finding.locations[0];
      const name = runs.length > 1 ? JSON.stringify([finding.code, finding.message, place?.path, place?.line]) : at;
      const known = found.get(name);
      if (known) known.runs.push(run.index);
      else found.set(name, { ...finding, runs: [run.index] });
    });
  }
  const ordered = [...found.values()].sort((one, other) => GRAVE[one.severity] - GRAVE[other.severity]);
  return ordered.map((finding, at) => Object.assign(finding, { number: at + 1 }));
}
