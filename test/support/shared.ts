import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(process.env.R2O_SHARED ?? join(import.meta.dirname, '../../../shared'));

/**
 * Whether the development pictures are beside the checkout: photos with ground truth, too large to commit. The product
 * never needs them; some end-to-end tests and benchmarks do.
 */
export const hasShared = existsSync(join(folder, 'data'));

export const sharedPath = (...parts: string[]): string => join(folder, ...parts);

/** Appended to the names of tests that are skipped without it. */
export const sharedReason = hasShared ? '' : ` (skipped: ${folder} is absent)`;
