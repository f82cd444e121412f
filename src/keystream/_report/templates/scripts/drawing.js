// What the chart looks like: ticks of the axis, and the bars of a lane on its canvas.

const TICK = 90; // pixels between ticks at least, so that their numbers do not touch

// Steps at which a tick stands: 1, 2 or 5 times a power of ten apart.
function ticksOf(from, to, width) {
  const least = (TICK * (to - from)) / Math.max(width, 1);
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  const by = Math.max(1, [1, 2, 5, 10].map((times) => times * power).find((size) => size >= least));
  const ticks = [];
  for (let step = Math.ceil(from / by) * by; step < to; step += by) ticks.push(step);
  return ticks;
}

function drawTicks(chart) {
  const ticks = ticksOf(...chart.view, chart.width).map((step) => tickAt(chart, step, number(step)));
  if (partingShown(chart)) ticks.push(tickAt(chart, chart.parting, "≠", "parting"));
  chart.ticks.replaceChildren(...ticks);
}

function tickAt(chart, step, said, kind = "") {
  const tick = make("span", { class: kind }, said);
  tick.style.left = `${chart.x(step)}px`;
  return tick;
}

const partingShown = ({ parting, view }) => parting !== null && parting >= view[0] && parting < view[1];

// Canvas has no variables of CSS: they are read, so that light and dark are said in one place.
function colours(element) {
  const style = getComputedStyle(element);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

function drawLane(chart, canvas, at, lane, columns) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const colour = colours(canvas);
  drawGrid(chart, pen, height, colour);
  drawSelection(chart, pen, height, at, colour);
  if (lane) drawBars(chart, pen, height, lane, columns, colour);
  if (partingShown(chart)) drawParting(chart, pen, height, colour);
  drawCursor(chart, pen, height, at, colour);
}

function drawParting(chart, pen, height, colour) {
  pen.strokeStyle = colour("ink");
  pen.setLineDash([4, 3]);
  pen.beginPath();
  pen.moveTo(Math.round(chart.x(chart.parting)) + 0.5, 0);
  pen.lineTo(Math.round(chart.x(chart.parting)) + 0.5, height);
  pen.stroke();
  pen.setLineDash([]);
}

function drawGrid(chart, pen, height, colour) {
  pen.fillStyle = colour("grid");
  for (const step of ticksOf(...chart.view, chart.width)) pen.fillRect(Math.round(chart.x(step)), 0, 1, height);
}

function drawSelection(chart, pen, height, at, colour) {
  if (chart.selected?.row !== at) return;
  const [low, high] = [chart.x(chart.selected.from), chart.x(chart.selected.to)];
  pen.fillStyle = colour("selected");
  pen.fillRect(low, 0, Math.max(high - low, 2), height);
}

function drawBars(chart, pen, height, lane, { per, start, count }, colour) {
  const bars = [];
  let most = 0;
  for (let column = 0; column < count; column++) {
    const from = start + column * per;
    const [draws, again] = countsOf(lane, from, from + per);
    if (draws) bars.push([from, draws, again]);
    most = Math.max(most, draws);
  }
  const hatched = hatch(pen, colour);
  const room = height - 8; // above the bars is room for the triangles
  for (const [from, draws, again] of bars) {
    const left = Math.round(chart.x(from)); // on whole pixels, or narrow bars flicker into stripes
    const right = Math.round(chart.x(from + per));
    const gap = right - left > 5 ? 1 : 0;
    const wide = Math.max(right - left - gap, 1);
    const tall = Math.max(room * (draws / most), 3);
    const mark = again ? Math.max((tall * again) / draws, 3) : 0;
    pen.fillStyle = colour("draw");
    pen.fillRect(left, height - tall, wide, tall - mark);
    if (!mark) continue;
    pen.fillStyle = colour("again");
    pen.fillRect(left, height - mark, wide, mark);
    pen.fillStyle = hatched;
    pen.fillRect(left, height - mark, wide, mark);
  }
  drawTriangles(chart, pen, bars, per, colour);
}

// A triangle over what repeats, so that one in a thousand is seen; neighbours share one.
function drawTriangles(chart, pen, bars, per, colour) {
  pen.fillStyle = colour("again");
  let last = -Infinity;
  for (const [from, , again] of bars) {
    const middle = (chart.x(from) + chart.x(from + per)) / 2;
    if (!again || middle - last < 7) continue;
    last = middle;
    pen.beginPath();
    pen.moveTo(middle - 3.5, 0);
    pen.lineTo(middle + 3.5, 0);
    pen.lineTo(middle, 6);
    pen.fill();
  }
}

function drawCursor(chart, pen, height, at, colour) {
  if (!chart.cursor.shown || chart.cursor.row !== at) return;
  const [from, to] = chart.columnOf(chart.cursor.step);
  const left = chart.x(from);
  pen.strokeStyle = colour("ink");
  pen.lineWidth = 1.5;
  pen.strokeRect(left - 1, 1, Math.max(chart.x(to) - left, 3) + 1, height - 2);
}

// Diagonal lines, by which a repeat is told from a draw without its colour.
function hatch(pen, colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const line = tile.getContext("2d");
  line.strokeStyle = colour("paper");
  line.lineWidth = 1;
  line.beginPath();
  for (const offset of [-6, 0, 6]) {
    line.moveTo(offset, 6);
    line.lineTo(offset + 6, 0);
  }
  line.stroke();
  return pen.createPattern(tile, "repeat");
}
