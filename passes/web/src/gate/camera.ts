// The camera as a reader: pictures of its middle go to a worker, and texts come back.

import type { Asked, Told } from "../gate.worker";

export type CameraProblem = "no_https" | "denied" | "missing" | "in_use" | "no_decoder" | "gone" | "failed";

export interface Eyes {
  video: HTMLVideoElement;
  files: { worker: string; decoder: string };
  /** A text was seen; called again for as long as it is in sight. */
  seen: (text: string) => void;
  stopped: (problem: CameraProblem | null) => void;
}

interface Lit extends MediaTrackCapabilities {
  torch?: boolean;
}

const SIDE_PIXELS = 640;
const BETWEEN_PICTURES_MS = 80;

export class Camera {
  private stream: MediaStream | null = null;
  private worker: Worker | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly canvas = document.createElement("canvas");

  constructor(private readonly eyes: Eyes) {
    this.canvas.width = this.canvas.height = SIDE_PIXELS;
  }

  get on(): boolean {
    return this.stream !== null;
  }

  /** The camera with this id, or the one that looks away from the clerk. Null, or why it does not see. */
  async start(deviceId: string | null): Promise<CameraProblem | null> {
    this.close();
    if (!navigator.mediaDevices?.getUserMedia) return "no_https";
    const size = { width: { ideal: 1280 }, height: { ideal: 720 } };
    const wanted = deviceId === null ? { facingMode: "environment" } : { deviceId: { exact: deviceId } };
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { ...size, ...wanted } });
    } catch (error) {
      // A camera remembered from another day may have been unplugged: then any will do.
      if (deviceId !== null && ["OverconstrainedError", "NotFoundError"].includes(nameOf(error))) return this.start(null);
      return problemOf(error);
    }
    this.stream.getVideoTracks()[0]?.addEventListener("ended", () => this.stop("gone"));
    this.eyes.video.srcObject = this.stream;
    await this.eyes.video.play().catch(() => undefined);
    this.employ();
    return null;
  }

  stop(problem: CameraProblem | null = null): void {
    if (!this.on) return;
    this.close();
    this.eyes.stopped(problem);
  }

  /** Which camera sees now. */
  get deviceId(): string | null {
    return this.track?.getSettings().deviceId ?? null;
  }

  async list(): Promise<{ id: string; name: string }[]> {
    const found = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    return found.filter((one) => one.kind === "videoinput").map((one) => ({ id: one.deviceId, name: one.label }));
  }

  get hasTorch(): boolean {
    return (this.track?.getCapabilities?.() as Lit | undefined)?.torch === true;
  }

  async light(on: boolean): Promise<boolean> {
    try {
      await this.track?.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] });
      return on;
    } catch {
      return false;
    }
  }

  private get track(): MediaStreamTrack | undefined {
    return this.stream?.getVideoTracks()[0];
  }

  private employ(): void {
    const worker = new Worker(this.eyes.files.worker, { type: "module" });
    this.worker = worker;
    worker.onerror = () => this.stop("no_decoder");
    worker.onmessage = (event: MessageEvent<Told>) => {
      const told = event.data;
      if ("failed" in told) return this.stop("no_decoder");
      if ("texts" in told) for (const text of told.texts) this.eyes.seen(text);
      this.timer = setTimeout(() => this.show(), BETWEEN_PICTURES_MS);
    };
    worker.postMessage({ decoder: this.eyes.files.decoder } satisfies Asked);
  }

  /** The middle of what the camera sees, the same square that stands on the screen. */
  private show(): void {
    const { video } = this.eyes;
    const side = Math.min(video.videoWidth, video.videoHeight);
    const pen = this.canvas.getContext("2d", { willReadFrequently: true });
    if (this.worker === null) return;
    if (side === 0 || pen === null) {
      this.timer = setTimeout(() => this.show(), BETWEEN_PICTURES_MS);
      return;
    }
    const [left, top] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2];
    pen.drawImage(video, left, top, side, side, 0, 0, SIDE_PIXELS, SIDE_PIXELS);
    const picture = pen.getImageData(0, 0, SIDE_PIXELS, SIDE_PIXELS);
    this.worker.postMessage({ picture } satisfies Asked, [picture.data.buffer]);
  }

  private close(): void {
    clearTimeout(this.timer);
    this.worker?.terminate();
    this.worker = null;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.eyes.video.srcObject = null;
  }
}

function nameOf(error: unknown): string {
  return error instanceof DOMException ? error.name : "";
}

function problemOf(error: unknown): CameraProblem {
  switch (nameOf(error)) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "in_use";
    default:
      return "failed";
  }
}
