import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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
});
