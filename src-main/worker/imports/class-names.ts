import { CLASS_WITHOUT_CONCEPT } from '../../contract/dataset.ts';
import { ShownName } from '../../contract/shown-name.ts';
import type { ExportedClass, ImportedMask } from '../../domain/mask-import-rows.ts';
import { labelMapName } from '../../export/label-map-name.ts';
import { exportName } from '../../export/image-names.ts';

const MAX_LENGTH = 200;

/** A class name as it is used; null for none. */
export type CleanName = {
  name: string | null;
  /** One sentence about what was changed, if anything was. */ note?: string;
};

/** A class name out of a file as one line of text that can be shown everywhere. */
export function cleanClassName(raw: string): CleanName {
  const text = raw.toWellFormed();
  const { data: name } = ShownName.safeParse(text);
  if (name === raw) return name.includes('\ufffd') ? { name, note: NOT_UTF8 } : { name };
  if (name !== undefined) {
    return {
      name,
      note: `Control characters and outer spaces were removed from its class name, which is now "${name}".`,
    };
  }
  const { data: cut } = ShownName.safeParse(firstLetters(text.replaceAll(/\s+/g, ' ').trim()));
  if (cut === undefined) return { name: null, note: 'Its class name is empty, so it has no class.' };
  return { name: cut, note: `Its class name was cut to ${MAX_LENGTH} characters.` };
}

const NOT_UTF8 =
  'Its class name has letters that cannot be read: save the file as UTF-8, then import it again.';

function firstLetters(text: string): string {
  return text.slice(0, MAX_LENGTH).replace(/[\ud800-\udbff]$/, '');
}

/**
 * Whether a class in a file is the one that a mask has: by its concept, or as a dataset called that, or as an export
 * wrote this into a file.
 */
export function isClassOf(className: string | null, { className: own, exported }: ImportedMask): boolean {
  if (className === null) return true;
  const names = [own === '' ? CLASS_WITHOUT_CONCEPT : own, ...(exported?.classNames ?? [])];
  return names.some(
    (name) =>
      name === className ||
      cleanClassName(name).name === className ||
      exportName(name) === className ||
      labelMapName(name) === className ||
      isRenamedBackground(name, className),
  );
}

/** Exports call a class differently that has the name of pixels without a class. */
function isRenamedBackground(name: string, className: string): boolean {
  return name.toLowerCase() === 'background' && className.startsWith(`${name}-class`);
}

/**
 * The concept that a class stands for, by what dataset versions called it; null for none, as of objects that exports
 * give a class only because they have no concept.
 */
export function conceptOfClass(className: string | null, exported: readonly ExportedClass[]): string | null {
  if (className === null) return null;
  const known = exported.find((one) => one.className === className);
  if (known) return known.concept;
  return className === CLASS_WITHOUT_CONCEPT ? null : className;
}
