import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDigit, documentFault, emailFault, holdsBirth, phoneFault } from "../src/shop/checks";
import { sumOf, yuan } from "../src/shop/sum";
import { pauseAfter } from "../src/shop/waiting";

test("a digit typed wrong is noticed", () => {
  assert.equal(checkDigit("11010519491231002"), "X");
  assert.equal(documentFault("CN_ID", " 11010519491231002x "), null);
  assert.equal(documentFault("CN_ID", "１１０１０５１９４９１２３１００２Ｘ"), null);
  assert.equal(documentFault("CN_ID", "110105194912310021"), "id_check");
  assert.equal(documentFault("CN_ID", "1101"), "id_shape");
});

test("what the server alone can judge is left to it", () => {
  assert.equal(documentFault("PASSPORT", "x"), null);
  assert.equal(documentFault("CN_ID", ""), null);
  assert.equal(phoneFault(""), null);
  assert.equal(emailFault(""), null);
});

test("a phone number is wrong only where it surely is", () => {
  for (const good of ["138 1234 5678", "+44 20 7946 0958", "0931-8888888", "+1 (212) 555-0100"]) {
    assert.equal(phoneFault(good), null, good);
  }
  for (const wrong of ["1381234567", "12", "ring me", "138123456789"]) assert.equal(phoneFault(wrong), "phone", wrong);
});

test("an address without its end is noticed", () => {
  assert.equal(emailFault("wang@example.com"), null);
  for (const wrong of ["wang@", "wang", "wang@example", "a b@example.com"]) assert.equal(emailFault(wrong), "email", wrong);
});

test("the birth date is asked for where the number does not hold it", () => {
  assert.equal(holdsBirth("CN_ID", ""), true);
  assert.equal(holdsBirth("PASSPORT", "E12345678"), false);
  assert.equal(holdsBirth("CN_PR_CARD", "ABC123456789012"), false);
  assert.equal(holdsBirth("CN_PR_CARD", "911124198108030024"), true);
});

test("a page that waits long asks seldom", () => {
  assert.equal(pauseAfter(0), 2_000);
  assert.equal(pauseAfter(600_000), 15_000);
});

test("what is chosen is summed up, and said as the server says it", () => {
  assert.equal(sumOf(["19900", undefined, "6900"]), 26800);
  assert.deepEqual([19900, 1250, 0, 123450000].map(yuan), ["¥199", "¥12.50", "¥0", "¥1,234,500"]);
});
