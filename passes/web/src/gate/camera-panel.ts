// The camera's buttons: on and off, which one, its light, and what to do when it does not see.

import { Camera, type CameraProblem } from "./camera";
import { Sightings } from "./memory";
import { keepSetting, readSetting } from "./store";
import { byId, element, press, word } from "./words";

export interface CameraPanel {
  /** May it look now? While something else is on the screen it rests. */
  wake: (scanning: boolean) => void;
  forget: () => void;
}

export function cameraPanel(read: (text: string) => void): CameraPanel {
  const video = byId<HTMLVideoElement>("camera-view");
  const button = byId<HTMLButtonElement>("camera");
  const torch = byId<HTMLButtonElement>("torch");
  const choice = byId<HTMLSelectElement>("camera-device");
  const sightings = new Sightings();
  let starting = false;
  let scanning = false;

  const camera = new Camera({
    video,
    files: JSON.parse(byId("camera-files").textContent ?? "") as { worker: string; decoder: string },
    seen: (text) => {
      if (sightings.isNew(text, performance.now())) read(text);
    },
    stopped: (problem) => draw(problem),
  });

  function draw(problem: CameraProblem | null): void {
    press(button, camera.on);
    video.hidden = !camera.on;
    byId<SVGElement>("aim-drawing").toggleAttribute("hidden", camera.on);
    torch.hidden = !(camera.on && camera.hasTorch);
    if (!camera.on) press(torch, false);
    const message = byId("camera-problem");
    message.hidden = problem === null;
    message.textContent = problem === null ? "" : word(`camera_${problem}`);
  }

  async function start(): Promise<void> {
    if (starting) return;
    starting = true;
    button.disabled = true;
    const problem = await camera.start(readSetting("camera"));
    button.disabled = false;
    starting = false;
    draw(problem);
    if (problem === null) await offerCameras();
  }

  async function offerCameras(): Promise<void> {
    const all = await camera.list();
    byId("camera-choice").hidden = all.length < 2;
    choice.replaceChildren(
      ...all.map(({ id, name }, number) => {
        const option = element("option", name || word("camera_number", { number: number + 1 }), { value: id });
        option.selected = id === camera.deviceId;
        return option;
      }),
    );
  }

  button.addEventListener("click", () => {
    keepSetting("camera-on", camera.on ? "no" : "yes");
    if (camera.on) camera.stop();
    else void start();
  });
  choice.addEventListener("change", () => {
    keepSetting("camera", choice.value);
    void start();
  });
  torch.addEventListener("click", () => {
    void camera.light(torch.getAttribute("aria-pressed") !== "true").then((on) => press(torch, on));
  });
  const follow = (): void => {
    const wanted = scanning && readSetting("camera-on") === "yes" && document.visibilityState === "visible";
    if (!wanted) camera.stop();
    else if (!camera.on) void start();
  };
  document.addEventListener("visibilitychange", follow);
  draw(null);
  return {
    wake: (now) => {
      scanning = now;
      follow();
    },
    forget: () => sightings.forget(),
  };
}
