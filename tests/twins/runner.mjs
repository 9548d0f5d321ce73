// node runner.mjs MODULE CASES: one answer a line for each facts of CASES, asked of the sheet that stands before it.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [module, cases] = process.argv.slice(2);
const { answer } = await import(pathToFileURL(module));

let sheet = null;
let waiting = [];

const told = (facts) => {
  try {
    return answer(sheet, facts);
  } catch (error) {
    return { error: String(error) };
  }
};

for await (const line of createInterface({ input: createReadStream(cases), crlfDelay: Infinity })) {
  const value = JSON.parse(line);
  if ("format" in value) sheet = value;
  else waiting.push(JSON.stringify(told(value)));
  if (waiting.length === 1000) {
    process.stdout.write(waiting.join("\n") + "\n");
    waiting = [];
  }
}
if (waiting.length > 0) process.stdout.write(waiting.join("\n") + "\n");
