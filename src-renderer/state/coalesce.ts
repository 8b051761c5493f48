/**
 * Runs `work` at once, and once more after a rest when it was asked for meanwhile: for readings that follow events,
 * of which there may be many a second.
 */
export function coalesce(work: () => Promise<unknown>, restMs: number): () => Promise<void> {
  let isBusy = false;
  let isWanted = false;
  const isStillWanted = () => isWanted;
  return async () => {
    isWanted = true;
    if (isBusy) return;
    isBusy = true;
    while (isStillWanted()) {
      isWanted = false;
      await work();
      if (isStillWanted()) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    isBusy = false;
  };
}
