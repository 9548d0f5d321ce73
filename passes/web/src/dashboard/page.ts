// The words and tables of the page, brought up to date. No charts here.

import type { Live } from "./live";

function setText(place: Element | null, text: string): void {
  if (place && place.textContent !== text) place.textContent = text;
}

function all(selector: string): NodeListOf<HTMLElement> {
  return document.querySelectorAll<HTMLElement>(selector);
}

function rowOf(cells: string[], link: string | undefined): HTMLTableRowElement {
  const row = document.createElement("tr");
  cells.forEach((text, column) => {
    const cell = document.createElement(column === 0 ? "th" : "td");
    if (column > 0) cell.className = "number";
    else cell.setAttribute("scope", "row");
    if (column === 0 && link) {
      const anchor = document.createElement("a");
      anchor.href = `/dashboard?${link}`;
      anchor.textContent = text;
      cell.append(anchor);
    } else {
      cell.textContent = text;
    }
    row.append(cell);
  });
  return row;
}

/** A row in which the reader stands keeps its link, so that a keyboard does not lose its place. */
function showTable(body: HTMLElement, rows: string[][], links: Record<string, string>): void {
  const present = Array.from(body.children);
  rows.forEach((cells, number) => {
    const old = present[number];
    const made = rowOf(cells, links[String(number)]);
    if (!old) body.append(made);
    else if (old.textContent?.replace(/\s+/g, "") !== made.textContent?.replace(/\s+/g, "")) {
      const held = old.contains(document.activeElement);
      old.replaceWith(made);
      if (held) made.querySelector("a")?.focus();
    }
  });
  for (const old of present.slice(rows.length)) old.remove();
}

export function showPage(live: Live): void {
  for (const place of all("[data-as-of]")) {
    const freshness = live[place.dataset["asOf"] as "as_of" | "answers_as_of"];
    setText(place.querySelector("span") ?? place, freshness.text);
    place.classList.toggle("stale", freshness.stale);
  }
  for (const place of all("[data-figure]")) setText(place, live.figures[place.dataset["figure"] ?? ""]?.value ?? "");
  for (const place of all("[data-note]")) setText(place, live.figures[place.dataset["note"] ?? ""]?.note ?? "");
  for (const place of all("[data-say]")) setText(place, live.panels[place.dataset["say"] ?? ""]?.say ?? "");
  for (const body of all("[data-rows]")) {
    const panel = live.panels[body.dataset["rows"] ?? ""];
    if (panel) showTable(body, panel.rows, panel.links);
  }
  for (const name of ["chart", "keys", "chartNote"]) {
    const attribute = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const place of all(`[data-${attribute}]`)) place.hidden = !live.panels[place.dataset[name] ?? ""]?.chart;
  }
  setText(document.querySelector("[data-period]"), live.period);
  const nothing = document.querySelector<HTMLElement>("[data-nothing]");
  if (nothing) nothing.hidden = live.anything;
  for (const charts of all("[data-charts]")) charts.hidden = !live.anything;
}
