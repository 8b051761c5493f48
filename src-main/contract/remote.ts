import { z } from 'zod';
import { ErrorInfo } from './errors.ts';
import { ShownName } from './shown-name.ts';

/** A folder of this machine, and where the other one has the same files. */
export const PathPair = z.object({ here: z.string().min(1), there: z.string().min(1) });
export type PathPair = z.infer<typeof PathPair>;

/** A machine that this one is paired with; see [Note: Pairing] in pairing.ts. */
export const Remote = z.object({
  name: z.string(),
  /** Of its server: as seen there if `ssh` is given, and otherwise from here, where a tunnel ends. */
  origin: z.url(),
  /** What `ssh` connects to, as `user@host`; null if somebody else opens the tunnel. */
  ssh: z.string().nullable(),
  /** Where our own tunnel ends here; kept, because what a page remembers belongs to its port. */
  localPort: z.number().int().nullable(),
  paths: z.array(PathPair),
});
export type Remote = z.infer<typeof Remote>;

/** What the page asks of the desktop about other machines. */
export const RemoteRequest = z.discriminatedUnion('what', [
  z.object({ what: z.literal('list') }),
  z.object({ what: z.literal('add'), name: ShownName, address: z.string(), ssh: z.string().nullable() }),
  z.object({ what: z.literal('set-paths'), name: z.string(), paths: z.array(PathPair) }),
  z.object({ what: z.literal('open'), name: z.string() }),
  z.object({ what: z.literal('remove'), name: z.string() }),
]);
export type RemoteRequest = z.infer<typeof RemoteRequest>;

/** The machines as they are then, or why it failed: Electron would pass on nothing but the message of an error. */
export const RemoteAnswer = z.union([z.object({ remotes: z.array(Remote) }), z.object({ error: ErrorInfo })]);
export type RemoteAnswer = z.infer<typeof RemoteAnswer>;

/** Whether the tunnel to a machine can be used, and if not, why, where it is known; it is opened again either way. */
export const TunnelState = z.union([
  z.object({ isOpen: z.literal(true) }),
  z.object({ isOpen: z.literal(false), error: ErrorInfo.nullable() }),
]);
export type TunnelState = z.infer<typeof TunnelState>;
