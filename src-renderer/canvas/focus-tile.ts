const MAX_FRAMES = 20;

/** Focuses a tile by its id. One that has just come into the document is hidden until it is measured: it is waited for. */
export async function focusTile(scroller: HTMLElement | undefined, id: number): Promise<void> {
  for (let frame = 0; frame < MAX_FRAMES; frame++) {
    const tile = scroller?.querySelector<HTMLElement>(`[data-id="${id}"]`);
    tile?.focus({ preventScroll: true });
    if (tile && document.activeElement === tile) return;
    await new Promise(requestAnimationFrame);
  }
}
