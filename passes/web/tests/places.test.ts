import assert from "node:assert/strict";
import { distanceWords, metresBetween, nearestFirst } from "../src/places/distance";
import { fits, folded, type Place, type Wanted } from "../src/places/search";
import { test } from "node:test";

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
  const bridge = { lat: 36.064, lon: 103.817 };
  assert.equal(metresBetween(bridge, bridge), 0);
  assert.ok(Math.abs(metresBetween(bridge, { lat: 36.086, lon: 103.749 }) - 6_584) < 30);
  const texts = { metres: "{n} m", km: "{n} km" };
  const read = [0, 344, 994, 996, 1_260, 9_949, 24_900].map((metres) => distanceWords(metres, texts));
  assert.deepEqual(read, ["10 m", "340 m", "990 m", "1.0 km", "1.3 km", "9.9 km", "25 km"]);
});

test("the nearest comes first and nothing is lost", () => {
  const spots = [{ lat: 36.2, lon: 103.8 }, { lat: 36.06, lon: 103.82 }, { lat: 36.1, lon: 103.7 }];
  const sorted = nearestFirst({ lat: 36.064, lon: 103.817 }, spots, (spot) => spot);
  assert.deepEqual(sorted.map(({ thing }) => spots.indexOf(thing)), [1, 2, 0]);
});
