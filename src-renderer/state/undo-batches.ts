import type { Client } from '../../src-main/contract/contract.ts';
import { t } from '../i18n/language.svelte.ts';
import { attemptLoudly } from './attempt.ts';
import type { Toast, Toasts } from './toasts.svelte.ts';

type Changed = { changed: number; batch: number | null };

/**
 * Carries out a bulk action in several calls, and offers to undo all of it at once.
 * @returns whether all of it was done
 */
export async function changeInBatches<T>(
  { client, toasts }: { client: Client; toasts: Toasts },
  work: { items: readonly T[]; atOnce: number; call: (items: T[]) => Promise<Changed> },
  titleOf: (count: number) => string,
): Promise<boolean> {
  const { items, atOnce, call } = work;
  const done = new DoneBatches();
  const isDone = await attemptLoudly(toasts, async () => {
    for (let at = 0; at < items.length; at += atOnce) done.add(await call(items.slice(at, at + atOnce)));
  });
  if (done.changed > 0)
    toasts.show({ tone: 'neutral', title: titleOf(done.changed), ...done.undo(client, toasts) });
  return isDone;
}

/** A bulk action on masks: how many changed, and the batches by which all of it can be undone. */
export class DoneBatches {
  changed = 0;
  readonly #batches: number[] = [];

  add({ changed, batch }: Changed): void {
    this.changed += changed;
    if (batch !== null) this.#batches.push(batch);
  }

  /** The button of a message that undoes all of it; none if nothing was done. */
  undo(client: Client, toasts: Toasts): Pick<Toast, 'action'> {
    if (this.#batches.length === 0) return {};
    return { action: { label: t('masks.undo'), run: () => void this.#undo(client, toasts) } };
  }

  async #undo(client: Client, toasts: Toasts): Promise<void> {
    let kept = 0;
    await attemptLoudly(toasts, async () => {
      for (const batch of this.#batches.toReversed()) {
        const done = await client.masks.undoBatch({ batch });
        kept += done.kept;
      }
    });
    if (kept > 0) {
      toasts.show({
        tone: 'neutral',
        title: t('masks.undoKept', { count: kept }),
        text: t('masks.undoKeptText'),
      });
    }
  }
}
