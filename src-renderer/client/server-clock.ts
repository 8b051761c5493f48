/** What the server's clock said, and the page's monotonic clock then. */
type Reading = { serverMs: number; monotonicMs: number };

// A page has one server; on the desktop, both have the same clock.
let last: Reading | undefined;

/**
 * Notes the server's time. What the server dates is shown as so long ago, and the addresses of pictures expire, by the
 * server's clock: that of the page may be another machine's, and may be set while the page is open.
 * @param date header `Date` of an answer that has just come, in whole seconds
 * @param monotonicMs the page's clock that nobody sets
 */
export function noteServerTime(date: string | null, monotonicMs = performance.now()): void {
  const serverMs = Date.parse(date ?? '');
  if (!Number.isNaN(serverMs)) last = { serverMs, monotonicMs };
}

/** The time by the server's clock; by the page's where there is no server. */
export function serverNowMs(monotonicMs = performance.now()): number {
  return last ? last.serverMs + (monotonicMs - last.monotonicMs) : Date.now();
}
