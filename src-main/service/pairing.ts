import { z } from 'zod';
import { userError } from '../contract/errors.ts';
import { PairedMachine } from '../contract/pairing.ts';
import { newSecret, secretDigest } from '../domain/secrets.ts';
import type { SettingsRepository } from '../store/settings.ts';

const CODE_LIFE_MS = 10 * 60_000;
/** Codes that nobody has used: the oldest make room. */
const MAX_CODES = 20;
/** Stored in the table of the settings, but no setting. */
const KEY = 'pairedMachines';
const Stored = PairedMachine.extend({ digest: z.string() });
type Stored = z.infer<typeof Stored>;

/** The machines that may open this one's page at any time; see [Note: Pairing] in contract/pairing.ts. */
export class Pairing {
  readonly #settings: SettingsRepository;
  readonly #nowMs: () => number;
  /** By digest. */
  readonly #codes = new Map<string, { name: string; untilMs: number }>();
  readonly #listeners = new Set<(name: string) => void>();

  constructor(settings: SettingsRepository, nowMs: () => number) {
    this.#settings = settings;
    this.#nowMs = nowMs;
  }

  list(): PairedMachine[] {
    return this.#stored.map((one) => PairedMachine.parse(one));
  }

  /** A code with which one machine can be paired under that name. */
  offer(name: string): { code: string } {
    const code = newSecret();
    this.#codes.set(secretDigest(code), { name, untilMs: this.#nowMs() + CODE_LIFE_MS });
    const [oldest] = this.#codes.keys();
    if (this.#codes.size > MAX_CODES && oldest !== undefined) this.#codes.delete(oldest);
    return { code };
  }

  /** The token for a code; undefined if the code was used, is too old or was never offered. */
  redeem(code: string): string | undefined {
    const offered = this.#codes.get(secretDigest(code));
    this.#codes.delete(secretDigest(code));
    const nowMs = this.#nowMs();
    // A code of a time to come was offered before the clock was set back: nobody knows how old it is.
    if (!offered || offered.untilMs < nowMs || offered.untilMs - CODE_LIFE_MS > nowMs) return undefined;
    const { name } = offered;
    const token = newSecret();
    const others = this.#stored.filter((one) => one.name !== name);
    this.#save([...others, { name, pairedAtMs: nowMs, seenAtMs: null, digest: secretDigest(token) }]);
    this.#announceEnd(name);
    return token;
  }

  /** The machine with that token, which has come for a ticket; undefined for any other token. */
  recognize(token: string): string | undefined {
    const given = secretDigest(token);
    const found = this.#stored.find((one) => one.digest === given);
    if (!found) return undefined;
    const seenAtMs = this.#nowMs();
    this.#save(this.#stored.map((one) => (one.name === found.name ? { ...one, seenAtMs } : one)));
    return found.name;
  }

  /** @throws UserError NOT_FOUND */
  remove(name: string): null {
    const left = this.#stored.filter((one) => one.name !== name);
    if (left.length === this.#stored.length) throw userError('no-paired-machine', { name });
    this.#save(left);
    this.#announceEnd(name);
    return null;
  }

  /** Hears of every pairing that ends, by removal or by a new one of the same name. */
  onEnd(listener: (name: string) => void): void {
    this.#listeners.add(listener);
  }

  #announceEnd(name: string): void {
    for (const listener of this.#listeners) listener(name);
  }

  get #stored(): Stored[] {
    return z.array(Stored).catch([]).parse(this.#settings.all()[KEY]);
  }

  #save(machines: Stored[]): void {
    this.#settings.setAll({ [KEY]: machines.toSorted((a, b) => (a.name < b.name ? -1 : 1)) });
  }
}
