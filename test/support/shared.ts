import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * The folder of golden numbers and test photos, beside the repository; `R2O_SHARED` says where else.
 * Tests that need it are skipped, with `whyNoShared` as the reason, where it is not there.
 */
const root = process.env.R2O_SHARED ?? resolve(import.meta.dirname, '../../../shared');

export const hasShared = existsSync(resolve(root, 'golden/SPEC.md'));
export const whyNoShared = `golden numbers are not at ${root} (set R2O_SHARED)`;

export function sharedPath(...parts: readonly string[]): string {
  return resolve(root, ...parts);
}

/** A JSON fixture; its shape is documented in golden/README.md, and the caller states it. */
export function readSharedJson(...parts: readonly string[]): unknown {
  return JSON.parse(readFileSync(sharedPath(...parts), 'utf8'));
}
