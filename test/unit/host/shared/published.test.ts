import { expect, test } from 'vitest';
import { PUBLISHED_ENCODERS } from '../../../../src-main/contract/published-encoder.ts';
import { publishedEncoders } from '../../../../src-main/host/shared/published.ts';

test('encoders come from their authors unless a test says otherwise', () => {
  expect(publishedEncoders({})).toBe(PUBLISHED_ENCODERS);
  for (const { address } of publishedEncoders({})) expect(new URL(address).protocol).toBe('https:');
});

test('a server on this machine takes the place of the authors’, with the same paths', () => {
  const local = publishedEncoders({ R2O_ENCODER_SERVER: 'http://127.0.0.1:8123' });
  expect(local.map(({ name }) => name)).toEqual(PUBLISHED_ENCODERS.map(({ name }) => name));
  for (const [at, { address }] of local.entries()) {
    const { host, pathname } = new URL(address);
    expect(host).toBe('127.0.0.1:8123');
    expect(pathname).toBe(new URL(PUBLISHED_ENCODERS[at]?.address ?? '').pathname);
  }
});

test.each(['https://example.org', 'http://127.0.0.1.example.org', 'no address'])(
  'another machine is refused: %s',
  (server) => {
    expect(() => publishedEncoders({ R2O_ENCODER_SERVER: server })).toThrow(
      `R2O_ENCODER_SERVER is '${server}', which is not on this machine.`,
    );
  },
);
