import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(process.env.R2O_SHARED ?? join(import.meta.dirname, '../../../shared'));

/** The folder of photos and golden numbers beside the checkout. The product never needs it; some tests do. */
export const hasShared = existsSync(join(folder, 'golden'));

export const sharedPath = (...parts: string[]): string => join(folder, ...parts);

/** Appended to the names of tests that are skipped without it. */
export const sharedReason = hasShared ? '' : ` (skipped: ${folder} is absent)`;

/** A JSON fixture; its shape is documented in golden/README.md, and the caller states it. */
export const readSharedJson = (...parts: string[]): unknown =>
  JSON.parse(readFileSync(sharedPath(...parts), 'utf8'));
