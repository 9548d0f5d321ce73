// node mutants.mjs CASES: break decide.ts in one place at a time, and tell which breaks no case of CASES notices.
//
// Every comparison, every &&, ||, ! and truth value, every number, and every Math.min and some with its kin is turned
// once. CASES has
// the lines of the twins: a sheet, then [facts, answer] for each of its cases.
import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const TURNED = {
  ...{ "<": "<=", "<=": "<", ">": ">=", ">=": ">", "===": "!==", "!==": "===", "&&": "||", "||": "&&" },
  ...{ "Math.max": "Math.min", "Math.min": "Math.max", ".some(": ".every(", ".every(": ".some(", "!": "", "true": "false", "false": "true" },
};
const OPERATOR = /(?<= )(?:===|!==|<=|>=|&&|\|\||<|>)(?= |$)|Math\.(?:max|min)(?=\()|\.(?:some|every)\(|!(?=[\w(])|\b(?:true|false)\b/gm;
const NUMBER = /(?<![\w$."'`]|void )\d[\d_]*(?![\w$.])/g;
const STRING = /"(?:[^"\\]|\\.)*"/g;
const MOST_TURNS = 2000;
const PATIENCE_MS = 10_000;

/** decide.ts with all it imports, as one script that a mutation can be made in: no types, no comments. */
async function script() {
  const { outputFiles } = await build({
    entryPoints: [path.join(HERE, "..", "src", "decide.ts")],
    bundle: true,
    absWorkingDir: path.join(HERE, ".."),
    format: "iife",
    globalName: "twin",
    target: "es2022",
    write: false,
  });
  return outputFiles[0].text;
}

function mutantsOf(text) {
  const ours = text.indexOf("  // src/");
  const shown = text.replace(STRING, (found) => "_".repeat(found.length));
  const found = [];
  const add = (at, from, to) => found.push({ from, to, line: lineAt(text, at), text: text.slice(0, at) + to + text.slice(at + from.length) });
  for (const match of shown.matchAll(OPERATOR)) add(match.index, match[0], TURNED[match[0]]);
  for (const match of shown.matchAll(NUMBER)) {
    const value = Number(match[0].replaceAll("_", ""));
    for (const other of [value - 1, value + 1]) add(match.index, match[0], other < 0 ? `(${other})` : String(other));
  }
  return found.filter(({ text: mutant }) => mutant.slice(0, ours) === text.slice(0, ours));
}

function lineAt(text, at) {
  const begins = text.lastIndexOf("\n", at) + 1;
  return text.slice(begins, text.indexOf("\n", at)).trim();
}

async function read(file) {
  let sheet = null;
  const cases = [];
  for (const line of (await readFile(file, "utf8")).trimEnd().split("\n")) {
    const value = JSON.parse(line);
    if (Array.isArray(value)) cases.push({ sheet, facts: value[0], answer: sorted(value[1]) });
    else sheet = value;
  }
  // Those of one sheet lie far apart: most mutants fail within the first few.
  return cases.map((one, n) => [(n * 0.6180339887) % 1, one]).sort(([a], [b]) => a - b).map(([, one]) => one);
}

const sorted = (value) =>
  JSON.stringify(value, (_, part) =>
    part === null || typeof part !== "object" || Array.isArray(part)
      ? part
      : Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))),
  );

/** Whether some case is answered otherwise than it should be, fails, or is never answered. */
function isCaught(text, cases) {
  let turns = 0;
  const turn = () => {
    turns += 1;
    if (turns > MOST_TURNS) throw new Error("endless");
  };
  const begin = () => {
    turns = 0;
  };
  const context = vm.createContext({ cases, begin, turn });
  const counted = text.replace(/(while \(.*\) \{)/, "$1 turn();");
  const check = "cases.some(({ sheet, facts, told }) => (begin(), JSON.stringify(twin.answer(sheet, facts)) !== told))";
  try {
    return vm.runInContext(`${counted}; ${check}`, context, { timeout: PATIENCE_MS });
  } catch {
    return true;
  }
}

const text = await script();
const cases = await read(process.argv[2]);
const { answer } = vm.runInNewContext(`${text}; twin`);
const wrong = cases.filter((one) => sorted(answer(one.sheet, one.facts)) !== one.answer).length;
for (const one of cases) one.told = JSON.stringify(answer(one.sheet, one.facts));
const mutants = mutantsOf(text);
const survivors = mutants.filter((mutant) => !isCaught(mutant.text, cases));
console.log(
  JSON.stringify({
    wrong,
    mutants: mutants.length,
    operators: mutants.filter(({ from }) => from in TURNED).length,
    survivors: survivors.map(({ from, to, line }) => `${from} -> ${to}   ${line}`),
  }),
);
