import assert from "node:assert/strict";
import { test } from "node:test";
import { distanceWords, fits, folded, metresBetween, type Place, type Wanted } from "../src/places/search";

const BAITA: Place = {
  kind: "spot",
  interests: ["views", "history"],
  open: true,
  words: "白塔山景区 baita mountain park 城关区 chengguan district 白塔山首道门票 baita mountain park entry",
};
const anything: Wanted = { words: "", kind: "", interest: "", open: false };

test("nothing asked for fits everything", () => {
  assert.ok(fits(anything, BAITA));
  assert.ok(fits({ ...anything, words: "   " }, BAITA));
});

test("every word asked for must be there, in either language, whatever its case and width", () => {
  for (const words of ["白塔", "BAITA park", "ｂａｉｔａ", " mountain  baita "]) assert.ok(fits({ ...anything, words }, BAITA));
  assert.ok(!fits({ ...anything, words: "baita museum" }, BAITA));
});

test("kind, interest and open each leave out what they do not mean", () => {
  assert.ok(fits({ ...anything, kind: "spot", interest: "views", open: true }, BAITA));
  assert.ok(!fits({ ...anything, kind: "hotel" }, BAITA));
  assert.ok(!fits({ ...anything, interest: "museum" }, BAITA));
  assert.ok(!fits({ ...anything, open: true }, { ...BAITA, open: false }));
});

test("text is compared as the server compares it", () => {
  assert.equal(folded(" Café ＬＡＮＺＨＯＵ 兰州 "), "cafe lanzhou 兰州");
});

test("distances are those of the server, and told as a person would", () => {
  const bridge = { lat: 36.0665, lon: 103.817 };
  assert.equal(metresBetween(bridge, bridge), 0);
  const metres = metresBetween(bridge, { lat: 36.071, lon: 103.815 });
  assert.ok(metres > 520 && metres < 540, String(metres));
  const texts = { metres: "{n} m", km: "{n} km" };
  assert.deepEqual(
    [0, 4, 527, 1234, 9990, 14_499].map((n) => distanceWords(n, texts)),
    ["10 m", "10 m", "530 m", "1.2 km", "10.0 km", "14 km"],
  );
});
