// A desk, as hotels and shops have one: choose the benefit, scan, confirm. Nothing is redeemed by a scan alone.

import type { Lane } from "./protocol";
import { byId, element, language } from "./words";

const DESKS = new Set(["hotel", "shop"]);

export class Desk {
  private lane: Lane | null = null;
  private benefit: string | null = null;

  /** Does this lane ask before it redeems? */
  open(): boolean {
    return this.lane !== null && DESKS.has(this.lane.venue_kind ?? "");
  }

  /** The benefit that a scan is for, where the clerk chose one. */
  chosen(): string | null {
    return this.open() ? this.benefit : null;
  }

  show(lane: Lane): void {
    const benefits = lane.benefits ?? [];
    const same = this.lane?.id === lane.id && sameIds(this.lane, lane);
    this.lane = lane;
    for (const id of ["desk", "desk-step", "aim-desk"]) byId(id).hidden = !this.open();
    byId("aim-scan").hidden = this.open();
    if (same) return;
    const usual = lane.default_benefit?.id ?? (benefits.length === 1 ? benefits[0]?.id : null);
    this.benefit = usual ?? null;
    byId("desk-benefits").replaceChildren(
      ...benefits.map((benefit) => {
        const label = element("label", "", { class: "gate-benefit" });
        const radio = element("input", "", { type: "radio", name: "desk-benefit", value: benefit.id });
        radio.checked = benefit.id === this.benefit;
        radio.addEventListener("change", () => {
          this.benefit = benefit.id;
        });
        label.append(radio, element("span", benefit[language]));
        return label;
      }),
    );
  }
}

function sameIds(one: Lane, two: Lane): boolean {
  const ids = (lane: Lane): string => (lane.benefits ?? []).map(({ id }) => id).join(" ");
  return ids(one) === ids(two) && one.venue_kind === two.venue_kind;
}
