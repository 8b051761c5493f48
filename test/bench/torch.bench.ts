import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { PretrainOverrides } from '../../src-main/contract/pretrain.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { openService, untilDone } from './bench-service.ts';
import { familyUse } from './process-family.ts';
import { noteTorchPython } from '../support/stand-in-python.ts';

const root = resolve(import.meta.dirname, '../..');
const photos = join(process.env.R2O_SHARED ?? resolve(root, '../shared'), 'data/pets/images');
const PACKAGE = join(root, 'resources/torch');

const BATCH = 16;

/** Runs commands at the same time, and says what they took together: user and system time of all of their processes. */
const TIMED = `
import json, resource, subprocess, sys
commands = json.loads(sys.argv[1])
started = [subprocess.Popen(one["args"], env=one["env"], stderr=subprocess.DEVNULL) for one in commands]
codes = [process.wait() for process in started]
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"codes": codes, "cpuS": used.ru_utime + used.ru_stime}))
`;

type Measured = { what: string; imagesPerS: number; cpuMsPerImage: number };

/**
 * A run on `onnx:cpu` and on `torch:cpu` in the app, and of the same plan by PyTorch alone in one process and in two with one thread
 * each. Flags: `--python FILE` (/usr/bin/python3) with PyTorch, `--steps N` (8), `--images N` (64), `--options TEXT` for r2o_torch.
 */
export async function run(args: readonly string[]): Promise<BenchReport> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      python: { type: 'string', default: '/usr/bin/python3' },
      steps: { type: 'string', default: '8' },
      images: { type: 'string', default: '64' },
      options: { type: 'string', default: '' },
    },
  });
  if (!existsSync(photos)) throw new Error(`This benchmark needs the photos of ${photos}.`);
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  try {
    const images = join(folder, 'images');
    mkdirSync(images);
    for (const name of readdirSync(photos).slice(0, Number(values.images))) {
      symlinkSync(join(photos, name), join(images, name));
    }
    const rows = await measure(folder, { ...values, steps: Number(values.steps) });
    return {
      benchmark: 'torch',
      machine: describeMachine(),
      tables: [{ title: 'ResNet-18, 128 px, batches of 16, K = 32', rows }],
      ratios: ratiosOf(rows),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Options = { python: string; steps: number; options: string };

async function measure(folder: string, { python, steps, options }: Options): Promise<Measured[]> {
  noteTorchPython(join(folder, 'data/torch'), python);
  const { service, client } = openService(join(folder, 'data'));
  using _ = service;
  await client.settings.update({ torchOptions: options });
  const { collection, job } = await client.collections.add({ path: join(folder, 'images') });
  await untilDone(client, job.id);
  const { counts } = await client.collections.get({ id: collection.id });
  const overrides: PretrainOverrides = {
    batchSize: BATCH,
    viewPx: 128,
    kSchedule: { type: 'constant', epochs: [1], values: [32] },
    epochs: Math.ceil((steps * BATCH) / counts.usable),
    previews: 0,
  };
  const inApp = (device: string) =>
    measureRun({ service, client }, { collectionId: collection.id, device, overrides });
  const planTo = join(folder, 'plan');
  const planned = await client.runs.start({ collectionId: collection.id, overrides, planTo });
  await untilDone(client, planned.job.id);
  const alone = (processes: number) => measureAlone(planTo, { python, options, processes });
  return [await inApp('onnx:cpu'), await inApp('torch:cpu'), alone(1), alone(2)];
}

async function measureRun(
  { service, client }: ReturnType<typeof openService>,
  request: { collectionId: number; device: string; overrides: PretrainOverrides },
): Promise<Measured> {
  const { run, job } = await client.runs.start(request);
  let cpuMs = 0;
  for (let isDone = false; !isDone;) {
    const { state, error } = await client.jobs.get({ id: job.id });
    if (error) throw new Error(error.message);
    isDone = state === 'done';
    cpuMs = Math.max(cpuMs, familyUse(service.queue.workerPid).cpuMs);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const [curve] = await client.runs.curves({ id: run.id, names: ['imagesPerS'], maxPoints: 10_000 });
  // The first step compiles, or fills caches.
  const rates = curve?.points.slice(1).map(([, rate]) => rate) ?? [];
  const cpuMsPerImage = Math.round(cpuMs / ((rates.length + 1) * BATCH));
  return { what: `${request.device}, in the app`, imagesPerS: harmonic(rates), cpuMsPerImage };
}

/** PyTorch without the app, on a copy of nothing: its checkpoints and curves are removed again. */
function measureAlone(
  plan: string,
  { python, options, processes }: { python: string; options: string; processes: number },
): Measured {
  const threads = Math.max(1, Math.floor(availableParallelism() / processes));
  const environment = { ...process.env, PYTHONPATH: PACKAGE, OMP_NUM_THREADS: String(threads) };
  const commands = Array.from({ length: processes }, (_, rank) => ({
    args: [python, '-m', 'r2o_torch', plan, '--workers', '1', ...options.split(' ').filter(Boolean)],
    env:
      processes === 1
        ? environment
        : {
            ...environment,
            MASTER_ADDR: '127.0.0.1',
            MASTER_PORT: '29511',
            WORLD_SIZE: String(processes),
            RANK: String(rank),
            LOCAL_RANK: String(rank),
          },
  }));
  const { stdout, stderr } = spawnSync(python, ['-c', TIMED, JSON.stringify(commands)], { encoding: 'utf8' });
  const { codes, cpuS } = JSON.parse(stdout || '{}') as { codes?: number[]; cpuS?: number };
  if (cpuS === undefined || codes?.some((code) => code !== 0) !== false) {
    throw new Error(`PyTorch ended with ${codes?.join()}: ${stderr}`);
  }
  const lines = readFileSync(join(plan, 'metrics.jsonl'), 'utf8').trim().split('\n');
  const rates = lines.map((line) => (JSON.parse(line) as { imagesPerS: number }).imagesPerS);
  for (const name of readdirSync(plan)) {
    if (/^checkpoint-[1-9]|^metrics/.test(name)) rmSync(join(plan, name));
  }
  return {
    what: `PyTorch alone, ${processes === 1 ? 'one process' : `${processes} processes of ${threads} thread(s)`}`,
    imagesPerS: harmonic(rates.slice(1)),
    // With starting Python, and preparing batches.
    cpuMsPerImage: Math.round((cpuS * 1_000) / (lines.length * BATCH)),
  };
}

/** Images of all steps by the time of all steps. */
function harmonic(rates: readonly number[]): number {
  return Number((rates.length / rates.reduce((sum, rate) => sum + 1 / rate, 0)).toFixed(2));
}

function ratiosOf([own, inApp, alone, two]: readonly Measured[]): Record<string, number> {
  const ratio = (a?: Measured, b?: Measured) => (a?.imagesPerS ?? NaN) / (b?.imagesPerS ?? NaN);
  return {
    appSpeedVsTorchInApp: ratio(own, inApp),
    torchInAppVsAlone: ratio(inApp, alone),
    twoProcessesVsOne: ratio(two, alone),
  };
}
