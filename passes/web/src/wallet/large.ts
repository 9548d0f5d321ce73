// The code alone on a white screen: the larger and brighter it is, the sooner a reader has it.
const REST = ".skip, .site-header, .site-footer, main > :not(.pass), .pass > :not(figure)";

export function offerLarge(figure: HTMLElement, button: HTMLElement, texts: Record<string, string>): void {
  const show = (large: boolean): void => {
    figure.classList.toggle("large", large);
    document.documentElement.classList.toggle("still", large);
    for (const element of document.querySelectorAll<HTMLElement>(REST)) element.inert = large;
    button.setAttribute("aria-expanded", String(large));
    button.textContent = texts[large ? "smaller" : "larger"] ?? "";
  };
  button.addEventListener("click", () => show(!figure.classList.contains("large")));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && figure.classList.contains("large")) show(false);
  });
}
