import { phrase } from '../contract/error-texts/error-text.ts';
import { EventPublisher } from '@orpc/server';
import { z } from 'zod';
import type { ServiceEvent } from '../contract/event.ts';
import { DEFAULT_SETTINGS, Settings, type SettingsChange } from '../contract/settings.ts';
import { ViewState } from '../contract/view-state.ts';
import type { Device, MachineProbe, SystemInfo } from '../contract/system.ts';
import { UserError, userError } from '../contract/errors.ts';
import { PUBLISHED_ENCODERS, type PublishedEncoder } from '../contract/published-encoder.ts';
import { CallWorker } from '../jobs/call-worker.ts';
import { DeviceProbe } from '../jobs/device-probe.ts';
import type { RunLimits } from '../jobs/job-run.ts';
import { jobKinds } from '../jobs/job-kinds.ts';
import { offerToLocate } from '../jobs/locate-folder.ts';
import { JobQueue } from '../jobs/job-queue.ts';
import type { ForkWorker } from '../jobs/worker-channel.ts';
import { EncoderDownloads } from './download/encoder-downloads.ts';
import { importModel } from './import-model.ts';
import { Pairing } from './pairing.ts';
import { freeName } from '../contract/free-name.ts';
import { torchDeviceOf } from '../domain/torch-device.ts';
import { isDiskFull } from '../domain/system-errors.ts';
import { dataLayout, isOfDataFolder, type DataLayout } from '../domain/data-layout.ts';
import { openStore, type Store } from '../store/database.ts';
import { closeToOthers, makePrivateFolder } from '../store/private-folder.ts';
import type { Logger } from './logger.ts';

type Desktop = {
  /** Shows a file or folder in the system's file manager. */
  reveal: (path: string) => void;
};

export type ServiceOptions = {
  dataFolder: string;
  fork: ForkWorker;
  logger: Logger;
  version: string;
  /** What only a desktop can do; absent, the page asks for typed paths and shows paths to copy. */
  desktop?: Desktop;
  nowMs?: () => number;
  limits?: Partial<RunLimits>;
  /** Whether jobs that a former process left queued are started, as is expected of an app that stays; true by default. */
  startsLeftJobs?: boolean;
  /** Encoders that can be downloaded; those of the contract by default. */
  published?: readonly PublishedEncoder[];
  /** The sample pictures that ship with the app; none by default. */
  sampleFolder?: string;
  /** Where proxies are set, as environment variables; nowhere by default. */
  proxies?: NodeJS.ProcessEnv;
};

const DEFAULT_LIMITS: RunLimits = { graceMs: 5_000, silenceMs: 120_000 };
/** What a segmentation without an encoder runs on. */
const CPU_DEVICE = 'onnx:cpu';
/** Events that a slow listener may lag behind before the oldest are dropped; they are hints only. */
const EVENT_BUFFER = 1_000;
/** Stored in the table of the settings, but not settings. */
const [VIEW_STATE_KEY, PORT_KEY] = ['viewState', 'port'];
const Port = z.number().int().min(1).max(65_535);

/** The running app without any window: store, jobs and events, as one disposable value. */
export class Service {
  readonly layout: DataLayout;
  readonly store: Store;
  readonly queue: JobQueue;
  readonly calls: CallWorker;
  readonly downloads: EncoderDownloads;
  readonly pairing: Pairing;
  readonly events = new EventPublisher<{ event: ServiceEvent }>({ maxBufferedEvents: EVENT_BUFFER });
  readonly options: ServiceOptions;
  readonly nowMs: () => number;
  readonly #deviceProbe: DeviceProbe;
  #latestProbe: Promise<MachineProbe> | undefined;
  readonly #namedProbes = new Map<string, Promise<MachineProbe>>();

  /**
   * Opens the data folder, migrating its database where needed. The caller holds the folder's lock.
   * @throws UserError DATA_FOLDER_UNUSABLE, DATABASE_TOO_NEW, DATABASE_DAMAGED, DISK_FULL
   */
  constructor(options: ServiceOptions) {
    this.options = options;
    this.nowMs = options.nowMs ?? Date.now;
    this.layout = dataLayout(options.dataFolder);
    createFolders(this.layout);
    this.store = openStore(this.layout.database, { nowMs: this.nowMs });
    this.store.datasets.markUnfinished();
    const onBug = (error: unknown, where: string) => options.logger.error(error, where);
    this.calls = new CallWorker({ fork: options.fork, onBug });
    this.#deviceProbe = new DeviceProbe({ fork: options.fork, onBug, layout: this.layout });
    this.queue = new JobQueue({
      jobs: this.store.jobs,
      kinds: jobKinds({
        store: this.store,
        settings: () => this.settings(),
        layout: this.layout,
        version: options.version,
        nowMs: this.nowMs,
        publish: (event) => this.publish(event),
      }),
      fork: options.fork,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      nowMs: this.nowMs,
      startsLeftJobs: options.startsLeftJobs ?? true,
      onJob: (job) => this.publish({ type: 'job', job }),
      onBug,
      withAction: (error) => offerToLocate(error, this.store),
    });
    this.pairing = new Pairing(this.store.settings, this.nowMs);
    this.downloads = new EncoderDownloads({
      published: options.published ?? PUBLISHED_ENCODERS,
      proxies: options.proxies ?? {},
      cacheFolder: this.layout.cache,
      models: () => this.store.models.list(),
      importFile: (path, { name }) =>
        importModel(this, { path, name: freeName(name, this.store.models.list()) }, name),
      publish: (event) => this.publish(event),
      onBug,
    });
  }

  settings(): Settings {
    return Settings.parse({ ...DEFAULT_SETTINGS, ...this.store.settings.all() });
  }

  updateSettings(changes: SettingsChange): Settings {
    this.store.settings.setAll(changes);
    const settings = this.settings();
    this.publish({ type: 'settings', settings });
    return settings;
  }

  /** The port on which the page was served last; undefined before the first time. */
  lastPort(): number | undefined {
    return Port.safeParse(this.store.settings.all()[PORT_KEY]).data;
  }

  /** Keeps it for the next time, if it can be saved. */
  rememberPort(port: number): void {
    if (port === this.lastPort()) return;
    try {
      this.store.settings.setAll({ [PORT_KEY]: port });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }

  viewState(): ViewState {
    return ViewState.parse(this.store.settings.all()[VIEW_STATE_KEY] ?? {});
  }

  rememberView(changes: ViewState): null {
    this.store.settings.setAll({ [VIEW_STATE_KEY]: { ...this.viewState(), ...changes } });
    return null;
  }

  info(): SystemInfo {
    const { version, logger, desktop } = this.options;
    return {
      version,
      dataFolder: this.layout.folder,
      logFile: logger.file,
      platform: process.platform,
      capabilities: { canPickFolder: desktop !== undefined, canRevealFiles: desktop !== undefined },
    };
  }

  /** Tries native modules and devices in a separate worker; takes seconds. */
  probe(): Promise<MachineProbe> {
    const probe = this.#deviceProbe.probe();
    this.#latestProbe = probe;
    // The caller gets the error; the next one tries again.
    probe.catch(() => (this.#latestProbe = undefined));
    return probe;
  }

  /**
   * The device of that name, or the fastest, by the latest probe. Until there is one, only a named device is
   * probed: others can take seconds (a software GPU), and would not be used.
   * @throws UserError DEVICE_UNAVAILABLE with the reason and the fix
   */
  async chooseDevice(id?: string): Promise<Device> {
    const latest = await (this.#latestProbe ?? (id === undefined ? this.probe() : this.#probeOnly(id)));
    const find = ({ devices }: MachineProbe) =>
      devices.find((one) => (id === undefined ? one.isDefault : one.id === id));
    const found = find(latest);
    // A probe of everything does not compare a software GPU, which takes a minute; one that is named is.
    const isSkipped = id !== undefined && found?.isSoftware === true && !found.isAvailable;
    const device = isSkipped ? find(await this.#probeOnly(id)) : found;
    if (device?.isAvailable === true) return device;
    const refused = { id: id ?? '', reason: device?.texts.reason ?? phrase('unknown-device') };
    const fix = device?.texts.fix;
    throw fix == null
      ? userError('device-unusable', refused, { action: { kind: 'show-devices' } })
      : userError('device-fixable', { ...refused, fix });
  }

  /**
   * The device of a segmentation, which only the app's own engine computes. Without an encoder, that is the CPU: unless
   * a device is named, none is probed, which takes longer than segmenting a few images.
   * @throws UserError BAD_INPUT for a device of PyTorch, DEVICE_UNAVAILABLE
   */
  async segmentingDevice({
    id,
    hasEncoder,
  }: {
    id: string | undefined;
    hasEncoder: boolean;
  }): Promise<string> {
    if (id !== undefined && torchDeviceOf(id)) throw userError('torch-only-pretrains', { device: id });
    if (id === undefined && !hasEncoder) return CPU_DEVICE;
    return (await this.chooseDevice(id)).id;
  }

  #probeOnly(id: string): Promise<MachineProbe> {
    const earlier = this.#namedProbes.get(id);
    if (earlier) return earlier;
    const probe = this.#deviceProbe.probe([id]);
    this.#namedProbes.set(id, probe);
    probe.catch(() => this.#namedProbes.delete(id));
    return probe;
  }

  publish(event: ServiceEvent): void {
    this.events.publish('event', event);
  }

  /** Ends the worker and closes the store; a job under way can be resumed later. */
  [Symbol.dispose](): void {
    this.downloads[Symbol.dispose]();
    this.queue[Symbol.dispose]();
    this.calls[Symbol.dispose]();
    this.#deviceProbe[Symbol.dispose]();
    this.store[Symbol.dispose]();
  }
}

function createFolders(layout: DataLayout): void {
  try {
    makePrivateFolder(layout.folder);
    closeToOthers(layout.folder, (name) => isOfDataFolder(layout, name));
    for (const folder of [layout.cache, layout.models, layout.runs, layout.logs]) makePrivateFolder(folder);
  } catch (error) {
    throw userError(
      isDiskFull(error) ? 'data-folder-full' : 'data-folder-unusable',
      { path: layout.folder },
      { cause: error },
    );
  }
}
