// Plots: data from the node, drawn by uPlot, redrawn when the chain moves, the window or the colours change.

const WHOLE = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power)).flat();
const holder = document.querySelector("[data-plots]");
const drawn = new Map();
let newest = null;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });

/** A second as ISO 8601; past the calendar of browsers as the number that it is. */
function iso(second) {
  const date = new Date(second * 1000);
  return Number.isNaN(date.valueOf()) ? `second ${second}` : date.toISOString();
}

function span(seconds) {
  for (const [size, unit] of [[86400, "day"], [3600, "hour"], [60, "minute"]]) {
    if (seconds % size === 0) return seconds === size ? `a ${unit}`.replace("a hour", "an hour") : `${seconds / size} ${unit}s`;
  }
  return seconds === 1 ? "a second" : `${seconds} seconds`;
}

/** Columns of the node's answer as uPlot takes them, and how they are to be drawn. */
function series(name, data) {
  if (name === "balance") {
    const points = data.points;
    return { t: points.map((p) => p.time), v: points.map((p) => Number(p.ether)), steps: true, unit: "ETH" };
  }
  if (name === "blocks") {
    return { t: data.curve.map((p) => p.time), v: data.curve.map((p) => p.blocks), steps: true, whole: true, unit: "" };
  }
  const columns = data.columns;
  const t = columns.map((c) => c.time);
  const each = span(data.width_s);
  const width = data.width_s;
  if (name === "value") return { t, width, v: columns.map((c) => Number(c.value)), bars: true, unit: `ETH in ${each}` };
  if (name === "transfers") return { t, width, v: columns.map((c) => c.transfers), bars: true, whole: true, unit: `in ${each}` };
  let sum = 0;
  return { t, v: columns.map((c) => (sum += c.entries)), whole: true, unit: "" };
}

/** Times must rise for uPlot: of several at one second the last counts. */
function rising(t, v) {
  const at = [];
  t.forEach((time, place) => { if (t[place + 1] !== time) at.push(place); });
  return [at.map((place) => t[place]), at.map((place) => v[place])];
}

function options(element, shape, unit) {
  const axis = { stroke: colour("--quiet"), font: "12px system-ui, sans-serif", ticks: { show: false }, gap: 6 };
  const grid = { stroke: colour("--line"), width: 1 };
  const line = { stroke: colour("--plot-1"), width: shape.bars ? 0 : 1.75, fill: shape.bars ? colour("--plot-1") : colour("--plot-fill"), points: { show: false } };
  if (shape.bars) line.paths = uPlot.paths.bars({ size: [0.8, 24], align: 1, radius: 0.15 });
  if (shape.steps) line.paths = uPlot.paths.stepped({ align: 1 });
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    padding: [10, 8, 0, 0],
    scales: { x: { range: (_, low, high) => [low, high + (shape.width ?? 0)] }, y: { range: (_, low, high) => range(low, high) } },
    axes: [
      { ...axis, grid: { show: false }, size: 30, space: 70, values: (_, ticks) => ticks.map((tick) => moment(tick, ticks)) },
      { ...axis, grid, size: 52, ...(shape.whole ? { incrs: WHOLE } : {}), values: (_, ticks) => ticks.map((tick) => compact.format(tick)) },
    ],
    series: [{}, line],
    hooks: { setCursor: [(plot) => pointed(plot, unit, shape.unit)] },
  };
}

/** A tick of time, as short as its neighbours allow; UTC, as everywhere here. */
function moment(tick, ticks) {
  const apart = ticks.length > 1 ? ticks[1] - ticks[0] : 86400;
  const text = iso(tick);
  if (apart >= 86400 * 28) return text.slice(0, 7);
  if (apart >= 86400) return text.slice(5, 10);
  return apart >= 60 ? text.slice(11, 16) : text.slice(11, 19);
}

function range(low, high) {
  const bottom = Math.min(0, low ?? 0);
  const top = Math.max(0, high ?? 0);
  return bottom === top ? [0, 1] : [bottom * 1.08, top * 1.08];
}

/** What stands under the pointer, in words beside the title. */
function pointed(plot, unit, text) {
  const at = plot.cursor.idx;
  if (at === null || at === undefined) {
    unit.textContent = text;
    return;
  }
  const time = iso(plot.data[0][at]).replace("T", " ").slice(0, 19);
  unit.textContent = `${number.format(plot.data[1][at])} ${text} · ${time} UTC`;
}

/** Draw all; `anew` where colours or sizes changed, else only the data are put in. */
function draw(anew) {
  for (const element of holder.querySelectorAll("[data-plot]")) {
    const name = element.dataset.plot;
    const shape = series(name, newest);
    const unit = holder.querySelector(`[data-unit="${name}"]`);
    const data = rising(shape.t, shape.v);
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", said(element, data, shape.unit));
    const old = drawn.get(name);
    if (old && !anew && old.unit === shape.unit) {
      old.plot.setData(data);
      continue;
    }
    old?.plot.destroy();
    drawn.delete(name);
    unit.textContent = shape.unit;
    if (data[0].length) drawn.set(name, { plot: new uPlot(options(element, shape, unit), data, element), unit: shape.unit });
  }
}

function said(element, [t, v], unit) {
  const title = element.parentElement.querySelector("figcaption").firstChild.textContent.trim();
  if (!t.length) return `${title}: nothing yet`;
  const day = (time) => iso(time).slice(0, 16).replace("T", " ");
  const most = v.reduce((a, b) => Math.max(a, b));
  return `${title}, from ${day(t[0])} to ${day(t.at(-1))}: last ${number.format(v.at(-1))}, most ${number.format(most)} ${unit}`;
}

async function load() {
  const answer = await fetch(holder.dataset.plots);
  if (!answer.ok) return;
  newest = await answer.json();
  draw(false);
  if (newest.counted < newest.size) setTimeout(load, 700); // the node is still counting
}

if (holder) {
  load();
  document.body.addEventListener("moved", load);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => newest && draw(true));
  let resized = 0;
  new ResizeObserver(() => { clearTimeout(resized); resized = setTimeout(() => newest && draw(true), 120); }).observe(holder);
}
