// One sound a result, so that nobody has to look at the screen to know: rising, falling, questioning, and a long one.

export type Sound = "admitted" | "refused" | "needs_confirmation" | "silent";

interface Tone {
  hertz: number;
  seconds: number;
}

const TONES: Record<Sound, Tone[]> = {
  admitted: [
    { hertz: 784, seconds: 0.09 },
    { hertz: 1175, seconds: 0.16 },
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
const PAUSE_SECONDS = 0.05;

let context: AudioContext | null = null;

/** Call it on a key or a touch: browsers let a page sound only after one. */
export function wakeSound(): void {
  context ??= typeof AudioContext === "undefined" ? null : new AudioContext();
  if (context?.state === "suspended") void context.resume();
}

export function play(sound: Sound): void {
  if (context === null || context.state !== "running") return;
  let at = context.currentTime;
  for (const tone of TONES[sound]) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.type = sound === "refused" ? "square" : "sine";
    oscillator.frequency.value = tone.hertz;
    gain.gain.setValueAtTime(0.25, at);
    gain.gain.exponentialRampToValueAtTime(0.001, at + tone.seconds);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + tone.seconds);
    at += tone.seconds + PAUSE_SECONDS;
  }
}
