// The Solidity compiler of npm (WebAssembly) behind the command line of the native one, as far as py-solc-x, ape, forge
// and slither use it: --version, --standard-json [FILE], --base-path, --include-path, --allow-paths.
"use strict";

const fs = require("fs");
const path = require("path");

const VALUED = new Set(["--base-path", "--include-path", "--allow-paths"]);

function parse(words) {
  const given = { flags: new Set(), base: process.cwd(), include: [], allow: [], file: null };
  for (let i = 0; i < words.length; i++) {
    const at = words[i].startsWith("--") ? words[i].indexOf("=") : -1;
    const name = at < 0 ? words[i] : words[i].slice(0, at);
    if (VALUED.has(name)) {
      const value = at < 0 ? words[++i] : words[i].slice(at + 1);
      if (value === undefined) fail(`${name} needs a path`);
      if (name === "--base-path") given.base = path.resolve(value || ".");
      else if (name === "--include-path") given.include.push(path.resolve(value));
      else given.allow.push(...value.split(",").filter(Boolean).map((one) => path.resolve(one)));
    } else if (name === "-" || !name.startsWith("-")) given.file = name;
    else given.flags.add(name);
  }
  return given;
}

function fail(sentence) {
  process.stderr.write(`solc: ${sentence}\n`);
  process.exit(1);
}

// An import is looked for as the native compiler does: under the base path, then the include paths, nowhere else.
function reader({ base, include, allow }) {
  const roots = [base, ...include];
  const allowed = [...roots, ...allow].map((one) => one + path.sep);
  return (name) => {
    for (const root of roots) {
      const file = path.resolve(root, name.replace(/^file:\/\//, ""));
      if (!allowed.some((one) => file.startsWith(one)) || !fs.existsSync(file)) continue;
      return { contents: fs.readFileSync(file, "utf8") };
    }
    return { error: `File not found: ${name}. Searched: ${roots.join(", ")}` };
  };
}

// WebAssembly prints negative AST ids modulo 2^32; analysers compare them with the native compiler's.
function signed(node) {
  if (Array.isArray(node)) return node.map(signed);
  if (node === null || typeof node !== "object") return node;
  for (const [key, value] of Object.entries(node)) {
    if (key === "referencedDeclaration" && value > 0x7fffffff) node[key] = value - 2 ** 32;
    else if (key === "overloadedDeclarations") node[key] = value.map((id) => (id > 0x7fffffff ? id - 2 ** 32 : id));
    else if (typeof value === "object") signed(value);
  }
  return node;
}

function compile(input, given) {
  const answer = require("solc").compile(input, { import: reader(given) });
  process.removeAllListeners("uncaughtException"); // emscripten's own
  if (!answer.includes('"ast":')) return answer;
  const output = JSON.parse(answer);
  Object.values(output.sources ?? {}).forEach((source) => signed(source.ast ?? null));
  return JSON.stringify(output);
}

async function stdin() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function main() {
  const given = parse(process.argv.slice(2));
  if (given.flags.has("--version")) {
    const version = fs.readFileSync(path.join(__dirname, "VERSION"), "utf8").trim();
    process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}.Emscripten.clang\n`);
  } else if (given.flags.has("--standard-json")) {
    const text = given.file && given.file !== "-" ? fs.readFileSync(given.file, "utf8") : await stdin();
    process.stdout.write(compile(text, given) + "\n");
  } else fail("this WebAssembly build answers --version and --standard-json only");
}

main().catch((error) => fail(error.message));
