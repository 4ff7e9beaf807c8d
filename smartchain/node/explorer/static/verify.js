// A receipt is verified here, by this browser, and goes nowhere.

import { verify } from "./receipt.js";

const form = document.getElementById("verify");
const text = document.getElementById("text");
const root = document.getElementById("root");
const drop = document.getElementById("drop");
const verdict = document.getElementById("verdict");
const MOST_BYTES = 1 << 20;
const ETHER = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE";
let file = null; // a chosen file's very bytes: a text field would change its line ends

/** Say what came out, and take the reader there. */
function say(kind, title, sentence, facts = []) {
  verdict.className = `verdict ${kind}`;
  verdict.hidden = false;
  verdict.replaceChildren(element("h2", title), element("p", sentence));
  if (facts.length) {
    const list = element("dl", "", "facts");
    for (const [name, value] of facts) list.append(element("dt", name), element("dd", value, "long"));
    verdict.append(list);
  }
  verdict.focus();
}

function element(name, content, kind = "") {
  const made = document.createElement(name);
  made.textContent = content;
  if (kind) made.className = kind;
  return made;
}

function check() {
  const known = root.value.trim().toLowerCase();
  if (known && !/^0x[0-9a-f]{64}$/.test(known)) {
    root.setAttribute("aria-invalid", "true");
    say("bad", "That root cannot be read", "A root is 0x and 64 hex digits.");
    return;
  }
  root.removeAttribute("aria-invalid");
  const given = bytes();
  if (!given.length) {
    say("bad", "There is no receipt yet", "Drop one above, choose a file, or paste its text.");
    return;
  }
  const found = verify(given, known ? { root: known } : {});
  if (!found.ok) say("bad", "Not proven", found.says);
  else say("good", known ? "Proven" : "Sound in itself", found.says, facts(found.receipt));
}

/** The chosen file as it is; of what was pasted, the line feed at the end that is easily lost in copying is mended. */
function bytes() {
  const written = text.value.trim();
  return file ?? new TextEncoder().encode(written && `${written}\n`);
}

function facts(receipt) {
  const entry = receipt.entry;
  return [
    ["Entry", `#${receipt.index}`],
    ["From", entry.sender],
    ["To", entry.recipient],
    ["Value", entry.subject === ETHER ? ether(entry.value) : `${entry.value} smallest units of ${entry.subject}`],
    ["Time", moment(Number(entry.timestamp))],
    ["Root", receipt.root],
    ["Size", String(receipt.size)],
  ];
}

function ether(wei) {
  const digits = String(wei).padStart(19, "0");
  const fraction = digits.slice(-18).replace(/0+$/, "");
  return `${digits.slice(0, -18)}${fraction ? `.${fraction}` : ""} ETH`;
}

function moment(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.valueOf()) ? `second ${seconds}` : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

async function take(chosen) {
  if (!chosen) return;
  if (chosen.size > MOST_BYTES) {
    say("bad", "That is no receipt", "A receipt has a few thousand bytes; this file has more than a million.");
    return;
  }
  show(await chosen.arrayBuffer());
}

function show(buffer) {
  file = new Uint8Array(buffer);
  text.value = new TextDecoder().decode(file);
  check();
}

async function fetched(index) {
  const answer = await fetch(`${document.body.dataset.base}/api/v1/receipts/${encodeURIComponent(index)}`);
  if (!answer.ok) {
    say("bad", "There is no such receipt", `This node gave none for entry ${index}.`);
    return;
  }
  show(await answer.arrayBuffer());
}

/** What this node says the root is at the receipt's size: all that it learns is that size. */
async function takeRoot() {
  let size = "";
  try {
    size = JSON.parse(new TextDecoder().decode(bytes())).size;
  } catch {
    // without a receipt, or with one that cannot be read, the newest root is as good as any
  }
  const answer = await fetch(`${document.body.dataset.base}/verify.json${Number.isSafeInteger(size) ? `?size=${size}` : ""}`);
  const said = await answer.json();
  if (answer.ok) root.value = said.root;
  else say("bad", "This node has no such root", said.error);
}

form.addEventListener("submit", (event) => { event.preventDefault(); check(); });
text.addEventListener("input", () => { file = null; });
document.getElementById("file").addEventListener("change", (event) => take(event.target.files[0]));
document.getElementById("use-root").addEventListener("click", takeRoot);
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files[0]); });
if (/^[0-9]+$/.test(form.dataset.entry)) fetched(form.dataset.entry);
