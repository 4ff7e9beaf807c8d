// What every page does: follow the chain, say how long ago, copy, and jump to the search with "/".

const LEAST_BETWEEN_MS = 1000;
const ASK_EVERY_MS = 5000;
const LOOK_EVERY_MS = 60000;
const STEPS = [[60, 1, "second"], [3600, 60, "minute"], [86400, 3600, "hour"], [2592000, 86400, "day"]];

const news = document.getElementById("news");
let stream = null;
let last = 0;
let waiting = 0;
let announced = Number(document.body.dataset.size);
let place = announced; // entries that the node's events have told of

/** Tell the page that the chain moved: parts with hx-trigger="moved from:body" fetch themselves anew. */
function moved() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    last = Date.now();
    document.body.classList.add("moved");
    document.body.dispatchEvent(new CustomEvent("moved"));
  }, Math.max(0, last + LEAST_BETWEEN_MS - Date.now()));
}

/** Follow the node's events, from what the page shows on; where the node has no room, ask now and then. */
function follow() {
  if (document.hidden || !document.body.dataset.stream) return;
  stream = new EventSource(`${document.body.dataset.stream}?from=${place}`);
  stream.addEventListener("entry", (event) => { place = JSON.parse(event.data).index + 1; moved(); });
  stream.addEventListener("block", moved);
  stream.addEventListener("reorganisation", (event) => { place = JSON.parse(event.data).from; moved(); });
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return; // else the browser comes back by itself
    setTimeout(seen, ASK_EVERY_MS);
  });
}

/** A browser has few connections to one node: a page that nobody sees keeps none. */
function seen() {
  stream?.close();
  if (document.hidden) return;
  moved();
  follow();
}

function ago(seconds) {
  if (seconds > -60 && seconds < 5) return "just now";
  for (const [end, size, unit] of STEPS) {
    if (seconds >= 0 && seconds < end) {
      const count = Math.max(1, Math.floor(seconds / size));
      return `${count} ${unit}${count > 1 ? "s" : ""} ago`;
    }
  }
  return null;
}

function tick() {
  for (const element of document.querySelectorAll("time[title]")) {
    const at = Date.parse(element.dateTime);
    const text = Number.isNaN(at) ? null : ago(Math.floor(Date.now() / 1000) - at / 1000);
    if (text !== null && element.textContent !== text) element.textContent = text;
  }
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    news.textContent = "Copied.";
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1200);
  } catch {
    news.textContent = "The browser does not let this page copy.";
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".copy");
  if (button) copy(button);
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const search = document.getElementById("q");
  if (event.key === "/" && search && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    search.select();
  }
});

document.body.addEventListener("htmx:after:swap", () => {
  tick();
  const size = Number(document.getElementById("main").dataset.size);
  const more = size - announced;
  if (more > 0) news.textContent = `${more} new ${more === 1 ? "entry" : "entries"}, ${size} in all.`;
  announced = size;
});

tick();
setInterval(tick, 1000);
setInterval(moved, Number(document.body.dataset.look) || LOOK_EVERY_MS);
document.addEventListener("visibilitychange", seen);
window.addEventListener("pagehide", () => stream?.close());
window.addEventListener("pageshow", (event) => event.persisted && seen());
follow();
