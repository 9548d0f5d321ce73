// What stays on this device: its enrolment, and how its people like it. Where the browser keeps nothing (private mode),
// it lasts as long as the page.

import type { Lane } from "./protocol";

export interface Enrolment {
  token: string;
  lane: Lane;
}

const NAME = "youyou-gate";
const inMemory = new Map<string, string>();

export function readEnrolment(): Enrolment | null {
  try {
    const kept = JSON.parse(read(NAME) ?? "null") as Enrolment | null;
    return typeof kept?.token === "string" && typeof kept.lane?.name === "string" ? kept : null;
  } catch {
    return null;
  }
}

/** Returns false when it will be lost with the page. */
export function keepEnrolment(enrolment: Enrolment): boolean {
  return keep(NAME, JSON.stringify(enrolment));
}

export function dropEnrolment(): void {
  inMemory.delete(NAME);
  try {
    localStorage.removeItem(NAME);
  } catch {
    // Nothing was kept.
  }
}

export type Setting = "muted" | "camera" | "camera-on" | "device-name";

export function readSetting(name: Setting): string | null {
  return read(`${NAME}-${name}`);
}

export function keepSetting(name: Setting, value: string): void {
  keep(`${NAME}-${name}`, value);
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(name) ?? inMemory.get(name) ?? null;
  } catch {
    return inMemory.get(name) ?? null;
  }
}

function keep(name: string, value: string): boolean {
  inMemory.set(name, value);
  try {
    localStorage.setItem(name, value);
    return true;
  } catch {
    return false;
  }
}
