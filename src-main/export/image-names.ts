import { createHash } from 'node:crypto';

/** File systems allow 255 bytes; tools add their own endings. */
const MAX_BYTES = 120;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/**
 * The name that an image gets in an export: its path in one piece, without its extension, with letters and digits of
 * any script, `-` and `_`. Dots break the import of VOC into CVAT, spaces the lists of VOC, the rest Windows.
 */
export function exportName(relPath: string): string {
  const stem = relPath.normalize('NFC').replace(/(?<=[^/])\.[^./]*$/, '');
  const parts = stem.split('/').map((part) => part.replaceAll(/[^\p{L}\p{M}\p{N}_-]/gu, '_'));
  const name = parts.join('__').replace(/^-/, '_') || '_';
  const safe = RESERVED.test(name) ? `_${name}` : name;
  if (Buffer.byteLength(safe) <= MAX_BYTES) return safe;
  const hash = createHash('sha256').update(relPath).digest('hex').slice(0, 8);
  // Cut between characters, never in one.
  let kept = '';
  for (const char of safe) {
    if (Buffer.byteLength(kept + char) > MAX_BYTES - hash.length - 1) break;
    kept += char;
  }
  return `${kept}-${hash}`;
}

/** Gives each image of an export a unique name, compared without case. */
export class ImageNames {
  readonly #taken = new Set<string>();
  readonly #next = new Map<string, number>();

  /** The image's `exportName`; where another one has it already, with the lowest free number behind it. */
  take(relPath: string): string {
    const wanted = exportName(relPath);
    const key = fold(wanted);
    for (let number = this.#next.get(key) ?? 1; ; number++) {
      const name = number === 1 ? wanted : `${wanted}-${number}`;
      if (this.#taken.has(fold(name))) continue;
      this.#taken.add(fold(name));
      this.#next.set(key, number + 1);
      return name;
    }
  }
}

const fold = (name: string) => name.toLowerCase();
