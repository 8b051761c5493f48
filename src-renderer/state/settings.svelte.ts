import type { Client } from '../../src-main/contract/contract.ts';
import type { Settings, SettingsChange } from '../../src-main/contract/settings.ts';
import { attemptLoudly } from './attempt.ts';
import type { Toasts } from './toasts.svelte.ts';

/** The settings as the service has them; a change takes effect when the service has accepted it. */
export class SettingsState {
  readonly #client: Client;
  readonly #toasts: Toasts;
  #values: Settings;

  constructor(client: Client, toasts: Toasts, values: Settings) {
    this.#client = client;
    this.#toasts = toasts;
    this.#values = $state.raw(values);
  }

  get values(): Settings {
    return this.#values;
  }

  update(changes: SettingsChange): Promise<boolean> {
    return attemptLoudly(this.#toasts, async () => this.apply(await this.#client.settings.update(changes)));
  }

  /** Applies the values that the service reports, including changes made elsewhere. */
  apply(values: Settings): void {
    this.#values = values;
  }
}
