import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { answer, decide, nextAllowed, type Answer, type DaySheet, type Facts } from "../src/decide";

interface Vectors {
  format: number;
  sheets: { sheet: DaySheet }[];
  cases: { name: string; sheet: number; facts: Facts; answer: Answer }[];
}

const VECTORS = JSON.parse(await readFile("../../tests/data/decide-vectors.json", "utf8")) as Vectors;

const sheetOf = (number: number): DaySheet => VECTORS.sheets[number]!.sheet;
const admitted = VECTORS.cases.find((one) => one.answer.outcome === "admitted")!;

test("every shared case gets the answer that is written down", () => {
  assert.ok(VECTORS.cases.length > 200);
  for (const { name, sheet, facts, answer: wanted } of VECTORS.cases) {
    assert.deepEqual(answer(sheetOf(sheet), facts), wanted, name);
  }
});

test("the zone of the machine changes nothing", () => {
  const usual = process.env.TZ;
  for (const zone of ["Pacific/Kiritimati", "America/New_York"]) {
    process.env.TZ = zone;
    for (const { name, sheet, facts, answer: wanted } of VECTORS.cases) {
      assert.deepEqual(answer(sheetOf(sheet), facts), wanted, `${name} in ${zone}`);
    }
  }
  if (usual === undefined) delete process.env.TZ;
  else process.env.TZ = usual;
});

test("nothing that is handed in is changed", () => {
  const before = JSON.stringify(VECTORS);
  for (const { sheet, facts } of VECTORS.cases) answer(sheetOf(sheet), facts);
  assert.equal(JSON.stringify(VECTORS), before);
});

test("a sheet of an unknown format is not guessed at", () => {
  const sheet = { ...sheetOf(admitted.sheet), format: VECTORS.format + 1 };
  assert.throws(() => decide(sheet, admitted.facts), /unknown format/);
});

test("a question of an unknown kind is not passed over", () => {
  const sheet = sheetOf(admitted.sheet);
  for (const kind of ["weather", "constructor"]) {
    const openings = sheet.openings.map(() => [[kind]]) as unknown as DaySheet["openings"];
    assert.throws(() => decide({ ...sheet, openings }, admitted.facts), /unknown question/);
  }
});

test("a scan of another day is not decided by this day's sheet", () => {
  const sheet = sheetOf(admitted.sheet);
  const facts = { ...admitted.facts, now: admitted.facts.now + 86_400 };
  assert.throws(() => decide(sheet, facts), /not on the sheet's day/);
});

test("at the next moment it is let in, and a second before it is not", () => {
  let asked = 0;
  for (const { name, sheet, facts, answer: told } of VECTORS.cases) {
    const { next_allowed_at: at } = told;
    if (at === null) continue;
    assert.equal(nextAllowed(sheetOf(sheet), facts, told), at, name);
    if (Math.floor((at + 28_800) / 86_400) !== sheetOf(sheet).day) continue;
    assert.notEqual(decide(sheetOf(sheet), { ...facts, now: at }).outcome, "refused", name);
    assert.equal(decide(sheetOf(sheet), { ...facts, now: at - 1 }).outcome, "refused", name);
    asked += 1;
  }
  assert.ok(asked > 5);
});
