import { expect, test } from 'vitest';
import { probeMachine } from '../../../../src-main/worker/calls/probe-call.ts';
import { startService } from '../../../support/running-service.ts';
import { inProcessWorker } from '../../../support/in-process-worker.ts';

test('of named devices, only the known ones are probed, and none is the default', async () => {
  const { devices } = await probeMachine({ devices: ['tfjs:cpu', 'no such device'] });
  expect(devices).toMatchObject([{ id: 'tfjs:cpu', isAvailable: true, isDefault: false }]);
});

test('a service takes a named device without probing the others, and explains why it has none of that name', async () => {
  const { service } = startService({ fork: inProcessWorker });
  expect(await service.chooseDevice('tfjs:cpu')).toMatchObject({ id: 'tfjs:cpu', isDefault: false });
  await expect(service.chooseDevice('abacus')).rejects.toMatchObject({
    code: 'DEVICE_UNAVAILABLE',
    message: expect.stringMatching(/does not know the device/) as string,
  });
});
