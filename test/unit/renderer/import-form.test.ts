import { describe, expect, test } from 'vitest';
import { ModelImportForm } from '../../../src-renderer/screens/models/import-form.svelte.ts';
import { Models } from '../../../src-renderer/state/models.svelte.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';
import { goldenPath } from '../../support/golden.ts';
import { inProcessWorker } from '../../support/in-process-worker.ts';
import { startService } from '../../support/running-service.ts';

const ONNX = goldenPath('vit', 'dinov2-reg4-p14', 'last_hidden_state.onnx');
const DINO = goldenPath('vit', 'dino-p16', 'weights.safetensors');

function start() {
  const { client } = startService({ fork: inProcessWorker });
  return { client, form: new ModelImportForm(new Models(client, new Toasts())) };
}

describe('the import of a file', () => {
  test('asks nothing more of a Vision Transformer under usual terms', async () => {
    const { client, form } = start();
    form.take(DINO);
    form.heads = '2';
    expect(await form.submit()).toBe(1);
    expect((await client.models.list())[0]?.card.licence).toBe('Apache-2.0');
  });

  test('stops once at an ONNX file, and uses at least one of its outputs', async () => {
    const { client, form } = start();
    form.take(ONNX);
    expect(await form.submit()).toBeUndefined();
    expect(form.found?.maps).toMatchObject([{ name: 'last_hidden_state', leadingTokens: 5 }]);
    form.toggle('last_hidden_state');
    expect(form.outputs).toEqual(['last_hidden_state']);
    form.fields.mean = '0.5';
    expect(await form.submit()).toBe(1);
    expect((await client.models.list())[0]?.card.encoder?.mean).toEqual([0.5, 0.5, 0.5]);
  });

  test.each([
    ['mean', '0.5, 0.4'],
    ['mean', 'grey'],
    ['std', '1, 2, 3, 4'],
  ] as const)('is not possible with a %s of %s', (field, text) => {
    const { form } = start();
    form.take(ONNX);
    form.fields[field] = text;
    expect(form.canSubmit).toBe(false);
  });

  test('forgets what was recognized when another file is named meanwhile', async () => {
    const { form } = start();
    form.take(ONNX);
    const inspected = form.inspect();
    form.take(DINO);
    await inspected;
    expect(form.found).toBeUndefined();
  });
});
