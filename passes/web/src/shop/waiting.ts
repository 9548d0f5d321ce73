// A payment is on its way: the order's page looks whether it has arrived, often at first, then seldom.

const OFTEN_MS = 2_000;
const SELDOM_MS = 15_000;
const OFTEN_FOR_MS = 120_000;

/** How long to wait before the next look. */
export const pauseAfter = (waited: number): number => (waited < OFTEN_FOR_MS ? OFTEN_MS : SELDOM_MS);

export function waitForPayment(box: HTMLElement): void {
  const { waiting, page, orderState, paymentState } = box.dataset;
  if (!waiting || !page) return;
  const since = performance.now();
  const again = (): void => void setTimeout(() => void look(), pauseAfter(performance.now() - since));
  const look = async (): Promise<void> => {
    try {
      const answer = await fetch(waiting, { cache: "no-store", signal: AbortSignal.timeout(10_000) });
      const state = (await answer.json()) as { order: string; payment: string | null };
      if (answer.ok && (state.order !== orderState || state.payment !== paymentState)) {
        location.replace(page);
        return;
      }
    } catch {
      // No network for a while: look again later.
    }
    again();
  };
  again();
}
