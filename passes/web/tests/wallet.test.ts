import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, serverNow, viewOf, waitAfter, type Failure, type ServerTime } from "../src/wallet/showing";

const START = 1_795_572_000_000;
const time: ServerTime = { now: START, since: { steady: 5_000, wall: 900_000 } };
const after = (steady: number, wall: number): number =>
  serverNow(time, { steady: 5_000 + steady, wall: 900_000 + wall });

test("the server's time goes on with the phone's clocks", () => {
  assert.equal(after(15_000, 15_000), START + 15_000);
});

test("a phone's wrong clock does not matter, a jump back makes no code younger", () => {
  assert.equal(after(20_000, -3_600_000), START + 20_000);
});

test("a phone that slept knows how long by its wall clock", () => {
  assert.equal(after(100, 60_000), START + 60_000);
});

test("a jump forward covers at most too early", () => {
  assert.ok(viewOf(START + 60_000, after(1_000, 3_600_000), null).covered);
});

for (const failure of [null, { kind: "offline" }, { kind: "server" }] as (Failure | null)[]) {
  test(`a code stays until its expiry and is covered from then on: ${failure?.kind ?? "no failure"}`, () => {
    const expiry = START + 60_000;
    assert.deepEqual(viewOf(expiry, expiry - 1, failure), { covered: false, failure, secondsLeft: 1 });
    assert.deepEqual(viewOf(expiry, expiry, failure), { covered: true, failure, secondsLeft: 0 });
    assert.deepEqual(viewOf(expiry, expiry + 3_600_000, failure), { covered: true, failure, secondsLeft: 0 });
  });
}

test("a closed link covers at once and nothing is asked again", () => {
  const closed: Failure = { kind: "closed", detail: "revoked" };
  assert.deepEqual(viewOf(START + 60_000, START, closed), { covered: true, failure: closed, secondsLeft: 0 });
  assert.equal(waitAfter(closed), null);
});

test("after a failure it asks again sooner", () => {
  assert.ok((waitAfter({ kind: "offline" }) ?? Infinity) < (waitAfter(null) ?? 0));
});

test("an answer that is no code is a failure of the server", () => {
  const good = { status: "ready", path: "M0 0h1v1h-1z", size: 49, expires_at: START + 60_000, now: START };
  assert.deepEqual(codeOf(good), good);
  for (const bad of [null, 7, "ready", {}, { ...good, path: null }, { ...good, now: "1" }, { ...good, expires_at: undefined }])
    assert.equal(codeOf(bad), null);
});

test("an answer without a code says the status", () => {
  const frozen = { status: "frozen", path: null, size: null, expires_at: null, now: START };
  assert.deepEqual(codeOf(frozen), frozen);
});
