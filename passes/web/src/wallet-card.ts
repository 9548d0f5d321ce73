// The card for paper: a button that opens the printer, shown only where it works.
const button = document.getElementById("print");
button?.addEventListener("click", () => window.print());
button?.removeAttribute("hidden");
