import { expect, test } from 'vitest';
import { userError } from '../../../src-main/contract/errors.ts';
import { offerToLocate } from '../../../src-main/jobs/locate-folder.ts';
import { TestStore } from '../../support/store.ts';
import { tempFolder } from '../../support/temp-folder.ts';

test('a job whose folder is gone or empty offers to locate that of its collection', () => {
  using test = new TestStore(tempFolder());
  test.collection('cats');
  const collectionId = test.collection('dogs');
  for (const key of ['root-gone', 'root-empty'] as const) {
    const error = userError(key, { path: '/photos/dogs' }).toInfo();
    expect(offerToLocate(error, test.store)).toEqual({
      ...error,
      action: { kind: 'locate-folder', collectionId },
    });
  }
});

test('no other folder is located, and no other error is changed', () => {
  using test = new TestStore(tempFolder());
  test.collection('cats');
  for (const error of [
    userError('root-gone', { path: '/photos' }).toInfo(),
    userError('root-not-a-folder', { path: '/photos/cats' }).toInfo(),
    { code: 'INTERNAL' as const, message: 'It failed.', hint: null },
  ])
    expect(offerToLocate(error, test.store)).toBe(error);
});
