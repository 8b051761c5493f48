import { createHmac, timingSafeEqual } from 'node:crypto';
import { pictureText, readSignedTarget, type PageSession } from '../../contract/page-access.ts';
import { newSecret, secretDigest } from '../../domain/secrets.ts';

/** Tickets that were issued and not used, and sessions: the oldest make room. */
const MAX_TICKETS = 100;
const MAX_SESSIONS = 1_000;

/** Who may use a server during this launch; see [Note: Page access] in contract/page-access.ts. */
export class Access {
  /** Of this launch, for other processes of the same person. */
  readonly token = newSecret();
  readonly #pictureKey = newSecret();
  /** By digest, with the name of the paired machine that they are for; null for a page of this machine. */
  readonly #tickets = new Map<string, string | null>();
  readonly #sessions = new Map<string, string | null>();

  /** A new ticket, for one use. @param machine the paired machine that it is for */
  issueTicket(machine: string | null = null): string {
    const ticket = newSecret();
    addBounded(this.#tickets, [secretDigest(ticket), machine], MAX_TICKETS);
    return ticket;
  }

  /** The session that a ticket opens; undefined for one that was used or never issued. */
  redeem(ticket: string): PageSession | undefined {
    const used = secretDigest(ticket);
    const machine = this.#tickets.get(used);
    if (machine === undefined) return undefined;
    this.#tickets.delete(used);
    const token = newSecret();
    addBounded(this.#sessions, [secretDigest(token), machine], MAX_SESSIONS);
    return { token, pictureKey: this.#pictureKey };
  }

  isKnown(token: string | undefined): boolean {
    if (token === undefined) return false;
    const given = secretDigest(token);
    return given === secretDigest(this.token) || this.#sessions.has(given);
  }

  /** The paired machine whose session it is; undefined for a page of this machine, and for what is unknown. */
  machineOf(token: string | undefined): string | undefined {
    if (token === undefined) return undefined;
    return this.#sessions.get(secretDigest(token)) ?? undefined;
  }

  /** Makes the tickets and sessions of a paired machine worthless. */
  forget(machine: string): void {
    for (const secrets of [this.#tickets, this.#sessions])
      for (const [secret, name] of secrets) if (name === machine) secrets.delete(secret);
  }

  /** The path and query of a picture whose address has a valid signature that has not expired; otherwise undefined. */
  signedPicture(target: string, nowMs: number): string | undefined {
    const signed = readSignedTarget(target);
    if (!signed || signed.expiryS * 1_000 < nowMs) return undefined;
    const text = pictureText(signed.target, signed.expiryS);
    const expected = createHmac('sha256', this.#pictureKey).update(text).digest();
    const given = Buffer.from(signed.signature, 'base64url');
    return given.length === expected.length && timingSafeEqual(given, expected) ? signed.target : undefined;
  }
}

function addBounded<V>(map: Map<string, V>, [key, value]: [string, V], max: number): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
