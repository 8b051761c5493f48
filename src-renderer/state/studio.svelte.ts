import { z } from 'zod';
import type { Client } from '../../src-main/contract/contract.ts';
import type { ServiceEvent } from '../../src-main/contract/event.ts';
import type { SystemInfo } from '../../src-main/contract/system.ts';
import { canRevealHere } from '../client/desktop.ts';
import { useLanguage } from '../i18n/language.svelte.ts';
import { attempt } from './attempt.ts';
import { Datasets } from './datasets.svelte.ts';
import { runErrorAction } from './error-actions.ts';
import { takeNextStep } from './job-results.ts';
import { Jobs } from './jobs.svelte.ts';
import { Library } from './library.svelte.ts';
import { Machine } from './machine.svelte.ts';
import { Models } from './models.svelte.ts';
import { Navigation } from './navigation.svelte.ts';
import { Reconnection } from './reconnection.svelte.ts';
import { Runs } from './runs.svelte.ts';
import { Segmentations } from './segmentations.svelte.ts';
import { SettingsState } from './settings.svelte.ts';
import { Shortcuts } from './shortcuts.svelte.ts';
import { Toasts } from './toasts.svelte.ts';
import { ViewMemory } from './view-memory.svelte.ts';

const PlaceSchema = z.object({
  screen: z.string(),
  path: z.array(z.string()).readonly(),
  query: z.record(z.string(), z.string()).default({}),
});
const PLACE_KEY = 'place';
const HOME = { screen: 'library', path: [], query: {} };
/** Screens of a segmentation: `masks/SEGMENTATION`. */
const OF_SEGMENTATION = ['masks', 'concepts'];

/** Everything behind the page while it is connected: one object per concern, all fed by one stream of events. */
export class Studio {
  readonly client: Client;
  readonly info: SystemInfo;
  readonly toasts = new Toasts();
  readonly shortcuts = new Shortcuts();
  readonly memory: ViewMemory;
  readonly navigation: Navigation;
  readonly settings: SettingsState;
  readonly jobs: Jobs;
  readonly library: Library;
  readonly runs: Runs;
  readonly models: Models;
  readonly segmentations: Segmentations;
  readonly datasets: Datasets;
  readonly machine: Machine;
  readonly reconnection = new Reconnection();

  private constructor(
    client: Client,
    info: SystemInfo,
    memory: ViewMemory,
    settings: SettingsState['values'],
  ) {
    this.client = client;
    this.info = info;
    this.memory = memory;
    this.navigation = new Navigation(memory.read(PLACE_KEY, PlaceSchema, HOME));
    this.settings = new SettingsState(client, this.toasts, settings);
    this.jobs = new Jobs(client, this.toasts);
    this.library = new Library(client, this.toasts);
    this.runs = new Runs(client, this.toasts);
    this.models = new Models(client, this.toasts);
    this.segmentations = new Segmentations(client, this.toasts, memory, () => {
      const { screen, path } = this.navigation;
      return OF_SEGMENTATION.includes(screen) && path[0] !== 'new' ? path[0] : undefined;
    });
    this.datasets = new Datasets(client, this.toasts);
    this.machine = new Machine(client, this.toasts);
    this.jobs.onNextStep = (job) => void takeNextStep(this, job);
    this.toasts.runErrorAction = (action) => runErrorAction(this, action);
  }

  /** Reads what the first screen needs. */
  static async open(client: Client): Promise<Studio> {
    const [ofService, settings, view] = await Promise.all([
      client.system.info(),
      client.settings.get(),
      client.view.get(),
    ]);
    await useLanguage(settings.language);
    const capabilities = { ...ofService.capabilities };
    capabilities.canRevealFiles ||= canRevealHere();
    const info = { ...ofService, capabilities };
    const studio = new Studio(client, info, new ViewMemory(client, view), settings);
    await studio.#load();
    return studio;
  }

  /** Reads again what events would have said while there was no connection, then lets the screens do so. */
  async reload(): Promise<void> {
    const [settings] = await Promise.all([this.client.settings.get(), this.#load()]);
    this.settings.apply(settings);
    this.reconnection.happened();
  }

  async #load(): Promise<void> {
    await Promise.all([
      this.library.load(),
      this.jobs.load(),
      this.runs.load(),
      this.models.load(),
      this.segmentations.load(),
      this.datasets.load(),
    ]);
  }

  rememberPlace(): void {
    this.memory.remember(PLACE_KEY, this.navigation.place);
  }

  /**
   * Follows the service's events until `signal` ends or the connection is lost. Lists that are read again are not
   * waited for: many events come to one reading.
   */
  async follow(events: AsyncIterable<ServiceEvent>): Promise<void> {
    for await (const event of events) await attempt(() => this.#apply(event));
  }

  async #apply(event: ServiceEvent): Promise<void> {
    switch (event.type) {
      case 'job': {
        const hasMoved = this.jobs.find(event.job.id)?.state !== event.job.state;
        this.jobs.apply(event.job);
        // A run and a segmentation show the state of their job.
        if (hasMoved && event.job.spec.kind === 'pretrain') void this.runs.refresh();
        if (hasMoved && event.job.spec.kind === 'segment') void this.segmentations.refresh();
        if (hasMoved && event.job.spec.kind === 'export') this.datasets.touch();
        return;
      }
      case 'collection':
        await this.library.refreshOne(event.collectionId);
        return;
      case 'collection-removed':
        this.library.forget(event.collectionId);
        // Its segmentations went with it.
        void this.segmentations.refresh();
        return;
      case 'settings':
        this.settings.apply(event.settings);
        return;
      case 'run':
      case 'run-removed':
        void this.runs.refresh();
        return;
      case 'datasets':
        void this.datasets.refresh();
        return;
      case 'model':
      case 'model-removed':
        void this.models.refresh();
        return;
      case 'download':
        this.models.applyDownload(event.download);
        return;
      case 'segmentation':
        void this.segmentations.apply(event);
        return;
      case 'segmentation-removed':
        void this.segmentations.refresh();
        return;
      default:
        event satisfies never;
    }
  }
}
