import { isLocalOrigin, ticketOfFragment } from '../../src-main/contract/page-access.ts';

/** Where an address leads that a person has pasted: to the server of this page, with a ticket, or to another one. */
export type PastedAddress = { ticket: string } | { elsewhere: string };

/**
 * Reads an address as `r2o serve` prints it. A ticket goes to no other server than the one that the address names.
 * @param origin of this page
 * @returns undefined for anything else
 */
export function readPastedAddress(text: string, origin: string): PastedAddress | undefined {
  const address = URL.parse(text.trim());
  const ticket = ticketOfFragment(address?.hash ?? '');
  if (!address || ticket === undefined) return undefined;
  if (!isLocalOrigin(address)) return undefined;
  return address.origin === origin ? { ticket } : { elsewhere: address.href };
}
