// The list and the map of places, live: what is typed or chosen is searched here, among what the page already holds.
// A position never leaves the phone. The address keeps the choices, so that a link or the back button shows them again.
import { distanceWords, metresBetween, type DistanceTexts, type Position } from "./places/distance";
import { fits, folded, type Wanted } from "./places/search";

interface Texts extends DistanceTexts {
  count: string; here: string; locating: string; denied: string; nowhere: string;
  changes_at: number | null;
}

const byId = <T extends HTMLElement>(id: string): T => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no #${id}`);
  return found as T;
};

const texts = JSON.parse(byId("texts").textContent ?? "{}") as Texts;
const form = byId<HTMLFormElement>("search");
const near = byId<HTMLSelectElement>("near");
const locate = byId<HTMLButtonElement>("locate");
const status = byId("count");
const list = document.querySelector<HTMLUListElement>("#list ul.places");
const items = [...document.querySelectorAll<HTMLLIElement>("[data-place]")];
const markers = new Map([...document.querySelectorAll<SVGAElement>("[data-marker]")].map((a) => [a.dataset.marker, a]));
const HERE = "here";
let here: Position | null = null;

function wanted(): Wanted {
  const data = new FormData(form);
  const text = (name: string): string => String(data.get(name) ?? "");
  return { words: text("q"), kind: text("kind"), interest: text("interest"), open: data.has("open") };
}

function position(): Position | null {
  if (near.value === HERE) return here;
  const { lat, lon } = near.selectedOptions[0]?.dataset ?? {};
  return lat && lon ? { lat: Number(lat), lon: Number(lon) } : null;
}

function metresTo(item: HTMLLIElement, from: Position | null): number {
  const { lat, lon } = item.dataset;
  return from && lat && lon ? metresBetween(from, { lat: Number(lat), lon: Number(lon) }) : Number.POSITIVE_INFINITY;
}

function show(): void {
  const asked = wanted();
  const from = position();
  let shown = 0;
  const distances = new Map(items.map((item) => [item, metresTo(item, from)]));
  for (const item of items) {
    const { kind = "", interests = "", open = "", words = "" } = item.dataset;
    const fit = fits(asked, { kind, interests: interests.split(" "), open: open === "1", words });
    item.hidden = !fit;
    markers.get(item.dataset.place)?.toggleAttribute("hidden", !fit);
    if (fit) shown += 1;
    const metres = distances.get(item) ?? Number.POSITIVE_INFINITY;
    const distance = item.querySelector("[data-distance]");
    if (distance) distance.textContent = Number.isFinite(metres) ? `· ${distanceWords(metres, texts)}` : "";
  }
  const order = from ? [...items].sort((a, b) => (distances.get(a) ?? 0) - (distances.get(b) ?? 0)) : items;
  list?.append(...order);
  status.textContent = texts.count.replace("{shown}", String(shown)).replace("{all}", String(items.length));
  byId("none").hidden = shown > 0;
  byId("all").hidden = shown === items.length && !from;
}

function remember(): void {
  const address = new URL(location.href);
  address.search = "";
  for (const [name, value] of new FormData(form)) {
    const text = String(value).trim();
    if (text && !(name === "near" && text === HERE)) address.searchParams.set(name, text);
  }
  history.replaceState(null, "", address);
}

function changed(): void {
  show();
  remember();
}

function found(place: GeolocationPosition): void {
  here = { lat: place.coords.latitude, lon: place.coords.longitude };
  let option = near.querySelector<HTMLOptionElement>(`option[value="${HERE}"]`);
  if (!option) {
    option = new Option(texts.here, HERE);
    near.append(option);
  }
  near.value = HERE;
  locate.disabled = false;
  changed();
}

function lost(error: GeolocationPositionError): void {
  locate.disabled = false;
  status.textContent = error.code === error.PERMISSION_DENIED ? texts.denied : texts.nowhere;
}

function point(id: string | undefined, on: boolean): void {
  markers.get(id)?.classList.toggle("pointed", on);
  items.find((item) => item.dataset.place === id)?.classList.toggle("pointed", on);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  changed();
});
form.addEventListener("input", changed);
byId("go").hidden = true;
// A browser that goes back fills the form in again, but shows the list as it was sent.
window.addEventListener("pageshow", show);
byId("all").addEventListener("click", (event) => {
  event.preventDefault();
  for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select")) {
    if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = false;
    else field.value = "";
  }
  changed();
  byId("q").focus();
});

if ("geolocation" in navigator && window.isSecureContext) {
  locate.hidden = false;
  locate.addEventListener("click", () => {
    locate.disabled = true;
    status.textContent = texts.locating;
    navigator.geolocation.getCurrentPosition(found, lost, { timeout: 15_000, maximumAge: 60_000 });
  });
}

for (const [id, element] of [...markers, ...items.map((item) => [item.dataset.place, item] as const)]) {
  element.addEventListener("pointerenter", () => point(id, true));
  element.addEventListener("pointerleave", () => point(id, false));
  element.addEventListener("focusin", () => point(id, true));
  element.addEventListener("focusout", () => point(id, false));
}

// A page that was left open says who is open now, not who was.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && texts.changes_at !== null && Date.now() >= texts.changes_at) location.reload();
});

if (folded(wanted().words)) show();
