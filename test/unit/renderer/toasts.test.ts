import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { showError } from '../../../src-renderer/state/attempt.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';

const titles = ({ shown }: Toasts) => shown.map(({ title }) => title);

describe('messages at the edge of the page', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('are forgotten when what they tell of has moved on, and only those', () => {
    const toasts = new Toasts();
    toasts.show({ tone: 'danger', title: 'Scan stopped', about: 'job 1' });
    toasts.show({ tone: 'danger', title: 'Export stopped', about: 'job 2' });
    toasts.show({ tone: 'danger', title: 'Not saved' });
    toasts.forget('job 1');
    expect(titles(toasts)).toEqual(['Export stopped', 'Not saved']);
  });

  test('go by themselves, unless they tell of a failure that is told nowhere else', () => {
    const toasts = new Toasts();
    toasts.show({ tone: 'success', title: 'Done' });
    toasts.show({ tone: 'danger', title: 'Scan stopped', isToldElsewhere: true });
    toasts.show({ tone: 'danger', title: 'Not saved' });
    vi.runAllTimers();
    expect(titles(toasts)).toEqual(['Not saved']);
  });

  test('that a call was cut off do not outlast the bar that says so too', () => {
    const toasts = new Toasts();
    showError(toasts, { code: 'SERVER_UNREACHABLE', message: 'It has ended.', hint: null });
    showError(toasts, { code: 'FOLDER_NOT_FOUND', message: '/photos does not exist.', hint: null });
    expect(toasts.shown).toHaveLength(2);
    vi.runAllTimers();
    expect(toasts.shown).toMatchObject([{ text: expect.stringContaining('/photos') as string }]);
  });
});
