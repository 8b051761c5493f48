import { createHmac } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { pictureText, readSignedTarget } from '../../../src-main/contract/page-access.ts';
import { pictureAddress, usePictureKey } from '../../../src-renderer/client/pictures.ts';
import { noteServerTime, serverNowMs } from '../../../src-renderer/client/server-clock.ts';
import { formatAgo } from '../../../src-renderer/i18n/format.ts';

const HOUR_MS = 3_600_000;
const httpDate = (ms: number) => new Date(ms).toUTCString();

afterEach(() => {
  noteServerTime(httpDate(Date.now()));
  usePictureKey(undefined);
});

test.each([-720, -30, -13, 0, 13, 30, 720])(
  'a page whose clock is %i hours behind signs addresses that the server opens, for half a day to a day',
  (hours) => {
    const serverMs = Date.now() + hours * HOUR_MS;
    noteServerTime(httpDate(serverMs));
    usePictureKey('key');
    const signed = readSignedTarget(pictureAddress('/images/1/thumbnail'));
    if (!signed) throw new Error('the address is not signed');
    const text = pictureText('/images/1/thumbnail', signed.expiryS);
    expect(signed.signature).toBe(createHmac('sha256', 'key').update(text).digest('base64url'));
    const leftHours = (signed.expiryS * 1_000 - serverMs) / HOUR_MS;
    expect(leftHours).toBeGreaterThan(11.9);
    expect(leftHours).toBeLessThan(24.1);
  },
);

test('what the server dates was that long ago by its own clock, and nothing is in the future', () => {
  const serverMs = Date.UTC(2026, 0, 2, 12);
  noteServerTime(httpDate(serverMs), 5_000);
  expect(serverNowMs(65_000)).toBe(serverMs + 60_000);
  expect(formatAgo(serverMs - 2 * HOUR_MS, serverNowMs(5_000))).toBe('2 hours ago');
  // A clock that was set back.
  expect(formatAgo(serverMs + 3 * HOUR_MS, serverNowMs(5_000))).toBe('just now');
});

test('an answer without a date, or with none that can be read, changes nothing', () => {
  const serverMs = Date.UTC(2026, 0, 2, 12);
  noteServerTime(httpDate(serverMs), 0);
  for (const date of [null, '', 'yesterday']) noteServerTime(date, 9_000);
  expect(serverNowMs(1_000)).toBe(serverMs + 1_000);
});
