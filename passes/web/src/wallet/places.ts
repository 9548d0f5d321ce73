// "Nearest first": asks where the phone is only after a tap, and sorts the list in the page.
import { distanceWords, nearestFirst } from "../places/distance";

const SHOWN = 5;
const LOCATE: PositionOptions = { timeout: 15_000, maximumAge: 60_000 };

export function offerNearest(texts: Record<string, string>): void {
  const button = document.getElementById("nearest") as HTMLButtonElement | null;
  const first = document.getElementById("places");
  const said = document.getElementById("nearest-said");
  if (button === null || first === null || said === null || !("geolocation" in navigator)) return;
  const more = document.getElementById("more-places");
  const distanceTexts = { metres: texts["metres"] ?? "", km: texts["km"] ?? "" };

  const sort = ({ coords }: GeolocationPosition): void => {
    const rows = [...first.children, ...(more?.children ?? [])] as HTMLElement[];
    const positionOf = (row: HTMLElement) => ({ lat: Number(row.dataset["lat"]), lon: Number(row.dataset["lon"]) });
    const sorted = nearestFirst({ lat: coords.latitude, lon: coords.longitude }, rows, positionOf);
    sorted.forEach(({ thing, metres }, place) => {
      const distance = thing.querySelector("[data-distance]");
      if (distance !== null) distance.textContent = distanceWords(metres, distanceTexts);
      (more !== null && place >= SHOWN ? more : first).append(thing);
    });
    said.textContent = texts["sorted"] ?? "";
    button.disabled = false;
  };
  const fail = (): void => {
    said.textContent = texts["no_position"] ?? "";
    button.disabled = false;
  };

  button.addEventListener("click", () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(sort, fail, LOCATE);
  });
  button.hidden = false;
}
