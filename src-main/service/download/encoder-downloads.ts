import { rm } from 'node:fs/promises';
import { UserError, userError } from '../../contract/errors.ts';
import type { ServiceEvent } from '../../contract/event.ts';
import type { ModelId } from '../../contract/ids.ts';
import type { Model } from '../../contract/model.ts';
import {
  fileNameAt,
  type AvailableEncoder,
  type EncoderDownload,
  type PublishedEncoder,
  type PublishedName,
} from '../../contract/published-encoder.ts';
import { downloadFiles } from '../../domain/data-layout.ts';
import { downloadFile } from './download-file.ts';
import { keptOf } from './partial-file.ts';
import type { ProxySettings } from './request.ts';

export type EncoderDownloadsOptions = {
  published: readonly PublishedEncoder[];
  proxies: ProxySettings;
  cacheFolder: string;
  models: () => readonly Model[];
  /** Imports a file as a model, which must be this network. */
  importFile: (path: string, encoder: PublishedEncoder) => Promise<Model>;
  publish: (event: ServiceEvent) => void;
  onBug: (error: unknown, where: string) => void;
};

/** How much larger than its tensors a file may be. */
const MOST_OVERHEAD = 1.05;
/** Progress is published this often at most. */
const PROGRESS_MS = 200;

type Running = { stop: AbortController; ended: Promise<void> };

/**
 * Downloads of published encoders, each of which becomes a model. They compute nothing, so they wait for no job and
 * no job waits for them. A server is contacted by `start` alone.
 */
export class EncoderDownloads {
  readonly #options: EncoderDownloadsOptions;
  readonly #running = new Map<PublishedName, Running>();
  /** Of downloads under way, and of those that failed. */
  readonly #states = new Map<PublishedName, EncoderDownload>();
  #isDisposed = false;

  constructor(options: EncoderDownloadsOptions) {
    this.#options = options;
  }

  list(): Promise<AvailableEncoder[]> {
    return Promise.all(this.#options.published.map((encoder) => this.#available(encoder)));
  }

  /** Starts a download, or returns the one that is under way. An encoder that was imported is not downloaded again. */
  async start(name: PublishedName): Promise<AvailableEncoder> {
    const encoder = this.#find(name);
    const { modelId, download } = await this.#available(encoder);
    if (modelId === null && !this.#running.has(name)) {
      const stop = new AbortController();
      const { doneBytes, totalBytes } = download;
      this.#change({ name, state: 'downloading', doneBytes, totalBytes, error: null });
      this.#running.set(name, { stop, ended: this.#run(encoder, stop.signal) });
    }
    return await this.#available(encoder);
  }

  /** Stops a download; one that is being imported is finished. */
  async stop({ name, discard }: { name: PublishedName; discard: boolean }): Promise<AvailableEncoder> {
    const encoder = this.#find(name);
    const running = this.#running.get(name);
    running?.stop.abort();
    await running?.ended;
    if (discard) {
      await this.#clear(encoder);
      this.#change(await this.#idle(encoder, null));
    }
    return await this.#available(encoder);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const { stop } of this.#running.values()) stop.abort();
  }

  #find(name: PublishedName): PublishedEncoder {
    const encoder = this.#options.published.find((one) => one.name === name);
    if (encoder) return encoder;
    throw userError('no-encoder', { name }, { action: { kind: 'show-encoders' } });
  }

  async #run(encoder: PublishedEncoder, signal: AbortSignal): Promise<void> {
    const { name } = encoder;
    let error: EncoderDownload['error'] = null;
    try {
      await this.#download(encoder, signal);
      this.#change({ ...this.#stateOf(name), state: 'importing' });
      await this.#import(encoder);
    } catch (thrown) {
      error = thrown === signal.reason ? null : this.#explain(thrown);
    }
    const idle = await this.#idle(encoder, error);
    this.#running.delete(name);
    // The store behind it may be closed already.
    if (!this.#isDisposed) this.#change(idle);
  }

  /** A download that is not under way, with what is on the disk. */
  async #idle(encoder: PublishedEncoder, error: EncoderDownload['error']): Promise<EncoderDownload> {
    const { name, address } = encoder;
    const { sizeBytes, totalBytes } = await keptOf(this.#placeOf(encoder), address);
    return { name, state: 'idle', doneBytes: sizeBytes, totalBytes, error };
  }

  async #download(encoder: PublishedEncoder, signal: AbortSignal): Promise<void> {
    const { address, weightsBytes, name } = encoder;
    // What arrives between two of them is published by the later one: a server may fall silent at any time.
    let timer: NodeJS.Timeout | undefined;
    const publish = () => {
      timer = undefined;
      this.#change(this.#stateOf(name));
    };
    const ended = downloadFile({
      remote: { address, minBytes: weightsBytes, maxBytes: Math.ceil(weightsBytes * MOST_OVERHEAD) },
      place: this.#placeOf(encoder),
      proxies: this.#options.proxies,
      signal,
      onProgress: (doneBytes, totalBytes) => {
        this.#states.set(name, { name, state: 'downloading', doneBytes, totalBytes, error: null });
        timer ??= setTimeout(publish, PROGRESS_MS);
      },
    });
    await ended.finally(() => clearTimeout(timer));
  }

  /** What is no such encoder is deleted, so that the next try starts anew; so is what has become a model. */
  async #import(encoder: PublishedEncoder): Promise<void> {
    try {
      await this.#options.importFile(this.#placeOf(encoder).file, encoder);
    } catch (error) {
      const isOther = error instanceof UserError && error.code.startsWith('WEIGHTS_');
      if (!isOther) throw error;
      await this.#clear(encoder);
      throw userError(
        error.code === 'WEIGHTS_DAMAGED' ? 'download-damaged' : 'download-unusable',
        { address: encoder.address, problem: error.asPhrase() },
        { action: { kind: 'import-model' }, cause: error },
      );
    }
    await this.#clear(encoder);
  }

  #explain(error: unknown): EncoderDownload['error'] {
    if (error instanceof UserError) return error.toInfo();
    this.#options.onBug(error, 'download');
    const message = error instanceof Error ? error.message : String(error);
    return { code: 'INTERNAL', message, hint: null };
  }

  async #available(encoder: PublishedEncoder): Promise<AvailableEncoder> {
    const idle = await this.#idle(encoder, null);
    // Read after the last wait: it may have changed in the meantime.
    const known = this.#states.get(encoder.name);
    const download = !known || known.state === 'idle' ? { ...idle, error: known?.error ?? null } : known;
    return { ...encoder, download, modelId: this.#modelOf(encoder) };
  }

  #modelOf({ name, address }: PublishedEncoder): ModelId | null {
    const fileName = fileNameAt(address);
    const model = this.#options
      .models()
      .find(({ architecture, card }) => architecture === name && card.imported?.fileName === fileName);
    return model?.id ?? null;
  }

  #stateOf(name: PublishedName): EncoderDownload {
    const none = { name, state: 'idle', doneBytes: 0, totalBytes: null, error: null } as const;
    return this.#states.get(name) ?? none;
  }

  #placeOf({ name, address }: PublishedEncoder) {
    return downloadFiles(this.#options.cacheFolder, name, fileNameAt(address));
  }

  async #clear(encoder: PublishedEncoder): Promise<void> {
    await rm(this.#placeOf(encoder).folder, { recursive: true, force: true });
  }

  #change(download: EncoderDownload): void {
    this.#states.set(download.name, download);
    this.#options.publish({ type: 'download', download });
  }
}
