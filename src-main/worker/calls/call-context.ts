import type { CallProgress } from '../protocol/call.ts';

/** What a call that looks at a whole collection gets: its caller may have left, and may want to see how far it is. */
export type CallContext = { signal: AbortSignal; report: (progress: CallProgress) => void };
