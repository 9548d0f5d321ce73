// A result is also heard and felt, so that nobody has to look at the screen to know: rising, falling, questioning, long.

import { keepSetting, readSetting } from "./store";
import { byId } from "./words";

export type Signal = "admitted" | "pay" | "refused" | "needs_confirmation" | "silent";

interface Tone {
  hertz: number;
  seconds: number;
}

const TONES: Record<Signal, Tone[]> = {
  admitted: [
    { hertz: 784, seconds: 0.09 },
    { hertz: 1175, seconds: 0.16 },
  ],
  // The rise of a green, twice: something comes after it.
  pay: [
    { hertz: 784, seconds: 0.09 },
    { hertz: 1175, seconds: 0.12 },
    { hertz: 784, seconds: 0.09 },
    { hertz: 1175, seconds: 0.2 },
  ],
  refused: [
    { hertz: 233, seconds: 0.22 },
    { hertz: 175, seconds: 0.36 },
  ],
  needs_confirmation: [
    { hertz: 587, seconds: 0.1 },
    { hertz: 587, seconds: 0.1 },
    { hertz: 740, seconds: 0.14 },
  ],
  silent: [{ hertz: 330, seconds: 0.7 }],
};
const BUZZES: Record<Signal, number[]> = {
  admitted: [90],
  pay: [90, 60, 250],
  refused: [220, 90, 220, 90, 220],
  needs_confirmation: [90, 90, 90],
  silent: [600],
};
const PAUSE_SECONDS = 0.05;
const LOUDNESS = 0.5;

let context: AudioContext | null = null;
let muted = readSetting("muted") === "yes";

export function isMuted(): boolean {
  return muted;
}

export function setMuted(value: boolean): void {
  muted = value;
  keepSetting("muted", value ? "yes" : "no");
}

/** Call it on a key or a touch: browsers let a page sound only after one. */
export function wakeSound(): void {
  context ??= typeof AudioContext === "undefined" ? null : new AudioContext();
  if (context?.state === "suspended") void context.resume();
  byId("sound-asleep").hidden = true;
}

/** The vibration stays when the sound is off. */
export function signal(name: Signal): void {
  // Where nobody has touched the page yet, vibrate() does nothing, and asking would be logged as a fault.
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(BUZZES[name]);
  if (muted) return;
  if (context?.state === "running") sound(context, name);
  else byId("sound-asleep").hidden = context !== null;
}

function sound(on: AudioContext, name: Signal): void {
  let at = on.currentTime;
  for (const tone of TONES[name]) {
    const oscillator = on.createOscillator();
    const gain = on.createGain();
    oscillator.type = name === "refused" ? "square" : "sine";
    oscillator.frequency.value = tone.hertz;
    gain.gain.setValueAtTime(LOUDNESS, at);
    gain.gain.exponentialRampToValueAtTime(0.001, at + tone.seconds);
    oscillator.connect(gain).connect(on.destination);
    oscillator.start(at);
    oscillator.stop(at + tone.seconds);
    at += tone.seconds + PAUSE_SECONDS;
  }
}
