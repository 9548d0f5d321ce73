// A page that says what is wrong with a form takes the place of the form's answer in the browser's memory: whoever comes
// back to it, or loads it again, is shown the page and not asked whether to send the form once more.
const page = document.querySelector<HTMLElement>("[data-page]")?.dataset["page"];
if (page !== undefined) history.replaceState(null, "", new URL(page || location.href, location.href));
