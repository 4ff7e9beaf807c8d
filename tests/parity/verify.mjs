// What the browser's verifier says of receipts: JSON on stdin, JSON on stdout.
//
//     {"verify": [{"text", "root"}]}          ->  [[ok, says], …]
//     {"hash": [hex]}                         ->  [hex, …]
//     {"alter": [{"text", "with": [hex]}]}    ->  the alterations that passed: [[receipt, position, byte], …]

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { keccak256, verify } = await import(pathToFileURL(process.argv[2]));
const asked = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(answer()));

function answer() {
  if (asked.hash) return asked.hash.map((message) => Buffer.from(keccak256(Buffer.from(message, "hex"))).toString("hex"));
  return asked.verify ? asked.verify.map(verified) : asked.alter.flatMap(passed);
}

function verified({ text, root }) {
  const { ok, says } = verify(text, { root });
  return [ok, says];
}

function passed({ text, with: rounds }, number) {
  const file = Buffer.from(text);
  const found = [];
  for (const round of rounds) {
    const others = Buffer.from(round, "hex");
    for (let at = 0; at < file.length; at++) {
      const was = file[at];
      file[at] = others[at];
      if (verify(file).ok) found.push([number, at, others[at]]);
      file[at] = was;
    }
  }
  return found;
}
