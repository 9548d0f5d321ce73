// The order form: the birth date is asked for only where the document's number does not hold it.
// Without this script the field stays visible, and its hint says when to leave it empty.

const type = document.querySelector<HTMLSelectElement>("#document_type");
const number = document.querySelector<HTMLInputElement>("#document_number");
const birthField = document.querySelector<HTMLElement>("#birth-field");

function showBirthField(): void {
  if (!type || !number || !birthField) return;
  const digits = number.value.replace(/[\s-]/g, "").length;
  const inNumber = type.value === "CN_ID" || (type.value === "CN_PR_CARD" && (digits === 0 || digits === 18));
  // A field with a message stays, or nobody would see the message.
  birthField.hidden = inNumber && !birthField.querySelector(".field-error");
}

type?.addEventListener("change", showBirthField);
number?.addEventListener("input", showBirthField);
showBirthField();
