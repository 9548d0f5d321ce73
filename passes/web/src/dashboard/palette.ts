// The colours of the style sheet, so that charts are light or dark with the page.

const TOKENS = {
  ink: "--ink", soft: "--ink-soft", line: "--line", paper: "--paper", raised: "--raised", ground: "--ground",
  river: "--series-1", ochre: "--series-2", green: "--series-3", lantern: "--series-4", grey: "--series-6",
  ochrePale: "--ochre-pale", ochreStrong: "--ochre-strong", font: "--font",
} as const;

export type Palette = Record<keyof typeof TOKENS, string>;

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const found = Object.entries(TOKENS).map(([name, token]) => [name, style.getPropertyValue(token).trim()]);
  return Object.fromEntries(found) as Palette;
}
