// The report as JSON, and its tables as CSV: saved from the page itself, nothing is sent anywhere.

function saved(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = make("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  say(`${name} is saved`);
}

// A cell of CSV. What a table calculator would take for a formula begins with an apostrophe.
function csvCell(value) {
  const text = Array.isArray(value) ? value.join(" ") : String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const csv = (heads, rows) => [heads, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";

const stem = () => (page.runs[0].document.program.split(/[/\\]/).at(-1).replace(/\.\w+$/, "") || "report").replace(/[^\w.-]+/g, "-");

function exportJson() {
  const documents = page.runs.map((run) => run.document);
  const whole = page.comparison ? { comparison: page.comparison, runs: documents } : documents[0];
  saved(`${stem()}.json`, "application/json", `${JSON.stringify(whole, null, 2)}\n`);
}

function exportFindings() {
  const heads = ["code", "name", "severity", "message", "path", "line", "column", "function", "module_path", "stream", "first_step", "last_step", "count", "suppressed", "why", "fix", "runs"];
  const rows = shownFindings().map((each) => {
    const place = each.locations[0] ?? {};
    return [each.code, each.name, each.severity, each.message, place.path, place.line, place.column, place.function, each.module_path, each.stream, each.steps?.[0], each.steps?.[1], each.count, each.suppressed, each.why, each.fix, each.runs.map((run) => page.runs[run].letter)];
  });
  saved(`${stem()}-findings.csv`, "text/csv", csv(heads, rows));
}

function exportDraws() {
  const heads = ["run", "stream", "module_path", "path", "line", "function", "distribution", "shape", "dtype", "draws", "repeated"];
  const rows = page.runs.flatMap((run) => run.places.map((place) => [run.letter, run.rows[place.row].name, place.module_path, place.path, place.line, place.function, place.distribution, place.shape?.join("x"), place.dtype, place.draws, place.again]));
  saved(`${stem()}-draws.csv`, "text/csv", csv(heads, rows));
}

function exportMenu() {
  const item = (id, said, act) => make("button", { id, onclick: () => {
    act();
    menu.open = false;
  } }, said);
  const menu = make("details", { class: "menu" }, make("summary", {}, "Export"),
    make("div", { class: "panel" },
      item("export-json", "Report (JSON)", exportJson),
      page.findings.length > 0 && item("export-findings", "Findings shown (CSV)", exportFindings),
      page.runs.some((run) => run.places.length) && item("export-draws", "Places that draw (CSV)", exportDraws)));
  return menu;
}
