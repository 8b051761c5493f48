import type { Client } from '../../src-main/contract/contract.ts';
import { t } from '../i18n/language.svelte.ts';
import { attemptLoudly } from './attempt.ts';
import type { Toast, Toasts } from './toasts.svelte.ts';

/** A bulk action on masks: how many changed, and the batches by which all of it can be undone. */
export class DoneBatches {
  changed = 0;
  readonly #batches: number[] = [];

  add({ changed, batch }: { changed: number; batch: number | null }): void {
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
