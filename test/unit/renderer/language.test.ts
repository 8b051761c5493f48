import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { phrase } from '../../../src-main/contract/error-texts/error-text.ts';
import { formatAgo, formatNumber, formatPercent } from '../../../src-renderer/i18n/format.ts';
import {
  language,
  preferred,
  t,
  tError,
  tOr,
  useLanguage,
} from '../../../src-renderer/i18n/language.svelte.ts';

const page = { documentElement: { lang: 'en' } };

beforeEach(() => vi.stubGlobal('document', page));
afterEach(async () => {
  await useLanguage('en');
  vi.unstubAllGlobals();
});

const paused = { key: 'job-state', values: { id: 7, state: phrase('paused'), wanted: phrase('resumed') } };

describe('the language of the page', () => {
  test('is the first that the system asks for and the app has', () => {
    expect(preferred(['fr-CH', 'de-CH', 'en'])).toBe('de');
    expect(preferred(['fr', 'EN-gb', 'de'])).toBe('en');
    expect(preferred(['fr'])).toBe('en');
  });

  test('follows the system where no language was chosen', async () => {
    vi.stubGlobal('navigator', { languages: ['de-AT'] });
    await useLanguage('system');
    expect(language()).toBe('de');
    expect(page.documentElement.lang).toBe('de');
  });

  test('changes texts, plurals and numbers', async () => {
    expect(t('common.justNow')).toBe('just now');
    expect(formatNumber(12_345)).toBe('12,345');

    await useLanguage('de');
    expect(t('common.justNow')).toBe('gerade eben');
    expect(formatNumber(12_345)).toBe('12.345');
    expect(formatPercent(0.42)).toBe('42\u00a0%');
    expect(formatAgo(0, 3 * 60_000)).toBe('vor 3 Minuten');

    await useLanguage('en');
    expect(formatAgo(0, 3 * 60_000)).toBe('3 minutes ago');
    expect(formatAgo(0, 30_000)).toBe('just now');
  });

  test('has a text of its own only for keys that are in the catalogue', () => {
    expect(tOr('common.justNow', 'else')).toBe('just now');
    expect(tOr('common.noSuchText', 'else')).toBe('else');
  });
});

describe('an error', () => {
  test('is told in the language of the page, with the parts of its message', async () => {
    expect(tError(paused, 'message')).toBe('Job 7 is paused, so it cannot be resumed.');
    await useLanguage('de');
    expect(tError(paused, 'message')).toBe(
      'Vorgang 7 ist angehalten und kann deshalb nicht fortgesetzt werden.',
    );
    expect(tError(paused, 'hint')).toBe(
      'Prüfen Sie den Zustand des Vorgangs und versuchen Sie es dann noch einmal.',
    );
  });

  test('quotes another error in the same language', async () => {
    const quoting = {
      key: 'job-state',
      values: { id: { key: 'no-job', values: { id: 3 } }, state: '', wanted: '' },
    };
    expect(tError(quoting, 'message')).toContain('There is no job 3.');
    await useLanguage('de');
    expect(tError(quoting, 'message')).toContain('Es gibt keinen Vorgang 3.');
  });

  test('of a later version has no text here', () => {
    expect(tError({ key: 'no-such-error', values: {} }, 'message')).toBeUndefined();
  });
});
