// Looks for a QR code in one picture of the camera after the other, beside the page, so that the page never waits.

import { BarcodeDetector, prepareZXingModule } from "barcode-detector/ponyfill";

export type Asked = { decoder: string } | { picture: ImageData };
export type Told = { ready: true } | { failed: string } | { texts: string[] };

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<Asked>) => void) | null;
  postMessage(message: Told): void;
};

let detector: BarcodeDetector | null = null;

scope.onmessage = (event) => {
  const asked = event.data;
  void ("decoder" in asked ? prepare(asked.decoder) : look(asked.picture));
};

/** Loads the decoder from our own server; without this it would be asked of a CDN, which the page forbids. */
async function prepare(decoder: string): Promise<void> {
  try {
    await prepareZXingModule({ overrides: { locateFile: () => decoder }, fireImmediately: true });
    detector = new BarcodeDetector({ formats: ["qr_code"] });
    scope.postMessage({ ready: true });
  } catch (error) {
    scope.postMessage({ failed: String(error) });
  }
}

async function look(picture: ImageData): Promise<void> {
  try {
    const found = (await detector?.detect(picture)) ?? [];
    scope.postMessage({ texts: found.map((code) => code.rawValue).filter((text) => text !== "") });
  } catch {
    // A picture that cannot be read is a picture without a code.
    scope.postMessage({ texts: [] });
  }
}
