import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { pictureText, readSignedTarget, type PageSession } from '../../contract/page-access.ts';

/** Tickets that were issued and not used, and sessions: the oldest make room. */
const MAX_TICKETS = 100;
const MAX_SESSIONS = 1_000;

/** Who may use a server during this launch; see [Note: Page access] in contract/page-access.ts. */
export class Access {
  /** Of this launch, for other processes of the same person. */
  readonly token = newSecret();
  readonly #pictureKey = newSecret();
  readonly #tickets = new Set<string>();
  readonly #sessions = new Set<string>();

  /** A new ticket, for one use. */
  issueTicket(): string {
    const ticket = newSecret();
    addBounded(this.#tickets, digest(ticket), MAX_TICKETS);
    return ticket;
  }

  /** The session that a ticket opens; undefined for one that was used or never issued. */
  redeem(ticket: string): PageSession | undefined {
    if (!this.#tickets.delete(digest(ticket))) return undefined;
    const token = newSecret();
    addBounded(this.#sessions, digest(token), MAX_SESSIONS);
    return { token, pictureKey: this.#pictureKey };
  }

  isKnown(token: string | undefined): boolean {
    if (token === undefined) return false;
    const given = digest(token);
    return given === digest(this.token) || this.#sessions.has(given);
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

function newSecret(): string {
  return randomBytes(24).toString('base64url');
}

/** Secrets are looked up by their digests, so that the time a look-up takes says nothing about them. */
function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function addBounded(set: Set<string>, value: string, max: number): void {
  set.add(value);
  const [oldest] = set;
  if (set.size > max && oldest !== undefined) set.delete(oldest);
}
