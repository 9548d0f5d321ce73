// The browser's own offer to keep the page on the home screen, moved to where the help speaks of it.
interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
}

export function offerInstall(button: HTMLElement): void {
  let offer: InstallOffer | null = null;
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer = event as InstallOffer;
    button.hidden = false;
  });
  window.addEventListener("appinstalled", () => {
    button.hidden = true;
  });
  button.addEventListener("click", () => {
    void offer?.prompt();
    button.hidden = true;
  });
}
