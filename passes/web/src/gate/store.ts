// The enrolment on this device. Where the browser keeps nothing (private mode), it lasts as long as the page.

import type { Lane } from "./protocol";

export interface Enrolment {
  token: string;
  lane: Lane;
}

const NAME = "youyou-gate";
let inMemory: Enrolment | null = null;

export function readEnrolment(): Enrolment | null {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? "null") as Enrolment | null;
    return typeof kept?.token === "string" && typeof kept.lane?.name === "string" ? kept : inMemory;
  } catch {
    return inMemory;
  }
}

/** Returns false when it will be lost with the page. */
export function keepEnrolment(enrolment: Enrolment): boolean {
  inMemory = enrolment;
  try {
    localStorage.setItem(NAME, JSON.stringify(enrolment));
    return true;
  } catch {
    return false;
  }
}

export function dropEnrolment(): void {
  inMemory = null;
  try {
    localStorage.removeItem(NAME);
  } catch {
    // Nothing was kept.
  }
}
