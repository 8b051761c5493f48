import { untrack } from 'svelte';
import type { Client } from '../../src-main/contract/contract.ts';
import type { Device, DoctorCheck, RevealTarget, StorageUse } from '../../src-main/contract/system.ts';
import { canRevealHere, revealHere } from '../client/desktop.ts';
import type { ShownError } from '../client/error.ts';
import { attempt, attemptLoudly } from './attempt.ts';
import type { Toasts } from './toasts.svelte.ts';

/** Something that is read from the service when it is first needed, and again on request. */
class Reading<T> {
  readonly #read: () => Promise<T>;
  #value = $state.raw<T>();
  #error = $state.raw<ShownError>();
  #isBusy = $state(false);

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  get value(): T | undefined {
    return this.#value;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  async refresh(read: () => Promise<T> = this.#read): Promise<void> {
    if (untrack(() => this.#isBusy)) return;
    this.#isBusy = true;
    this.#error = await attempt(async () => {
      this.#value = await read();
    });
    this.#isBusy = false;
  }

  /** Reads it if that has not been done yet. */
  async ensure(): Promise<void> {
    if (untrack(() => this.#value) === undefined) await this.refresh();
  }
}

/** The machine that the service runs on: its devices, its disk, and what the doctor finds. */
export class Machine {
  readonly devices: Reading<Device[]>;
  readonly checks: Reading<DoctorCheck[]>;
  readonly storage: Reading<StorageUse>;
  readonly #client: Client;
  readonly #toasts: Toasts;

  constructor(client: Client, toasts: Toasts) {
    this.#client = client;
    this.#toasts = toasts;
    this.devices = new Reading(() => client.system.devices());
    this.checks = new Reading(() => client.system.doctor());
    this.storage = new Reading(() => client.system.storage());
  }

  emptyCaches(): Promise<void> {
    return this.storage.refresh(() => this.#client.system.emptyCaches());
  }

  reveal(target: RevealTarget): Promise<boolean> {
    return attemptLoudly(this.#toasts, async () => {
      if (canRevealHere()) await revealHere((await this.#client.system.locate(target)).path);
      else await this.#client.system.reveal(target);
    });
  }
}
