import { describe, expect, test } from 'vitest';
import { readPastedAddress } from '../../../src-renderer/client/pasted-address.ts';

const TICKET = 'abcdefghijklmnopqrstuvwxyz012345';
const HERE = 'http://127.0.0.1:4000';

describe('a pasted address', () => {
  test.each([`${HERE}/#ticket=${TICKET}`, `  ${HERE}/#ticket=${TICKET}\n`])(
    '%j is of this server',
    (text) => {
      expect(readPastedAddress(text, HERE)).toEqual({ ticket: TICKET });
    },
  );

  test.each([
    `http://127.0.0.1:4001/#ticket=${TICKET}`,
    `http://localhost:4000/#ticket=${TICKET}`,
    `http://[::1]:4000/#ticket=${TICKET}`,
  ])('%s is of another one', (text) => {
    expect(readPastedAddress(text, HERE)).toEqual({ elsewhere: text });
  });

  test.each([
    '',
    'r2o serve',
    HERE,
    `${HERE}/#ticket=`,
    `https://127.0.0.1:4000/#ticket=${TICKET}`,
    `http://example.com/#ticket=${TICKET}`,
    `http://127.0.0.1.example.com/#ticket=${TICKET}`,
    `javascript:alert(1)#ticket=${TICKET}`,
  ])('%j is none', (text) => {
    expect(readPastedAddress(text, HERE)).toBeUndefined();
  });
});
