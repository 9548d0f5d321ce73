// node decisions.mjs MODULE CASES: how many scans a second the built module decides.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const SECONDS = 2;
const [module, cases] = process.argv.slice(2);
const { answer, decide } = await import(pathToFileURL(module));
const { sheet, facts } = JSON.parse(await readFile(cases, "utf8"));

for (const [measure, call] of [["decide", decide], ["decide and next_allowed", answer]]) {
  let done = 0;
  for (const one of facts) call(sheet, one);
  const began = performance.now();
  while (performance.now() - began < SECONDS * 1000) {
    for (const one of facts) call(sheet, one);
    done += facts.length;
  }
  console.log(JSON.stringify({ measure, per_second: Math.round(done / ((performance.now() - began) / 1000)) }));
}
