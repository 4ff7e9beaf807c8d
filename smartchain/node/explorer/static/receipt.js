// A receipt, verified without asking anyone: the same rules as smartchain/ledger/receipt.py, and none of its code.
//
//     import { verify } from "./receipt.js";
//     const { ok, says } = verify(bytes, { root: "0x…" });
//
// Give the file's bytes where there are bytes: a browser that reads a file as text drops a byte order mark.

import { keccak256 } from "./keccak.js";

export { keccak256 };

export const FORMAT = "smartchain-receipt/1";
export const MOST_BYTES = 8192;

const FIELDS = [
  "format", "chain_id", "ledger", "genesis_size", "index", "entry", "size", "root", "proof",
  "block", "host", "anchor", "checksum",
]; // prettier-ignore
const ENTRY = ["subject", "sender", "recipient", "value", "timestamp", "memo"];
const BLOCK = ["number", "hash", "parent", "timestamp", "size", "root", "proof"];
const HOST = ["block", "transaction"];
const ANCHOR = ["number", "hash"];
const ETHER = "0x" + "ee".repeat(20);
const NOBODY = "0x" + "00".repeat(20);
const NO_MEMO = "0x" + "00".repeat(32);
const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const LAST_TIMESTAMP = 253402300799; // 9999-12-31T23:59:59Z

/** What is wrong with a receipt, in one sentence. */
export class ReceiptError extends Error {}

/**
 * What a receipt proves: against a root that is known to be the ledger's, a block's hash, or neither.
 *
 * @param {string | Uint8Array} file
 * @param {{root?: string, block?: string}} known each 0x and 64 hex digits
 * @returns {{ok: boolean, says: string, against: ("root" | "block" | null), receipt: (object | null)}}
 *   `says` is one sentence: what is proven, or what is wrong.
 */
export function verify(file, { root, block } = {}) {
  try {
    const receipt = parse(file);
    checkEntry(receipt);
    checkBlock(receipt);
    const against = checkKnown(receipt, lower(root), lower(block));
    return { ok: true, says: sentence(receipt, against), against, receipt };
  } catch (error) {
    if (!(error instanceof ReceiptError)) throw error;
    return { ok: false, says: error.message, against: null, receipt: null };
  }
}

/**
 * What the file says, if it is in a receipt's one form and its checksum is that of its text.
 *
 * @param {string | Uint8Array} file
 * @returns {object} the fields of the file
 * @throws {ReceiptError}
 */
export function parse(file) {
  const text = plain(file);
  const receipt = readJson(text);
  fields(receipt, FIELDS, "");
  if (receipt.format !== FORMAT) wrong("format", `"${FORMAT}"`);
  checkForm(receipt);
  const body = JSON.stringify(ordered(receipt, FIELDS.slice(0, -1))).slice(0, -1);
  const oneForm = `${body},"checksum":"${receipt.checksum}"}\n`;
  if (text !== oneForm) {
    throw new ReceiptError(`the file is not in a receipt's one form, from character ${differ(text, oneForm)} on`);
  }
  if (receipt.checksum !== hex(keccak256(ascii(body)))) {
    throw new ReceiptError(`the checksum is not that of the rest: ${altered(receipt)}`);
  }
  return receipt;
}

/** What in a receipt with a wrong checksum is wrong, as far as it shows. */
function altered(receipt) {
  try {
    checkEntry(receipt);
    checkBlock(receipt);
  } catch (error) {
    if (error instanceof ReceiptError) return error.message;
    throw error;
  }
  return "chain_id, ledger, genesis_size, host, anchor or the checksum itself was altered, all else holds";
}

// the form

function ordered(receipt, names) {
  const inside = { entry: ENTRY, block: BLOCK, host: HOST, anchor: ANCHOR };
  const found = {};
  for (const name of names) {
    const value = receipt[name];
    found[name] = value !== null && typeof value === "object" ? ordered(value, inside[name]) : value;
  }
  return found;
}

function checkForm(receipt) {
  number(receipt, "chain_id");
  address(receipt, "ledger");
  for (const name of ["genesis_size", "index"]) number(receipt, name);
  checkEntryForm(fields(receipt.entry, ENTRY, "entry"));
  number(receipt, "size");
  hash(receipt, "root");
  hashes(receipt, "proof");
  if (receipt.block !== null) checkBlockForm(fields(receipt.block, BLOCK, "block"));
  if (receipt.host !== null) {
    number(fields(receipt.host, HOST, "host"), "block", "host.");
    hash(receipt.host, "transaction", "host.");
  }
  if (receipt.anchor !== null) {
    number(fields(receipt.anchor, ANCHOR, "anchor"), "number", "anchor.");
    hash(receipt.anchor, "hash", "anchor.");
  }
  hash(receipt, "checksum");
}

function checkEntryForm(entry) {
  for (const name of ["subject", "sender", "recipient"]) address(entry, name, "entry.");
  value(entry, "value", "entry.");
  number(entry, "timestamp", "entry.");
  hash(entry, "memo", "entry.");
}

function checkBlockForm(block) {
  for (const name of ["number", "timestamp", "size"]) number(block, name, "block.");
  for (const name of ["hash", "parent", "root"]) hash(block, name, "block.");
  hashes(block, "proof", "block.");
}

function plain(file) {
  if (file.length > MOST_BYTES) throw new ReceiptError(`this is longer than a receipt can be (${MOST_BYTES} bytes)`);
  const text = typeof file === "string" ? file : new TextDecoder("latin1").decode(file);
  if (/[^\x00-\x7f]/.test(text)) {
    throw new ReceiptError("a receipt holds plain ASCII only, and this has other characters");
  }
  return text;
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new ReceiptError("this is not JSON: it was cut off or altered, or is no receipt");
  }
}

function fields(found, known, name) {
  if (found === null || typeof found !== "object" || Array.isArray(found)) {
    throw new ReceiptError(`${name || "the receipt"} is not a JSON object`);
  }
  const path = name ? `${name}.` : "";
  for (const field of Object.keys(found)) {
    if (!known.includes(field)) throw new ReceiptError(`the field ${path}${shown(field)} is not known`);
  }
  for (const field of known) {
    if (!Object.hasOwn(found, field)) throw new ReceiptError(`the field ${path}${field} is missing`);
  }
  return found;
}

function number(from, field, path = "") {
  if (!Number.isSafeInteger(from[field]) || from[field] < 0) wrong(path + field, "a whole number below 2^53");
}

function value(from, field, path) {
  const text = from[field];
  if (typeof text !== "string" || !/^(0|[1-9][0-9]{0,77})$/.test(text) || BigInt(text) >> 256n) {
    wrong(path + field, "a uint256 in decimal digits, in quotation marks");
  }
}

function hash(from, field, path = "") {
  const text = from[field];
  if (typeof text !== "string" || !/^0x[0-9a-f]{64}$/.test(text)) {
    wrong(path + field, "0x and 64 hex digits in lower case");
  }
}

function address(from, field, path = "") {
  const text = from[field];
  if (typeof text !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(text) || withChecksum(text) !== text) {
    wrong(path + field, "an address with its checksum");
  }
}

function hashes(from, field, path = "") {
  const text = from[field];
  const raw = typeof text === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? decoded(text) : null;
  if (raw === null || raw.length % 32 !== 0 || btoa(raw) !== text) wrong(path + field, "base64 of hashes in a row");
}

/** What base64 says, a character a byte; null where it is none. */
function decoded(text) {
  try {
    return atob(text);
  } catch {
    return null;
  }
}

function wrong(path, expected) {
  throw new ReceiptError(`the field ${path} is not ${expected}`);
}

/** A stranger's text in an error: short, and without what could play with a screen. */
function shown(text) {
  const short = text.length <= 40 ? text : `${text.slice(0, 40)}...`;
  return `'${short.replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)}'`;
}

function differ(one, other) {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at++;
  return at;
}

// what is checked

function checkEntry(receipt) {
  const { index, size, genesis_size: opening } = receipt;
  if (index >= size) throw new ReceiptError(`there is no entry ${index} in a log of ${size}: index or size was altered`);
  if (opening > size) throw new ReceiptError("genesis_size is above size: one of them was altered");
  if (!includes(leafOf(receipt.entry), index, size, listed(receipt.proof), receipt.root)) {
    throw new ReceiptError(
      `the proof does not lead from this entry at index ${index} to the root at ${size}: ` +
        "the entry, index, size, root or proof was altered",
    );
  }
}

function checkBlock(receipt) {
  const { block, index, size } = receipt;
  if (block === null) return;
  if (blockHash(block) !== block.hash) {
    throw new ReceiptError("the block's hash is not that of its header: the block was altered");
  }
  if (!(index < block.size && block.size <= size)) {
    throw new ReceiptError(`a block of size ${block.size} does not hold entry ${index} at size ${size}`);
  }
  if (!goesOn(block.size, size, block.root, receipt.root, listed(block.proof))) {
    throw new ReceiptError("the block's root is not one that the log went through: the block or its proof was altered");
  }
  if (index === block.size - 1 && block.number && block.timestamp !== receipt.entry.timestamp) {
    throw new ReceiptError("the block's timestamp is not that of its last entry, which this is");
  }
  checkGenesis(receipt, block);
}

function checkGenesis(receipt, block) {
  if ((block.number === 0) !== receipt.index < receipt.genesis_size) {
    throw new ReceiptError("opening entries are in block 0 and no others are: block, index or genesis_size is wrong");
  }
  if (block.number === 0 && block.size !== receipt.genesis_size) {
    throw new ReceiptError("block 0 holds the opening entries, all of them: its size is not genesis_size");
  }
  if (block.number === 0 && block.parent !== hex(anchorOf(receipt))) {
    throw new ReceiptError("block 0 does not hang on this ledger and chain: ledger, chain_id or the block is wrong");
  }
}

function checkKnown(receipt, root, block) {
  if (root !== null && root !== receipt.root) {
    throw new ReceiptError(
      `the receipt is for the root ${receipt.root} of ${receipt.size} entries, not for the root that was given: ` +
        "it is of another ledger or another size of it, or forged",
    );
  }
  if (block !== null && (receipt.block === null || receipt.block.hash !== block)) {
    const there = receipt.block ? `block ${receipt.block.hash}` : "no block yet";
    throw new ReceiptError(`by the receipt the entry is in ${there}, not in the block that was given`);
  }
  return root !== null ? "root" : block !== null ? "block" : null;
}

/** A hash that a person gave, in lower case; null for none. */
function lower(given) {
  if (given === undefined || given === null || given === "") return null;
  const text = String(given).trim().toLowerCase();
  if (!/^0x[0-9a-f]{64}$/.test(text)) throw new ReceiptError("what was given is no hash: write 0x and 64 hex digits");
  return text;
}

// the log: RFC 9162 sections 2.1.3.2 and 2.1.4.2

function includes(leaf, index, size, proof, root) {
  let [fn, sn, node] = [BigInt(index), BigInt(size) - 1n, leaf];
  for (const sibling of proof) {
    if (sn === 0n) return false;
    if (fn & 1n || fn === sn) {
      node = nodeHash(sibling, node);
      while (!(fn & 1n) && fn) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      node = nodeHash(node, sibling);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && hex(node) === root;
}

function goesOn(first, second, firstRoot, secondRoot, proof) {
  if (first === second) return proof.length === 0 && firstRoot === secondRoot;
  let [fn, sn] = [BigInt(first) - 1n, BigInt(second) - 1n];
  const path = BigInt(first) & fn ? proof : [bytes(firstRoot), ...proof];
  if (path.length === 0) return false;
  while (fn & 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  let [one, two] = [path[0], path[0]];
  for (const node of path.slice(1)) {
    if (sn === 0n) return false;
    if (fn & 1n || fn === sn) {
      [one, two] = [nodeHash(node, one), nodeHash(node, two)];
      while (!(fn & 1n) && fn) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      two = nodeHash(two, node);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && hex(one) === firstRoot && hex(two) === secondRoot;
}

function leafOf({ subject, sender, recipient, value, timestamp, memo }) {
  const parts = [bytes(subject), bytes(sender), bytes(recipient), big(value, 32), big(timestamp, 8), bytes(memo)];
  return keccak256(joined([0x00], ...parts));
}

function nodeHash(left, right) {
  return keccak256(joined([0x01], left, right));
}

function blockHash({ parent, number, timestamp, size, root }) {
  return hex(keccak256(joined([0x02], bytes(parent), big(number, 8), big(timestamp, 8), big(size, 8), bytes(root))));
}

function anchorOf({ chain_id: chain, ledger }) {
  return keccak256(joined(ascii("smartchain"), big(chain, 32), bytes(ledger)));
}

/** The entry's name in the smart chain, as Ethereum's clients call it. */
export function transactionOf(receipt) {
  return hex(keccak256(joined([0x03], anchorOf(receipt), big(receipt.index, 8), leafOf(receipt.entry))));
}

// what is said

function sentence(receipt, against) {
  const root = `${receipt.root} of ${receipt.size} entries`;
  const claim = `entry ${receipt.index} says that ${what(receipt.entry)}${caveat(receipt)}`;
  const place = receipt.chain_id
    ? `the ledger ${receipt.ledger} on chain ${receipt.chain_id}`
    : `the journal ${receipt.ledger}`;
  if (against === null) {
    return `Sound in itself, and as good as the root it names: if ${place} has the root ${root}, ${claim}.`;
  }
  const given = against === "root" ? root : `${receipt.block.hash} of ${receipt.block.size} entries`;
  const whose = `that it is the ${against} of ${place} is for whoever gave it to know`;
  return `Proven against the ${against} that was given, ${given}: ${claim}; ${whose}.`;
}

function what(entry) {
  const { subject, sender, recipient } = entry;
  if (subject.toLowerCase() === NOTE) {
    const note = `a note of ${entry.value} bytes with the keccak256 ${entry.memo}`;
    return `${sender} wrote down ${note} at ${when(entry.timestamp)}`;
  }
  const amount = subject.toLowerCase() === ETHER ? ether(BigInt(entry.value)) : `${entry.value} of ${subject}`;
  const memo = entry.memo === NO_MEMO ? "" : ` with the memo ${entry.memo}`;
  let deed = `${amount} went from ${sender} to ${recipient}`;
  if (subject.toLowerCase() === SEAL) deed = `${sender} sealed a block`;
  else if (sender === NOBODY) deed = `${amount} came into being for ${recipient}`;
  else if (recipient === NOBODY) deed = `${amount} of ${sender} was destroyed`;
  return `${deed} at ${when(entry.timestamp)}${memo}`;
}

function caveat({ index, genesis_size: opening }) {
  const said = ", which as an opening entry is the deployer's assertion and no evidence of a payment";
  return index < opening ? said : "";
}

function ether(wei) {
  const unit = 10n ** 18n;
  const text = `${wei / unit}.${String(wei % unit).padStart(18, "0")}`;
  return `${text.replace(/\.?0+$/, "")} ether`;
}

function when(timestamp) {
  if (timestamp > LAST_TIMESTAMP) return `second ${timestamp}`;
  return new Date(timestamp * 1000).toISOString().replace(".000Z", "Z");
}

// bytes

function hex(of) {
  let text = "0x";
  for (let at = 0; at < of.length; at++) text += PAIRS[of[at]];
  return text;
}

function bytes(text) {
  const found = new Uint8Array((text.length - 2) / 2);
  for (let at = 0; at < found.length; at++) found[at] = parseInt(text.slice(2 + 2 * at, 4 + 2 * at), 16);
  return found;
}

/** A whole number as that many bytes, the highest first. */
function big(whole, length) {
  return bytes("0x" + BigInt(whole).toString(16).padStart(2 * length, "0"));
}

function ascii(text) {
  const found = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) found[at] = text.charCodeAt(at);
  return found;
}

function joined(...parts) {
  const found = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    found.set(part, at);
    at += part.length;
  }
  return found;
}

function listed(base64) {
  const raw = ascii(atob(base64));
  const found = [];
  for (let at = 0; at < raw.length; at += 32) found.push(raw.subarray(at, at + 32));
  return found;
}

/** An address with the checksum of ERC-55 in the case of its letters. */
export function withChecksum(address) {
  const digits = address.slice(2).toLowerCase();
  const digest = hex(keccak256(ascii(digits))).slice(2);
  let text = "0x";
  for (let at = 0; at < 40; at++) text += digest[at] > "7" ? digits[at].toUpperCase() : digits[at];
  return text;
}

const SEAL = hex(keccak256(ascii("smartchain.seal")).subarray(12));
const NOTE = hex(keccak256(ascii("smartchain.note")).subarray(12));
