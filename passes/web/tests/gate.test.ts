import assert from "node:assert/strict";
import { test } from "node:test";
import { ShownMemory } from "../src/gate/memory";
import { enrol, newScanId, sendScan, type ScanRequest, type Surroundings } from "../src/gate/protocol";
import { characterOf, Wedge, withoutLineEnd } from "../src/gate/wedge";

const SCAN: ScanRequest = { scan_id: "5a1e9c1c-9a0b-4d1e-8f5e-0d6f3f0c7a11", code: "YP0123" };
const ANSWER = { scan_id: SCAN.scan_id, decision: "admitted", words: { zh: "请进", en: "Welcome" } };
const ADMITTED = { answers: [ANSWER] };

/** A server that gives these answers in turn; a number is a status without JSON, null a broken network. */
function around(answers: unknown[]): { around: Surroundings; sent: RequestInit[]; waits: number[] } {
  const sent: RequestInit[] = [];
  const waits: number[] = [];
  return {
    sent,
    waits,
    around: {
      fetch: (_input, init) => {
        sent.push(init ?? {});
        const answer = answers.shift();
        if (answer === null || answer === undefined) return Promise.reject(new TypeError("no network"));
        if (typeof answer === "number") return Promise.resolve(new Response("<html>", { status: answer }));
        const [status, body] = Array.isArray(answer) ? (answer as [number, unknown]) : [200, answer];
        return Promise.resolve(new Response(JSON.stringify(body), { status }));
      },
      wait: (milliseconds) => {
        waits.push(milliseconds);
        return Promise.resolve();
      },
      timeoutMs: 1000,
    },
  };
}

test("every character of a code is read from the physical key", () => {
  const typed = "YP09AZ+-./:";
  const codes = ["KeyY", "KeyP", "Digit0", "Digit9", "KeyA", "KeyZ", "Equal", "Minus", "Period", "Slash", "Semicolon"];
  const shifted = [true, true, false, false, true, true, true, false, false, false, true];
  // An input method says "Process", a French keyboard "q" for the key that writes A.
  for (const key of ["Process", "Unidentified", "é"]) {
    const read = codes.map((code, i) => characterOf({ code, key, shiftKey: shifted[i]! }, false)).join("");
    assert.equal(read, typed);
  }
  assert.equal(characterOf({ code: "KeyA", key: "q", shiftKey: true }, false), "A");
  assert.equal(characterOf({ code: "KeyA", key: "A", shiftKey: false }, false), "A");
});

test("caps lock turns letters only", () => {
  assert.equal(characterOf({ code: "KeyY", key: "Process", shiftKey: false }, true), "Y");
  assert.equal(characterOf({ code: "KeyY", key: "Process", shiftKey: true }, true), "y");
  assert.equal(characterOf({ code: "Digit1", key: "1", shiftKey: false }, true), "1");
  assert.equal(characterOf({ code: "ArrowLeft", key: "ArrowLeft", shiftKey: false }, false), null);
});

test("a fast burst is a scanner, slow keys are a person, a pause starts afresh", () => {
  const wedge = new Wedge();
  [..."YPABCDEF"].forEach((character, i) => wedge.add(character, 1000 + i * 10));
  assert.deepEqual(wedge.take(1090), { text: "YPABCDEF", burst: true });
  [..."YPABCDEF"].forEach((character, i) => wedge.add(character, 5000 + i * 200));
  assert.deepEqual(wedge.take(6500), { text: "YPABCDEF", burst: false });
  wedge.add("X", 7000);
  wedge.add("Y", 9000);
  assert.equal(wedge.take(9010).text, "Y");
  assert.equal(wedge.take(9020).text, "");
});

test("only a line end is cut off a text", () => {
  assert.equal(withoutLineEnd(" YP01 \r\n"), " YP01 ");
  assert.equal(withoutLineEnd("yp\n01\n"), "yp\n01");
});

test("the same text within three seconds shows the same answer, and showing it starts them anew", () => {
  const memory = new ShownMemory<string>();
  memory.keep("YP1", "green", 0);
  assert.equal(memory.repeat("YP1", 2999), "green");
  assert.equal(memory.repeat("YP1", 5998), "green");
  assert.equal(memory.repeat("YP2", 5999), null);
  assert.equal(memory.repeat("YP1", 8998), null);
});

test("while the answer is unknown the same scan id is sent again", async () => {
  const { around: surroundings, sent, waits } = around([null, 502, ADMITTED]);
  const outcome = await sendScan("token", SCAN, surroundings);
  assert.equal(outcome.kind, "answer");
  assert.equal(sent.length, 3);
  assert.deepEqual(new Set(sent.map((init) => init.body)), new Set([JSON.stringify(SCAN)]));
  assert.equal(waits.length, 2);
});

test("a server that stays silent is neither green nor red", async () => {
  const { around: surroundings, sent } = around([null, null, null, ADMITTED]);
  assert.deepEqual(await sendScan("token", SCAN, surroundings), { kind: "silent" });
  assert.equal(sent.length, 3);
});

test("an answer to another scan, or without words, or from a hotel's log-in page, is no answer", async () => {
  const others = [{ ...ANSWER, scan_id: "other" }, { ...ANSWER, words: null }, { decision: "admitted" }, null];
  for (const wrong of [...others.map((answer) => ({ answers: [answer] })), { answers: [] }, {}, 200]) {
    const { around: surroundings } = around([wrong, wrong, wrong]);
    assert.deepEqual(await sendScan("token", SCAN, surroundings), { kind: "silent" });
  }
});

test("a time-out aborts the request and counts as no answer", async () => {
  const never: Surroundings = {
    fetch: (_input, init) =>
      new Promise((_done, fail) => init?.signal?.addEventListener("abort", () => fail(new Error("aborted")))),
    wait: () => Promise.resolve(),
    timeoutMs: 5,
  };
  assert.deepEqual(await sendScan("token", SCAN, never), { kind: "silent" });
});

test("401 asks for a new enrolment and other refusals are shown, neither sent again", async () => {
  const signedOff = around([[401, { code: "device_revoked", detail: "signed off" }]]);
  assert.equal((await sendScan("token", SCAN, signedOff.around)).kind, "signed_off");
  assert.equal(signedOff.sent.length, 1);
  const conflict = around([[409, { code: "scan_id_reused", detail: "used" }]]);
  assert.equal((await sendScan("token", SCAN, conflict.around)).kind, "problem");
  assert.equal(conflict.sent.length, 1);
});

test("enrolling sends the old token along, and the fields' reasons come back", async () => {
  const { around: surroundings, sent } = around([
    [422, { code: "invalid_fields", detail: "wrong", fields: { code: ["missing"] } }],
  ]);
  const outcome = await enrol("", "tablet", "old", surroundings);
  assert.deepEqual(outcome, {
    kind: "problem",
    problem: { code: "invalid_fields", detail: "wrong", fields: { code: ["missing"] } },
  });
  assert.equal((sent[0]!.headers as Record<string, string>).Authorization, "Bearer old");
});

test("a scan id is a version 4 UUID, also without randomUUID", () => {
  const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const source = { getRandomValues: crypto.getRandomValues.bind(crypto) };
  const made = new Set(Array.from({ length: 100 }, () => newScanId(source)));
  assert.equal(made.size, 100);
  for (const id of made) assert.match(id, shape);
  assert.match(newScanId(), shape);
});
