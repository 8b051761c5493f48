import { ORPCError } from '@orpc/client';

/** An error as it is shown: what failed, and what to do next where that is known. */
export type ShownError = { message: string; hint: string | null };

export function toShownError(error: unknown): ShownError {
  if (!(error instanceof ORPCError)) {
    return { message: error instanceof Error ? error.message : String(error), hint: null };
  }
  const data: unknown = error.data;
  const hasHint =
    typeof data === 'object' && data !== null && 'hint' in data && typeof data.hint === 'string';
  return { message: error.message, hint: hasHint ? String(data.hint) : null };
}
