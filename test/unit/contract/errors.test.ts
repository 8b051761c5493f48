import { expect, test } from 'vitest';
import { toErrorInfo, UserError, userErrorFromInfo } from '../../../src-main/contract/errors.ts';

test('an error for the user keeps its code and hint over a boundary', () => {
  for (const hint of ['Try again.', null]) {
    const error = new UserError('NOT_FOUND', 'There is no run 7.', hint === null ? {} : { hint });
    const info = toErrorInfo(error);
    expect(info).toEqual({ code: 'NOT_FOUND', message: 'There is no run 7.', hint });
    expect(userErrorFromInfo(info)).toMatchObject(info);
  }
});

test.each([
  [new TypeError('x is not a function'), 'x is not a function'],
  ['a text', 'a text'],
  [undefined, '[object Undefined]'],
  [Object.create(null), '[object Object]'],
])('whatever else was thrown is an internal error (%#)', (thrown, message) => {
  expect(toErrorInfo(thrown)).toEqual({ code: 'INTERNAL', message, hint: null });
});
