import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { z } from 'zod';
import { sizeOf } from '../../tensor/shape.ts';
import type { Graph } from '../ir/graph.ts';
import { lower } from '../lower/lower.ts';
import type { Target } from '../lower/lowering-target.ts';
import { simplify } from '../passes/simplify.ts';
import { hostDataOf, ortTensor } from '../runtime/ort-tensor.ts';
import type { HostTensors } from '../runtime/step.ts';
import { trace } from '../trace/trace.ts';
import type { ProbeCase } from './probe-cases.ts';
import type { Placement } from './report.ts';

/** Lowers a graph to the bytes of an ONNX file. Another one than the compiler's own is for tests of a wrong recipe. */
export type LowerGraph = (graph: Graph, target: Target) => Uint8Array;

const lowerAsCompiled: LowerGraph = (graph, target) => lower(graph, target).builder.model();

/** A case as the bytes of an ONNX file for `target`. */
export async function lowerCase(
  probeCase: ProbeCase,
  target: Target,
  lowerGraph: LowerGraph = lowerAsCompiled,
): Promise<Uint8Array> {
  return lowerGraph(await graphOf(probeCase), target);
}

async function graphOf(probeCase: ProbeCase): Promise<Graph> {
  return simplify(await trace({ ...probeCase, state: {} }));
}

export type ProviderOptions = { threads: number; lowerGraph?: LowerGraph | undefined };

/**
 * Runs a case as the compiler lowers it for `target`, and notes where its operators ran.
 * @throws Error when the provider refuses or fails it
 */
export async function runOnProvider(
  probeCase: ProbeCase,
  values: HostTensors,
  target: Target,
  { threads, lowerGraph = lowerAsCompiled }: ProviderOptions,
): Promise<{ outputs: HostTensors; placement: Placement }> {
  const graph = await graphOf(probeCase);
  const folder = await mkdtemp(join(tmpdir(), 'r2o-probe-'));
  try {
    const session = await InferenceSession.create(lowerGraph(graph, target), {
      executionProviders: [target.provider],
      intraOpNumThreads: threads,
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
      logSeverityLevel: 4,
    });
    let results: Readonly<Record<string, Tensor>>;
    try {
      results = await session.run(feedsOf(graph, values));
    } finally {
      session.endProfiling();
      await session.release();
    }
    const outputs = Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => [name, hostDataOf(tensor)]),
    );
    return { outputs, placement: await readPlacement(folder) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function feedsOf({ inputs }: Graph, values: HostTensors): Record<string, Tensor> {
  return Object.fromEntries(
    [...inputs].map(([name, { dtype, shape }]) => {
      const data = values[name];
      if (data?.length !== sizeOf(shape)) throw new Error(`the probe has no values for '${name}'`);
      return [name, ortTensor(dtype, data, shape)];
    }),
  );
}

const ProfileEvents = z.array(
  z.object({
    cat: z.string(),
    name: z.string(),
    args: z.object({ provider: z.string(), op_name: z.string() }).partial().optional(),
  }),
);

/** From the profile that ONNX Runtime wrote: it alone knows which provider took an operator. */
async function readPlacement(folder: string): Promise<Placement> {
  const placement: Placement = { total: 0, onCpu: {} };
  for (const file of await readdir(folder)) {
    const events = ProfileEvents.parse(JSON.parse(await readFile(join(folder, file), 'utf8')));
    for (const { cat, name, args } of events) {
      if (cat !== 'Node' || !name.endsWith('_kernel_time') || !args?.provider || !args.op_name) continue;
      placement.total++;
      if (args.provider !== 'CPUExecutionProvider') continue;
      placement.onCpu[args.op_name] = (placement.onCpu[args.op_name] ?? 0) + 1;
    }
  }
  return placement;
}

/** Both, together. */
export function addPlacements(one: Placement, other: Placement): Placement {
  const onCpu = { ...one.onCpu };
  for (const [operator, count] of Object.entries(other.onCpu))
    onCpu[operator] = (onCpu[operator] ?? 0) + count;
  return { total: one.total + other.total, onCpu };
}
