import { describe, expect, test } from 'vitest';
import { TorchProcess } from '../../../../src-main/worker/torch/torch-process.ts';
import { standInPython } from '../../../support/stand-in-python.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const READY = `echo '{"is": "ready", "step": 3}'`;

function start(script: string, signal = new AbortController().signal) {
  const options = { device: 'cpu', threads: 1, batchWorkers: 1, options: ['--bf16'] };
  return TorchProcess.start({ python: standInPython(script), planFolder: tempFolder(), ...options }, signal);
}

describe.skipIf(process.platform === 'win32')('a process of PyTorch', () => {
  test('answers one command after the other, and ends when it is asked to', async () => {
    const { process: python, ready } = await start(`${READY}
      while read -r line; do case "$line" in *end*) exit 0 ;; *) echo '{"is": "batch", "step": 4}' ;; esac; done`);
    expect(ready).toEqual({ is: 'ready', step: 3 });
    expect(await python.ask({ do: 'batch' })).toEqual({ is: 'batch', step: 4 });
    expect(await python.ask({ do: 'batch' })).toEqual({ is: 'batch', step: 4 });
    await python[Symbol.asyncDispose]();
    await expect(python.ask({ do: 'batch' })).rejects.toThrow('stopped unexpectedly');
  });

  test('is started with the plan, the device and the options', async () => {
    await expect(start('echo "$PYTHONDONTWRITEBYTECODE $OMP_NUM_THREADS $*" >&2; exit 1')).rejects.toThrow(
      /1 1 -m r2o_torch \S+ --follow --device cpu --workers 1 --bf16$/,
    );
  });

  test('without PyTorch says which package is missing', async () => {
    const started = start(`echo "ModuleNotFoundError: No module named 'torch'" >&2; exit 1`);
    await expect(started).rejects.toMatchObject({
      failure: 'missing',
      message: "this Python has no package 'torch'",
    });
  });

  test('that is no program says so', async () => {
    const options = { planFolder: tempFolder(), device: 'cpu', threads: 1, batchWorkers: 1, options: [] };
    const started = TorchProcess.start(
      { python: '/no/such/python3', ...options },
      new AbortController().signal,
    );
    await expect(started).rejects.toMatchObject({ failure: 'failed', message: /ENOENT/ });
  });

  test('reports that memory ran out, and any other reason', async () => {
    const fails = (what: string) =>
      start(`${READY}; read -r line; echo '{"is": "error", "what": "${what}", "message": "as it said"}'`);
    for (const [what, failure] of [
      ['memory', 'memory'],
      ['other', 'failed'],
    ] as const) {
      const { process: python } = await fails(what);
      await expect(python.ask({ do: 'batch' })).rejects.toMatchObject({ failure, message: 'as it said' });
      await python[Symbol.asyncDispose]();
    }
  });

  test('that is killed says by what, with the last that it printed', async () => {
    const { process: python } = await start(`${READY}; read -r line; echo "out of luck" >&2; kill -9 $$`);
    await expect(python.ask({ do: 'batch' })).rejects.toThrow(
      'PyTorch stopped unexpectedly (it ended with SIGKILL): out of luck',
    );
  });

  test('stops while it starts when the job is to stop', async () => {
    const abort = new AbortController();
    const started = start('exec sleep 60', abort.signal);
    const reason = new Error('paused');
    setTimeout(() => abort.abort(reason), 100);
    await expect(started).rejects.toBe(reason);
  });
});
