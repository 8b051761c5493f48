import i18next from 'i18next';
import {
  ERROR_TEXTS,
  englishOf,
  filled,
  isErrorKey,
  type ErrorKey,
  type Phrase,
  type PhraseKey,
  type Told,
} from '../../src-main/contract/error-texts/error-text.ts';
import type { LanguageChoice } from '../../src-main/contract/settings.ts';
import en from './en.json';

export type Language = Exclude<LanguageChoice, 'system'>;

/** All texts of English in another language: one that lacks a text does not compile. */
type AllTexts<T = typeof en> = { [K in keyof T]: T[K] extends string ? string : AllTexts<T[K]> };

/** All languages but English, which is always loaded; each is loaded when it is first selected. */
const LOADERS: Record<Exclude<Language, 'en'>, () => Promise<AllTexts>> = {
  de: async () => (await import('./de.json')).default,
};

/** What errors say in another language: one that lacks an error does not compile. */
type ErrorTexts = {
  errors: Record<ErrorKey, { message: string; hint?: string }>;
  phrases: Record<PhraseKey, string>;
};

const ERROR_LOADERS: Record<Exclude<Language, 'en'>, () => Promise<ErrorTexts>> = {
  de: async () => (await import('./errors.de.json')).default,
};

const translator = i18next.createInstance({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en } },
  // Svelte escapes what it shows.
  interpolation: { escapeValue: false },
  initAsync: false,
});
void translator.init();

// A page has one language, as it has one document; every `t` in markup follows it.
let current = $state<Language>('en');
/** Of the current language; undefined in English, which is in the contract. */
let errorTexts = $state.raw<ErrorTexts>();

/** The language that the page is in. */
export function language(): Language {
  return current;
}

/** Dotted paths to the texts of a language. */
type Paths<T> = {
  [K in keyof T & string]: T[K] extends string ? K : `${K}.${Paths<T[K]>}`;
}[keyof T & string];
/** Texts with a number have one form a plural; they are asked for without its name. */
type WithoutPlural<K> = K extends `${infer Base}_${'one' | 'other'}` ? Base : K;

/** The key of a text: one that does not exist does not compile. */
export type TextKey = WithoutPlural<Paths<typeof en>>;
type Values = Record<string, string | number>;

/**
 * Text of the page's language; markup that uses it follows a change of language.
 * @param values what stands between braces in the text; `count` chooses the plural
 */
export function t(key: TextKey, values: Values = {}): string {
  return translate(key, values);
}

/** As `t`, for keys made from data (error codes, metrics) that may have no words yet. */
export function tOr(key: string, fallback: string, values: Values = {}): string {
  return translate(key, { ...values, defaultValue: fallback });
}

function translate(key: string, values: Values): string {
  // Read, so that whoever calls this is called again when the language changes.
  void current;
  return translator.t(key, values);
}

/**
 * What an error says in the page's language.
 * @returns undefined for an error that this version does not have, or that has no such part
 */
export function tError({ key, values }: Phrase, part: 'message' | 'hint'): string | undefined {
  if (!isErrorKey(key)) return undefined;
  const texts: { message: string; hint?: string } = errorTexts?.errors[key] ?? ERROR_TEXTS[key];
  const text = texts[part];
  return text === undefined ? undefined : filled(text, values, messageOrPhrase).trim();
}

/** A text that came as data, in the page's language; the words of another program stay what they are. */
export function tTold(told: Told): string {
  return filled('{told}', { told }, messageOrPhrase);
}

function messageOrPhrase(key: string): string | undefined {
  const known: Partial<Record<string, string>> = errorTexts?.phrases ?? {};
  if (errorTexts && isErrorKey(key)) return errorTexts.errors[key].message;
  return known[key] ?? englishOf(key);
}

/** Switches the page to a language, loading its texts where needed. */
export async function useLanguage(choice: LanguageChoice): Promise<void> {
  const chosen = choice === 'system' ? preferred(navigator.languages) : choice;
  if (chosen !== 'en' && !translator.hasResourceBundle(chosen, 'translation')) {
    translator.addResourceBundle(chosen, 'translation', await LOADERS[chosen]());
  }
  const errors = chosen === 'en' ? undefined : await ERROR_LOADERS[chosen]();
  await translator.changeLanguage(chosen);
  errorTexts = errors;
  document.documentElement.lang = chosen;
  current = chosen;
}

/** The first language that we have among those that the system asks for. */
export function preferred(asked: readonly string[]): Language {
  for (const tag of asked) {
    const language = tag.toLowerCase().split('-')[0];
    if (language === 'en' || language === 'de') return language;
  }
  return 'en';
}
