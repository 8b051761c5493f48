import { expect, test } from 'vitest';
import { phrase } from '../../../../src-main/contract/error-texts/error-text.ts';
import { userError } from '../../../../src-main/contract/errors.ts';
import { CollectionId, RunId } from '../../../../src-main/contract/ids.ts';
import { commandLineHint } from '../../../../src-main/host/cli/error-hints.ts';

test('what an error offers is a command that can be pasted', () => {
  const error = userError(
    'collection-exists',
    { path: '/photos', name: 'photos', id: 4 },
    { action: { kind: 'rescan', collectionId: CollectionId.parse(4) } },
  );
  expect(error.hint).toBe('Scan it again instead.');
  expect(commandLineHint(error.toInfo())).toBe('Scan it again instead: r2o collections rescan 4');
});

test('the folder of a collection is located with a command', () => {
  const action = { kind: 'locate-folder', collectionId: CollectionId.parse(3) } as const;
  const error = userError('root-gone', { path: '/photos' }, { action });
  expect(commandLineHint(error.toInfo())).toBe(
    'Reconnect its drive, then try again; if the folder was moved, let the collection read its images from the new place: r2o collections move 3 <folder>',
  );
});

test('another way than the advised one follows it', () => {
  const error = userError(
    'device-failed',
    { reason: 'It is gone.', kept: phrase('checkpoint-kept', { step: 40 }), device: 'onnx:webgpu' },
    { action: { kind: 'resume-run', runId: RunId.parse(2), device: 'onnx:cpu' } },
  );
  expect(commandLineHint(error.toInfo())).toBe(
    'The checkpoint of step 40 is kept. Resume to try onnx:webgpu again, or continue on another device: r2o runs resume 2 --device onnx:cpu',
  );
});

test('an option is named where the command line has one', () => {
  expect(commandLineHint(userError('file-exists', { path: '/a.png' }).toInfo())).toBe(
    'Choose another name, or overwrite it with --force.',
  );
  expect(commandLineHint(userError('no-image', { id: 3 }).toInfo())).toBeNull();
});
