import { flushSync } from 'svelte';
import { expect, test } from 'vitest';
import { latched } from '../../../src-renderer/state/latched.svelte.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';

test('a latch stays where it was set once', () => {
  const toasts = new Toasts();
  const hasTold = latched(() => toasts.shown.length > 0);
  expect(hasTold()).toBe(false);
  toasts.show({ tone: 'danger', title: 'The disk is full' });
  flushSync();
  expect(hasTold()).toBe(true);
  toasts.dismiss(1);
  flushSync();
  expect(hasTold()).toBe(true);
});
