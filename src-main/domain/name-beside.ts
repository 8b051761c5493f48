import { basename, dirname, join } from 'node:path';

/** What file systems allow for a name, in bytes. */
const MAX_NAME_BYTES = 255;

/**
 * A path in the same folder, with a name that starts as that of `path` does. A long name is cut, so that the suffix
 * always fits.
 */
export function nameBeside(
  path: string,
  { prefix = '', suffix }: { prefix?: string; suffix: string },
): string {
  const room = MAX_NAME_BYTES - Buffer.byteLength(prefix + suffix);
  return join(dirname(path), `${prefix}${startOf(basename(path), room)}${suffix}`);
}

/** The first whole characters that fit. */
function startOf(name: string, maxBytes: number): string {
  let [start, bytes] = ['', 0];
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    start += character;
  }
  return start;
}
