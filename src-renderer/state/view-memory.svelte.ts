import { untrack } from 'svelte';
import type { z } from 'zod';
import type { Client } from '../../src-main/contract/contract.ts';
import type { ViewState } from '../../src-main/contract/view-state.ts';
import { attempt } from './attempt.ts';

const WRITE_AFTER_MS = 400;

/** How the page was left, kept by the service so that it survives a restart of everything. */
export class ViewMemory {
  readonly #client: Client;
  #entries = $state.raw<ViewState>({});
  #unsaved: ViewState = {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: Client, entries: ViewState) {
    this.#client = client;
    this.#entries = entries;
  }

  /** What was remembered, or `fallback` where nothing was, or something of an older version that does not fit. */
  read<T>(key: string, schema: z.ZodType<T>, fallback: T): T {
    const text = this.#entries[key];
    if (text === undefined) return fallback;
    const parsed = schema.safeParse(parseJson(text));
    return parsed.success ? parsed.data : fallback;
  }

  remember(key: string, value: unknown): void {
    const text = JSON.stringify(value);
    const entries = untrack(() => this.#entries);
    if (entries[key] === text) return;
    this.#entries = { ...entries, [key]: text };
    this.#unsaved[key] = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#save(), WRITE_AFTER_MS);
  }

  async #save(): Promise<void> {
    const changes = this.#unsaved;
    this.#unsaved = {};
    // A view that could not be saved is no reason to interrupt the user; a lost connection is shown elsewhere.
    const error = await attempt(() => this.#client.view.remember(changes));
    if (error) this.#unsaved = { ...changes, ...this.#unsaved };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
