// Two runs side by side: what differs first, and every place that differs.

const HOW = { key: "another key", shape: "another shape or dtype", more: "only one of the runs draws" };

function differenceSection() {
  const { comparison } = page;
  if (!comparison) return null;
  const [a, b] = comparison.records;
  return make("section", { id: "difference", "aria-labelledby": "difference-title", tabindex: "-1" },
    make("h2", { id: "difference-title" }, "What differs first"),
    comparison.same
      ? make("p", { class: "fine clean" }, glyph("fine"), `Both runs draw the same: ${plural(comparison.draws[0], "draw")} at ${plural(comparison.places, "place")}`)
      : [firstDifference(comparison, [a, b]), partings(comparison)]);
}

function firstDifference({ partings: [first], seeds, before }, names) {
  const after = first.equal_before ? `after ${plural(first.equal_before, "equal draw")}` : "at the first draw";
  return [
    make("p", { class: "lead" }, `The runs part ${after}: ${HOW[first.how]}.`),
    make("div", { class: "sides" }, ["a", "b"].map((letter, run) => make("div", { class: "side card-plain" },
      make("h3", {}, `${letter.toUpperCase()} · ${visible(names[run])}`),
      first[letter] ? drawnFacts(first[letter], first, letter) : make("p", { class: "soft" }, "no such draw"),
      seeds[run] && make("p", {}, "seed ", make("code", {}, `key(${seeds[run].value})`), " at ", sourceButton(seeds[run], "mono"))))),
    before && make("p", { class: "soft" }, `The last equal draw before: ${before.distribution || "a draw"} at ${placeSaid(before)}, step ${number(before.step)}.`),
  ];
}

function drawnFacts(drawn, parting, letter) {
  const other = parting[letter === "a" ? "b" : "a"];
  const fact = (name, value, said) => [make("dt", {}, name), make("dd", { class: other && said !== undefined && other[said] !== drawn[said] ? "differs" : "" }, value)];
  return make("dl", {},
    fact("Step", `${number(drawn.step)}${drawn.step_said ? "" : ", counted"}`, "step"),
    fact("Place", [sourceButton(drawn, "mono"), " ", editorLink(drawn)], "line"),
    drawn.module_path && fact("Module", make("code", {}, visible(drawn.module_path)), "module_path"),
    drawn.stream && fact("Stream", make("code", {}, visible(drawn.stream)), "stream"),
    fact("Draw", `${drawn.distribution || "draw"} ${drawn.shape} ${drawn.dtype}`, "shape"),
    fact("Key", make("code", {}, drawn.key), "key"));
}

function partings({ partings: found, places }) {
  const cell = (drawn) => (drawn ? [`step ${number(drawn.step)} `, sourceButton(drawn, "mono")] : "–");
  return make("details", { class: "inner", id: "partings" },
    make("summary", {}, `${number(found.length)} of ${plural(places, "place")} differ`),
    table("Places that differ", ["How", "Draw", "A", "B", "Draws that differ"], found.map((each) => [
      HOW[each.how], (each.a ?? each.b).distribution || "draw", cell(each.a), cell(each.b), each.draws])));
}
