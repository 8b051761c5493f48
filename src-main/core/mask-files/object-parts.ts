import type { EncodedMask } from '../mask/rle.ts';
import { unionOf } from '../mask/union.ts';
import type { FileMask } from './mask-record.ts';

/** Objects of an image that a file describes in parts. */
export class ObjectParts {
  readonly #objects = new Map<string, { about: Omit<FileMask, keyof EncodedMask>; parts: EncodedMask[] }>();

  /**
   * Adds a part to the object with a key, or a new object.
   * @param key undefined for an object of one part
   * @param about class and score; those of the first part are used
   */
  add(key: string | undefined, part: EncodedMask, about: Omit<FileMask, keyof EncodedMask>): void {
    const place = key ?? `\0${this.#objects.size}`;
    const object = this.#objects.get(place);
    if (object) object.parts.push(part);
    else this.#objects.set(place, { about, parts: [part] });
  }

  /** The objects in the order of their first parts. */
  masks(): FileMask[] {
    return [...this.#objects.values()].flatMap(({ about, parts }) => {
      const mask = joinedMask(parts);
      return mask ? [{ ...mask, ...about, ...(parts.length > 1 && { entries: parts.length }) }] : [];
    });
  }
}

/** All that at least one of the parts holds; null for no parts. */
export function joinedMask(parts: readonly EncodedMask[]): EncodedMask | null {
  const [first, ...others] = parts;
  if (!first) return null;
  return others.length === 0 ? first : unionOf([first.shape, ...others.map(({ shape }) => shape)]);
}
