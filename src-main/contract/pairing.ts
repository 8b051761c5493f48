import { z } from 'zod';
import { base } from './procedure.ts';
import { ShownName } from './shown-name.ts';

/**
 * [Note: Pairing] Another machine reaches this one through an SSH tunnel. Instead of asking for a new address after each
 * restart, it pairs with this one once: `offer` makes a code, which the other machine exchanges for a token at `PAIR_PATH`.
 * The token is good for one thing, to get tickets of the page; see [Note: Page access]. Only its digest is stored here.
 */
export const PairedMachine = z.object({
  name: z.string(),
  pairedAtMs: z.number(),
  /** When it opened the page last; null if it never did. */
  seenAtMs: z.number().nullable(),
});
export type PairedMachine = z.infer<typeof PairedMachine>;

/** What a machine gets for its code. */
export const PairedToken = z.object({ token: z.string() });

/** The machines that may open the page that is served here. */
export const pairing = {
  /** By name. */
  list: base.output(z.array(PairedMachine)),
  /** A code for one machine, which works once and for ten minutes. A machine of that name that is paired already is replaced. */
  offer: base.input(z.object({ name: ShownName })).output(z.object({ code: z.string() })),
  /** Ends a pairing, and closes the pages that the machine has open. */
  remove: base.input(z.object({ name: ShownName })).output(z.null()),
};
