import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ShownName } from '../../../src-main/contract/shown-name.ts';
import { t, useLanguage } from '../../../src-renderer/i18n/language.svelte.ts';
import { autoName } from '../../../src-renderer/state/auto-name.ts';
import { Models } from '../../../src-renderer/state/models.svelte.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';
import { startService } from '../../support/running-service.ts';

describe('names that the page gives', () => {
  test('are free, and short enough whatever they are made from', () => {
    const others = [{ name: 'pets, quick' }, { name: 'pets, quick (2)' }];
    expect(autoName('pets, quick', others)).toBe('pets, quick (3)');
    const long = `${'x'.repeat(189)}😀${'y'.repeat(200)}`;
    const first = autoName(long, []);
    expect(ShownName.parse(first)).toBe(first);
    expect(ShownName.parse(autoName(long, [{ name: first }]))).toBe(`${first} (2)`);
  });

  test('are in the language of the page', async () => {
    vi.stubGlobal('document', { documentElement: {} });
    await useLanguage('de');
    onTestFinished(async () => {
      await useLanguage('en');
      vi.unstubAllGlobals();
    });
    const { client } = startService();
    const models = new Models(client, new Toasts());
    await models.load();
    expect((await models.addUntrained('resnet18-half', 0))?.name).toBe(
      'resnet18-half untrainiert, Startwert 0',
    );
    expect((await models.addUntrained('resnet18-half', 0))?.name).toBe(
      'resnet18-half untrainiert, Startwert 0 (2)',
    );
    expect(t('runs.nameOf.balanced', { name: 'Haustiere' })).toBe('Haustiere, ausgewogen');
  });
});
