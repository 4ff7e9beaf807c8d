// A payment by the browser's own wallet (EIP-1193, found by EIP-6963 or as window.ethereum). No key comes near this page.

import { keccak256 } from "./receipt.js";

const form = document.getElementById("send");
const fields = document.getElementById("fields");
const outcome = document.getElementById("outcome");
const { chain, contract, relay, fee } = form.dataset;
const MOST_WEI = 2n ** 256n - 1n;
const REFUSED = 4001;
const UNKNOWN_CHAIN = 4902;
let wallet = null;

/** One read text: what it means, or what is wrong with it. */
const good = (value) => ({ value });
const wrong = (says) => ({ says });

function readRecipient(text) {
  if (!text) return wrong("");
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return wrong("An address is 0x and 40 hex digits.");
  const digits = text.slice(2);
  const plain = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  if (!plain && checksum(digits) !== digits) return wrong("The checksum is wrong: compare it with where you copied it from.");
  if (/^0+$/.test(digits)) return wrong("This is nobody’s address.");
  if (digits.toLowerCase() === contract.slice(2).toLowerCase()) return wrong("This is the contract itself, which refuses payments to itself.");
  return good(`0x${checksum(digits)}`);
}

function checksum(digits) {
  const lower = digits.toLowerCase();
  const hash = hex(keccak256(new TextEncoder().encode(lower)));
  return [...lower].map((digit, at) => (parseInt(hash[at], 16) > 7 ? digit.toUpperCase() : digit)).join("");
}

function readAmount(text) {
  if (!text) return wrong("");
  const match = /^([0-9]{1,60})(?:\.([0-9]+))?$/.exec(text);
  if (!match) return wrong("Write it in digits, with a point: 0.1");
  const fraction = match[2] ?? "";
  if (fraction.length > 18) return wrong("Ether has 18 decimals.");
  const wei = BigInt(match[1] + fraction.padEnd(18, "0"));
  if (wei === 0n) return wrong("A payment of nothing is refused.");
  if (wei > MOST_WEI) return wrong("That is more than there can be.");
  return good(wei);
}

function readMemo(text) {
  if (/^0x/i.test(text)) {
    return /^0x[0-9a-fA-F]{64}$/i.test(text) ? good(text.slice(2).toLowerCase()) : wrong("A memo of hex is 0x and 64 digits.");
  }
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > 32) return wrong(`At most 32 bytes; this has ${bytes.length}.`);
  return text.includes("\0") ? wrong("A memo cannot hold the character NUL.") : good(hex(bytes).padEnd(64, "0"));
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const field = (name) => document.getElementById(name);

function ether(wei) {
  const digits = wei.toString().padStart(19, "0");
  const fraction = digits.slice(-18).replace(/0+$/, "");
  return `${digits.slice(0, -18)}${fraction ? `.${fraction}` : ""} ETH`;
}

/** The payment as written; null while something of it is missing or wrong. */
function read(strict) {
  const found = {
    recipient: readRecipient(field("recipient").value.trim()),
    amount: readAmount(field("amount").value.trim()),
    memo: readMemo(field("memo").value),
  };
  for (const [name, one] of Object.entries(found)) mark(name, one, strict);
  if (Object.values(found).some((one) => one.value === undefined)) return null;
  const [recipient, value, memo] = [found.recipient.value, found.amount.value, found.memo.value];
  const data = `${relay}${recipient.slice(2).toLowerCase().padStart(64, "0")}${memo}`;
  return { recipient, value, memo, data };
}

function mark(name, one, strict) {
  const bad = one.value === undefined && (one.says || strict);
  field(name).toggleAttribute("aria-invalid", false);
  if (bad) field(name).setAttribute("aria-invalid", "true");
  field(`${name}-says`).textContent = bad ? one.says || "This is needed." : "";
  field(`${name}-says`).classList.toggle("wrong", Boolean(bad));
}

/** What a payment as written will have signed. */
function show(payment) {
  const signed = document.getElementById("signed");
  signed.hidden = payment === null;
  if (payment === null) return;
  const kept = (payment.value * BigInt(fee)) / 1000000n;
  const shown = {
    value: `${ether(payment.value)} (${payment.value} wei)`,
    recipient: payment.recipient,
    net: kept ? `${ether(payment.value - kept)}; the contract keeps ${ether(kept)}` : ether(payment.value),
    memo: /^0+$/.test(payment.memo) ? "none" : `${field("memo").value} · 0x${payment.memo}`,
    data: payment.data,
  };
  for (const [name, text] of Object.entries(shown)) signed.querySelector(`[data-show="${name}"]`).textContent = text;
}

function say(kind, title, sentence, href = null) {
  const heading = document.createElement("h2");
  heading.textContent = title;
  const said = document.createElement("p");
  said.textContent = sentence;
  outcome.className = `verdict ${kind}`;
  outcome.hidden = false;
  outcome.replaceChildren(heading, said);
  if (href) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = "See the entry";
    said.append(" ", link);
  }
}

const ask = (method, params = []) => wallet.request({ method, params });

async function toHostChain() {
  try {
    await ask("wallet_switchEthereumChain", [{ chainId: chain }]);
  } catch (error) {
    if (error?.code !== UNKNOWN_CHAIN) throw error;
    throw new Error(`The wallet does not know chain ${Number(chain)}: add it there, with an RPC address that you trust.`);
  }
  const now = await ask("eth_chainId");
  if (BigInt(now) !== BigInt(chain)) throw new Error(`The wallet is on chain ${Number(now)}, and the contract on ${Number(chain)}.`);
}

async function pay(payment) {
  const [from] = await ask("eth_requestAccounts");
  await toHostChain();
  const call = { from, to: contract, value: `0x${payment.value.toString(16)}`, data: payment.data };
  await ask("eth_estimateGas", [call]); // refuses here what the contract would, before anything is signed
  say("", "Your wallet asks you", "Compare what it shows with what stands above.");
  const hash = await ask("eth_sendTransaction", [call]);
  say("", "Sent", `Waiting to be mined: ${hash}`);
  const receipt = await mined(hash);
  if (BigInt(receipt.status) !== 1n) {
    say("bad", "Not paid", `Mined in host block ${Number(receipt.blockNumber)}, but the contract refused it: only gas was spent.`);
    return;
  }
  say("good", "Paid", `Mined in host block ${Number(receipt.blockNumber)}. Waiting until it is verified here.`);
  const href = await recorded(hash);
  if (href) say("good", "Paid and recorded", `${ether(payment.value)} to ${payment.recipient}.`, href);
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function mined(hash) {
  for (;;) {
    const receipt = await ask("eth_getTransactionReceipt", [hash]);
    if (receipt) return receipt;
    await pause(700);
  }
}

async function recorded(hash) {
  for (let tries = 0; tries < 600; tries += 1) {
    const answer = await fetch(`${document.body.dataset.base}/search.json?q=${encodeURIComponent(hash)}`);
    const hit = (await answer.json()).hits?.find((one) => one.kind === "entry");
    if (hit) return hit.href;
    await pause(700);
  }
  return null;
}

function sentence(error) {
  if (error?.code === REFUSED) return "You refused in the wallet; nothing was sent.";
  return `${error?.data?.message ?? error?.message ?? error}`;
}

async function submit() {
  const payment = read(true);
  show(payment);
  if (payment === null) {
    form.querySelector("[aria-invalid=true]").focus();
    return;
  }
  fields.disabled = true;
  try {
    await pay(payment);
  } catch (error) {
    say("bad", "Not sent", sentence(error));
  } finally {
    fields.disabled = false;
  }
}

function found(provider) {
  if (wallet || !provider?.request) return;
  wallet = provider;
  fields.disabled = false;
  document.getElementById("no-wallet").hidden = true;
}

window.addEventListener("eip6963:announceProvider", (event) => found(event.detail.provider));
window.dispatchEvent(new Event("eip6963:requestProvider"));
found(window.ethereum);
form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
form.addEventListener("input", () => show(read(false)));
