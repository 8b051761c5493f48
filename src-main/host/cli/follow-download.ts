import type { Client } from '../../contract/contract.ts';
import { userErrorFromInfo } from '../../contract/errors.ts';
import type { Model } from '../../contract/model.ts';
import type { EncoderDownload, PublishedName } from '../../contract/published-encoder.ts';
import { ProgressDisplay, type ShownProgress } from './progress-display.ts';
import { onNextSignal } from './signals.ts';

/** How often its state is read: a download has no other sign of its end that cannot be missed. */
const POLL_MS = 250;
const MIB = 2 ** 20;

/**
 * Downloads and imports an encoder, shows how far it is, and stops it on Ctrl-C: what has arrived is kept.
 * @returns the model that it became; undefined when it was stopped, here or elsewhere
 * @throws the UserError that the download failed with
 */
export async function followDownload(client: Client, name: PublishedName): Promise<Model | undefined> {
  const display = new ProgressDisplay();
  const stop = () => void client.models.stopDownload({ name }).catch(() => undefined);
  using _interrupted = onNextSignal(['SIGINT'], stop);
  try {
    const progressOf = progressMeter();
    let encoder = await client.models.download({ name });
    while (encoder.download.state !== 'idle') {
      display.update({ progress: progressOf(encoder.download) });
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      encoder = (await client.models.published()).find((one) => one.name === name) ?? encoder;
    }
    display.finish();
    if (encoder.download.error) throw userErrorFromInfo(encoder.download.error);
    if (encoder.modelId === null) return undefined;
    return await client.models.get({ id: encoder.modelId });
  } finally {
    display.finish();
  }
}

/** Progress with its speed since the first look. */
function progressMeter(): (download: EncoderDownload) => ShownProgress {
  let first: { doneBytes: number; atMs: number } | undefined;
  return ({ state, doneBytes, totalBytes }) => {
    const atMs = performance.now();
    first ??= { doneBytes, atMs };
    const bytesPerMs = (doneBytes - first.doneBytes) / (atMs - first.atMs);
    const isMoving = state === 'downloading' && Number.isFinite(bytesPerMs) && bytesPerMs > 0;
    return {
      phase: state,
      done: inMebibytes(doneBytes),
      total: totalBytes === null ? null : inMebibytes(totalBytes),
      unit: 'MiB',
      ratePerS: isMoving ? (bytesPerMs * 1_000) / MIB : null,
      etaMs: isMoving && totalBytes !== null ? (totalBytes - doneBytes) / bytesPerMs : null,
    };
  };
}

const inMebibytes = (bytes: number) => Math.round((bytes / MIB) * 10) / 10;
