import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { ZXING_WASM_SHA256 } from "barcode-detector/ponyfill";
import { endShift, listScans, voidScan } from "../src/gate/ledger";
import { ShownMemory, Sightings } from "../src/gate/memory";
import { clockWords, momentWords } from "../src/gate/moments";
import {
  enrol,
  enrolmentCode,
  newScanId,
  rehearse,
  sendScan,
  type ScanRequest,
  type Surroundings,
} from "../src/gate/protocol";
import { characterOf, Wedge, withoutLineEnd } from "../src/gate/wedge";

const SCAN: ScanRequest = { scan_id: "5a1e9c1c-9a0b-4d1e-8f5e-0d6f3f0c7a11", code: "YP0123" };
const ANSWER = { scan_id: SCAN.scan_id, decision: "admitted", words: { zh: "请进", en: "Welcome" } };
const ADMITTED = { answers: [ANSWER] };

/** A server that gives these answers in turn; a number is a status without JSON, null a broken network. */
function around(answers: unknown[]): { around: Surroundings; sent: RequestInit[]; paths: string[]; waits: number[] } {
  const sent: RequestInit[] = [];
  const paths: string[] = [];
  const waits: number[] = [];
  return {
    sent,
    paths,
    waits,
    around: {
      fetch: (input, init) => {
        sent.push(init ?? {});
        paths.push(String(input));
        const answer = answers.shift();
        if (answer === null || answer === undefined) return Promise.reject(new TypeError("no network"));
        if (typeof answer === "number") return Promise.resolve(new Response("<html>", { status: answer }));
        const [status, body] = Array.isArray(answer) ? (answer as [number, unknown]) : [200, answer];
        if (status === 204) return Promise.resolve(new Response(null, { status }));
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

test("a camera reads a code once while it is in sight, and again when it has been away", () => {
  const sightings = new Sightings();
  assert.equal(sightings.isNew("YP1", 0), true);
  for (let at = 80; at < 20_000; at += 80) assert.equal(sightings.isNew("YP1", at), false);
  assert.equal(sightings.isNew("YP2", 20_080), true);
  assert.equal(sightings.isNew("YP2", 23_100), true);
  sightings.forget();
  assert.equal(sightings.isNew("YP2", 23_180), true);
});

test("a rehearsal is asked of a path of its own", async () => {
  const { around: surroundings, paths } = around([ADMITTED]);
  assert.equal((await rehearse("token", SCAN, surroundings)).kind, "answer");
  assert.deepEqual(paths, ["/api/v1/gate/rehearsals"]);
});

test("the list asks for a page, a taking back names its scan, and an answer without a body is one", async () => {
  const { around: surroundings, paths, sent } = around([{ items: [] }, {}, [204, null]]);
  await listScans("token", { mine: true, before: "17" }, surroundings);
  await voidScan("token", SCAN.scan_id, "wrong benefit", surroundings);
  assert.deepEqual(await endShift("token", surroundings), { kind: "answer", answer: null });
  assert.deepEqual(paths, [
    "/api/v1/gate/scans?limit=20&mine=1&before=17",
    `/api/v1/gate/scans/${SCAN.scan_id}/void`,
    "/api/v1/gate/shifts/current",
  ]);
  assert.equal(sent[1]!.body, JSON.stringify({ reason: "wrong benefit" }));
});

test("an enrolment code is found in a link, or is what was typed", () => {
  assert.equal(enrolmentCode("https://youyou.example/gate#enrol=ABCD-EFGH"), "ABCD-EFGH");
  assert.equal(enrolmentCode("/gate#enrol=ABCD-EFGH&lang=en"), "ABCD-EFGH");
  assert.equal(enrolmentCode(" abcd efgh "), "abcd efgh");
});

test("a moment is said by the city's day, whatever the tablet's zone", () => {
  const words = { today: "today", tomorrow: "tomorrow" };
  const now = new Date("2026-11-24T15:59:00Z"); // 23:59 in Lanzhou
  assert.equal(momentWords("2026-11-24T15:59:30Z", "en-GB", words, now), "today 23:59");
  assert.equal(momentWords("2026-11-24T16:00:00Z", "en-GB", words, now), "tomorrow 00:00");
  assert.match(momentWords("2026-11-25T22:30:00Z", "en-GB", words, now), /^26 November 2026 Thu 06:30$/);
  assert.match(momentWords("2026-11-25T22:30:00Z", "zh-CN", words, now), /2026年11月26日 周四 06:30/);
  assert.equal(momentWords("soon", "en-GB", words, now), "soon");
  assert.equal(clockWords("2026-11-24T16:00:05Z", "zh-CN", true), "00:00:05");
});

test("the decoder served is the one the detector was built with", async () => {
  const manifest = JSON.parse(await readFile("static/manifest.json", "utf8")) as Record<string, string>;
  const decoder = await readFile(`static/${manifest["zxing_reader.wasm"]}`);
  assert.equal(createHash("sha256").update(decoder).digest("hex"), ZXING_WASM_SHA256);
});
