import assert from "node:assert/strict";
import { test } from "node:test";
import { answerTo, changesTerms, itemChosen, kindOf, nextScan, together } from "../src/gate/gathering";
import type { ConfirmItem, ScanRequest } from "../src/gate/protocol";
import { percentWords, termsShown, yuan, type Phrase } from "../src/gate/terms";

const WORDS = { zh: "核对", en: "Check" };
const GIFTS: ConfirmItem = {
  item: "choose_item",
  words: WORDS,
  choices: [
    { id: "MAP", zh: "手绘地图", en: "Hand-drawn map" },
    { id: "MAGNET", zh: "冰箱贴", en: "Fridge magnet" },
  ],
};
const SCAN: ScanRequest = { scan_id: "first", code: "YP1" };

/** Each text as its name and its values, so that a test sees which one was taken. */
const phrase: Phrase = (name, values) => ({
  zh: `${name}(${Object.values(values?.zh ?? {}).join(" ")})`,
  en: `${name}(${Object.values(values?.en ?? {}).join(" ")})`,
});

test("every item is asked for in its own way", () => {
  assert.equal(kindOf(GIFTS), "choice");
  assert.equal(kindOf({ item: "nights", words: WORDS }), "nights");
  for (const item of ["height", "age", "birthday", "guardian", "manual_confirm", "check_document"]) {
    assert.equal(kindOf({ item, words: WORDS, choices: [] }), "check");
  }
});

test("what was gathered stays through all rounds, under a new scan id each time", () => {
  const one = nextScan(SCAN, answerTo({ item: "choose_benefit", words: WORDS }, "B33"), "second");
  const two = nextScan(one, answerTo(GIFTS, "MAP"), "third");
  const checks = [answerTo({ item: "nights", words: WORDS }, 3), answerTo({ item: "height", words: WORDS }, true)];
  const three = nextScan(two, together(checks), "fourth");
  const four = nextScan(three, { confirmed: ["height", "check_document"] }, "fifth");
  assert.deepEqual(four, {
    scan_id: "fifth",
    code: "YP1",
    benefit_id: "B33",
    item_id: "MAP",
    nights: 3,
    confirmed: ["height", "check_document"],
  });
  assert.deepEqual(SCAN, { scan_id: "first", code: "YP1" });
});

test("several checks of one screen are all sent", () => {
  const parts = ["guardian", "height"].map((item) => answerTo({ item, words: WORDS }, true));
  assert.deepEqual(together(parts), { confirmed: ["guardian", "height"] });
  assert.deepEqual(together([]), {});
});

test("a choice is looked at again at a desk, a check is not, and the chosen item is known by its words", () => {
  assert.equal(changesTerms({ benefit_id: "B1" }), true);
  assert.equal(changesTerms({ item_id: "MAP" }), true);
  assert.equal(changesTerms({ nights: 2, confirmed: ["age"] }), false);
  assert.equal(itemChosen([GIFTS], { item_id: "MAP" })?.en, "Hand-drawn map");
  assert.equal(itemChosen([GIFTS], { confirmed: ["age"] }), null);
});

test("percentages are said as phrases.py says them", () => {
  const said = (percent: number): string => `${percentWords(percent, "zh")}|${percentWords(percent, "en")}`;
  assert.deepEqual([20, 50, 15, 5, 95, 100].map(said), [
    "八折|20% off",
    "半价|half price",
    "八五折|15% off",
    "九五折|5% off",
    "减 95%|95% off",
    "免费|free",
  ]);
  assert.deepEqual([3000, 3050, 123456].map((fen) => yuan(fen, "en")), ["¥30", "¥30.50", "¥1,234.56"]);
  assert.equal(yuan(3000, "zh"), "30 元");
});

test("nothing is collected where all is free", () => {
  const cart = { item: { zh: "观光车", en: "Cart" }, amount_fen: 3000, optional: true };
  const friend = { who: "child", people: 1, max_height_cm: 120, discount_percent: 100 };
  const shown = termsShown({ free: true, supplements: [cart], companions: [friend] }, null, phrase);
  assert.equal(shown.charge, null);
  assert.deepEqual(
    shown.lines.map(({ name, words }) => `${name}: ${words.en}`),
    ["if_wanted: Cart ¥30", "along: along_child(1 120 free)"],
  );
});

test("whatever costs is said loudly: a discount, an amount due, one bought, a friend at half price", () => {
  const due = { item: { zh: "旺季差价", en: "High season" }, amount_fen: 3000, optional: false };
  const more = { ...due, amount_fen: 1050 };
  const friend = { who: "adult", people: 1, max_height_cm: null, discount_percent: 50 };
  const charge = (terms: Parameters<typeof termsShown>[0]): string | undefined => termsShown(terms, null, phrase).charge?.en;
  assert.equal(charge({ free: false, discount: { percent: 20 } }), "collect_off(20% off)");
  assert.equal(charge({ free: true, supplements: [due, more] }), "collect_more(¥40.50)");
  assert.equal(charge({ free: false, buy_x_get_y: { x: 1, y: 1 } }), "buy_get(1 1)");
  assert.equal(charge({ free: true, companions: [friend] }), "collect_adult(half price)");
  assert.equal(charge({ free: false, discount: { percent: 100 } }), undefined);
});

test("when the limits are spent the discount after them stands alone", () => {
  const terms = { free: false, then_discount: 20, discount: { percent: 50, cap_fen: 5000 }, supplements: [] };
  const shown = termsShown(terms, null, phrase);
  assert.equal(shown.charge?.zh, "collect_then(八折)");
  assert.deepEqual(shown.lines, []);
});

test("what is handed over is what the clerk chose, else what the benefit gives", () => {
  const item = GIFTS.choices![0]!;
  assert.equal(termsShown({ items: ["WELCOME"] }, item, phrase).hand?.zh, "hand_over(手绘地图)");
  assert.equal(termsShown({ items: ["CAKE-6IN"] }, null, phrase).hand?.en, "hand_over(CAKE-6IN)");
  assert.equal(termsShown({}, null, phrase).hand, null);
});

test("the rest is one line each", () => {
  const terms = {
    discount: { percent: 30, cap_fen: 5000, base: "best_available_rate" },
    deposit_returned_fen: 1000,
    child_policy: { max_age: 6, max_height_cm: 120, else: "PASS-CHILD" },
    excludes: [
      { zh: "船票", en: "boat" },
      { zh: "缆车", en: "cable car" },
    ],
  };
  assert.deepEqual(
    termsShown(terms, null, phrase).lines.map(({ name, words }) => `${name}: ${words.en}`),
    [
      "price: off_best_available_rate(30% off), at_most(¥50)",
      "deposit: deposit_back(¥10)",
      "children: children_free(up_to_age(6) and up_to_height(120))",
      "excludes: boat, cable car",
    ],
  );
});
