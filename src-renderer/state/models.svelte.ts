import type { Client } from '../../src-main/contract/contract.ts';
import type { ModelId } from '../../src-main/contract/ids.ts';
import type { Architecture, ExportedModel, InspectedModel, Model } from '../../src-main/contract/model.ts';
import type {
  AvailableEncoder,
  EncoderDownload,
  PublishedName,
} from '../../src-main/contract/published-encoder.ts';
import { t } from '../i18n/language.svelte.ts';
import { attempt, attemptLoudly } from './attempt.ts';
import { autoName } from './auto-name.ts';
import { LiveList } from './live-list.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';

export type ImportRequest = Parameters<Client['models']['import']>[0];
export type InspectRequest = Parameters<Client['models']['inspect']>[0];
export type ExportRequest = Parameters<Client['models']['export']>[0];

/** All encoders, the newest first, kept up to date by events. */
export class Models extends LiveList<Model> {
  readonly #client: Client;
  #published = $state.raw<readonly AvailableEncoder[]>([]);

  constructor(client: Client, toasts: Toasts) {
    super(() => client.models.list(), toasts);
    this.#client = client;
  }

  /** The newest model that a pretraining run made. */
  ofRun(runId: number): Model | undefined {
    return this.all.find((model) => model.runId === runId);
  }

  /** Encoders that can be downloaded; empty until `loadPublished` has read them. */
  get published(): readonly AvailableEncoder[] {
    return this.#published;
  }

  async loadPublished(): Promise<void> {
    this.#published = await this.#client.models.published();
  }

  /** An event reported the progress of a download. At its end, there may be a new model. */
  applyDownload(download: EncoderDownload): void {
    this.#published = this.#published.map((encoder) =>
      encoder.name === download.name ? { ...encoder, download } : encoder,
    );
    if (download.state === 'idle') void attempt(() => this.loadPublished());
  }

  /** Contacts the server of an encoder, whose address the user has seen. */
  download(name: PublishedName): Promise<boolean> {
    return this.#changePublished(() => this.#client.models.download({ name }));
  }

  /** Stops a download. What has arrived is kept, or deleted. */
  stopDownload(name: PublishedName, discard = false): Promise<boolean> {
    return this.#changePublished(() => this.#client.models.stopDownload({ name, discard }));
  }

  /**
   * Says what an import would make of a file.
   * @throws what the service refused it with
   */
  inspect(request: InspectRequest): Promise<InspectedModel> {
    return this.#client.models.inspect(request);
  }

  /**
   * Reads an encoder from a file of another program.
   * @throws what the service refused it with: a form shows that where the file was named
   */
  async import(request: ImportRequest): Promise<Model> {
    const model = await this.#client.models.import(request);
    await this.load();
    return model;
  }

  /**
   * Writes a file for other tools, with its card next to it.
   * @throws as `import` does
   */
  export(request: ExportRequest): Promise<ExportedModel> {
    return this.#client.models.export(request);
  }

  rename(id: ModelId, name: string): Promise<boolean> {
    return this.change(() => this.#client.models.rename({ id, name }));
  }

  remove(id: ModelId): Promise<boolean> {
    return this.change(() => this.#client.models.remove({ id }));
  }

  /** @returns the new model, or undefined when it was refused */
  async addUntrained(architecture: Architecture, seed: number): Promise<Model | undefined> {
    const name = autoName(t('models.untrainedName', { architecture, seed }), this.all);
    const added: Model[] = [];
    await this.change(async () => {
      added.push(await this.#client.models.addUntrained({ architecture, seed, name }));
    });
    return added[0];
  }

  #changePublished(call: () => Promise<AvailableEncoder>): Promise<boolean> {
    return attemptLoudly(this.toasts, async () => {
      const changed = await call();
      this.#published = this.#published.map((encoder) => (encoder.name === changed.name ? changed : encoder));
    });
  }
}
