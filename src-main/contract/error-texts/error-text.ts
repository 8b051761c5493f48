import { z } from 'zod';
import { COLLECTIONS_ERRORS } from './collections.ts';
import { DATASETS_ERRORS } from './datasets.ts';
import { FILES_ERRORS } from './files.ts';
import { JOBS_ERRORS } from './jobs.ts';
import { MASKS_ERRORS } from './masks.ts';
import { MODELS_ERRORS } from './models.ts';
import { PHRASES } from './phrases.ts';
import { SEGMENTATIONS_ERRORS } from './segmentations.ts';

/**
 * Every error that a person can fix, in English.
 *
 * [Note: Errors as data] An error crosses boundaries as a key of this catalogue with its values. The page looks up the
 * key in its language; the command line and the log use the English text. What can be done about an error is an
 * `ErrorAction`: a button of the page, a command of the command line.
 */
export const ERROR_TEXTS = {
  ...JOBS_ERRORS,
  ...COLLECTIONS_ERRORS,
  ...SEGMENTATIONS_ERRORS,
  ...MASKS_ERRORS,
  ...DATASETS_ERRORS,
  ...FILES_ERRORS,
  ...MODELS_ERRORS,
} as const;

/** The name of an error in the catalogue. */
export type ErrorKey = keyof typeof ERROR_TEXTS;
/** The name of a part of a message. */
export type PhraseKey = keyof typeof PHRASES;

/** The names in the braces of a text. */
type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;
type TextsOf<Key extends ErrorKey> = (typeof ERROR_TEXTS)[Key] extends {
  message: infer Message extends string;
  hint: infer Hint extends string;
}
  ? Message | Hint
  : (typeof ERROR_TEXTS)[Key]['message'];

/** A part of a message with its values; or a whole error that another one quotes. */
export type Phrase = { key: string; values: Values };
/** The name of a part of a message that has no values. */
export type PlainPhraseKey = {
  [Key in PhraseKey]: [NamesIn<(typeof PHRASES)[Key]>] extends [never] ? Key : never;
}[PhraseKey];

/** What stands for a name in braces: phrases are looked up in turn. */
export type Value = string | number | Phrase;
export type Values = Record<string, Value>;
/** Values for exactly the names in the texts of an error. */
export type ValuesOf<Key extends ErrorKey> = Record<NamesIn<TextsOf<Key>>, Value>;

export const Phrase: z.ZodType<Phrase> = z.object({
  key: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number(), z.lazy(() => Phrase)])),
});

/** A text as data: a part of a message, or the words of another program. */
export const Told = z.union([z.string(), Phrase]);
export type Told = z.infer<typeof Told>;

/** A text as the command line and the log have it. */
export function inEnglish(told: Told): string {
  return filled('{told}', { told }, englishOf);
}

/** A part of a message. @param values for the names in its braces */
export function phrase<Key extends PhraseKey>(
  key: Key,
  ...[values]: NamesIn<(typeof PHRASES)[Key]> extends never
    ? []
    : [Record<NamesIn<(typeof PHRASES)[Key]>, Value>]
): Phrase {
  return { key, values: values ?? {} };
}

/** Parts of a message one after the other, as a list. */
export function phraseList(parts: readonly Told[]): Told {
  return parts.reduce<Told>(
    (first, second) => (first === '' ? second : phrase('and', { first, second })),
    '',
  );
}

/**
 * A text with values in place of the names in its braces. A name without a value stays as it is.
 * @param textOf looks up the text of a phrase; undefined for one that it does not know
 */
export function filled(text: string, values: Values, textOf: (key: string) => string | undefined): string {
  return text.replaceAll(/\{(\w+)\}/g, (braces, name: string) => {
    const value = values[name];
    if (value === undefined) return braces;
    if (typeof value !== 'object') return String(value);
    return filled(textOf(value.key) ?? value.key, value.values, textOf);
  });
}

/** The English text of a phrase, or the message of an error. */
export function englishOf(key: string): string | undefined {
  if (isErrorKey(key)) return ERROR_TEXTS[key].message;
  return isPhraseKey(key) ? PHRASES[key] : undefined;
}

/** Whether the catalogue of this version has such an error. */
export function isErrorKey(key: string): key is ErrorKey {
  return Object.hasOwn(ERROR_TEXTS, key);
}

function isPhraseKey(key: string): key is PhraseKey {
  return Object.hasOwn(PHRASES, key);
}
