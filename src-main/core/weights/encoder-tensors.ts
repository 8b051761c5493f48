import { sameShape, sizeOf, type Shape } from '../tensor/shape.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import { bareNetwork, specOfShapes, type Encoder } from './encoder.ts';
import type { TensorSource } from './safetensors.ts';
import { bytesOf, isFloatingPoint, toFloat32, type StoredDtype, type StoredTensor } from './stored-tensor.ts';
import { fromTorchOrder, toTorchOrder, torchShape } from './torch-layout.ts';
import { damagedFile, unsupportedWeights } from './weights-error.ts';

/** A file of named tensors, whatever its format. */
export type TensorFile = {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, { dtype: StoredDtype; shape: Shape }>;
  read: (name: string) => Promise<StoredTensor>;
};

type EncoderTensor = Pick<ParameterSpec, 'name' | 'kind' | 'shape'>;

/** Ten times a ResNet-50. */
const MAX_ELEMENTS = 250_000_000;

/** How many batches the running statistics have seen, as PyTorch keeps it with them. */
const COUNTER = 'num_batches_tracked';

/**
 * Reads an encoder: finds out which network the tensors belong to, and checks that each is there, has its
 * shape and holds finite numbers. Only one tensor at a time is in memory besides the result.
 * @param names the file's name of every tensor, by torchvision's name; others in the file do not matter
 * @throws UserError WEIGHTS_UNSUPPORTED or WEIGHTS_DAMAGED, naming the tensor at fault
 */
export async function readEncoder(file: TensorFile, names: ReadonlyMap<string, string>): Promise<Encoder> {
  const shapes = new Map(
    [...names].flatMap(([name, stored]) => {
      const entry = file.tensors.get(stored);
      return entry ? [[name, entry.shape] as const] : [];
    }),
  );
  const spec = specOfShapes(shapes);
  if (typeof spec === 'string') throw notAResNet(file.path, spec);
  checkSize(file.path, spec);
  refuseMore(file.path, spec, names);
  const weights: Record<string, Float32Array> = {};
  for (const tensor of encoderTensorsOf(spec)) {
    const stored = names.get(tensor.name) ?? tensor.name;
    checkEntry(file, stored, torchShape(tensor));
    const data = toFloat32(await file.read(stored));
    checkValues(file.path, stored, data);
    weights[tensor.name] = fromTorchOrder(data, tensor);
  }
  return { spec, weights };
}

/**
 * How many batches an encoder's running statistics have seen; 0 where the file does not say.
 * @param names as for `readEncoder`
 */
export async function readBatchesTracked(
  file: TensorFile,
  names: ReadonlyMap<string, string>,
): Promise<number> {
  const stored = names.get(`bn1.${COUNTER}`);
  const entry = stored === undefined ? undefined : file.tensors.get(stored);
  if (stored === undefined || entry?.dtype !== 'I64' || sizeOf(entry.shape) !== 1) return 0;
  const { bytes } = await file.read(stored);
  const count = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true));
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** An encoder's tensors as torchvision saves them: its names, its layout, its counters. */
export function torchTensors({ spec, weights }: Encoder, batchesTracked: number): TensorSource[] {
  const floats = encoderTensorsOf(spec).map((tensor): TensorSource => {
    const data = weights[tensor.name];
    if (!data) throw new Error(`the encoder has no '${tensor.name}'`);
    const bytes = () => bytesOf(toTorchOrder(data, tensor));
    return { name: tensor.name, dtype: 'F32', shape: torchShape(tensor), bytes };
  });
  const counters = bareNetwork(spec).normalisations.map(({ name }): TensorSource => {
    const bytes = () => bytesOf(BigInt64Array.of(BigInt(batchesTracked)));
    return { name: `${name}.${COUNTER}`, dtype: 'I64', shape: [], bytes };
  });
  return [...floats, ...counters];
}

/** Parameters and running statistics. */
function encoderTensorsOf(spec: Encoder['spec']): EncoderTensor[] {
  const { parameters, normalisations } = bareNetwork(spec);
  const statistics = normalisations.flatMap(({ name, channels }) =>
    ['running_mean', 'running_var'].map((suffix): EncoderTensor => ({
      name: `${name}.${suffix}`,
      kind: 'offset',
      shape: [channels],
    })),
  );
  return [...parameters, ...statistics];
}

/** Tensors of a hostile file may share elements, so that its own size bounds nothing. */
function checkSize(path: string, spec: Encoder['spec']): void {
  const elements = encoderTensorsOf(spec).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (elements > MAX_ELEMENTS) {
    throw notAResNet(path, `it would have ${elements} weights; the maximum is ${MAX_ELEMENTS}`);
  }
}

/** Modules of a ResNet. Heads and projectors do not change its features. */
const OWN_MODULE = /^(conv\d+|bn\d+|layer\d+|stem|res\d+)\./;

/** Networks that extend a ResNet (SE blocks, attention, biases) would compute something else without what they add. */
function refuseMore(path: string, spec: Encoder['spec'], names: ReadonlyMap<string, string>): void {
  const own = new Set(encoderTensorsOf(spec).map(({ name }) => name));
  const more = [...names].filter(
    ([name]) => OWN_MODULE.test(name) && !own.has(name) && !name.endsWith(`.${COUNTER}`),
  );
  const [first] = more;
  if (!first) return;
  const others = more.length > 1 ? ` and ${more.length - 1} more` : '';
  throw notAResNet(
    path,
    `it also has '${first[1]}'${others}, which a plain ResNet does not have: its features would be wrong without`,
  );
}

function checkEntry(file: TensorFile, name: string, shape: Shape): void {
  const entry = file.tensors.get(name);
  const wanted = `[${shape.join(', ')}]`;
  if (!entry) throw notAResNet(file.path, `there is no tensor '${name}' of ${wanted}`);
  if (!sameShape(entry.shape, shape)) {
    throw notAResNet(file.path, `'${name}' is [${entry.shape.join(', ')}] instead of ${wanted}`);
  }
  if (!isFloatingPoint(entry.dtype)) {
    throw notAResNet(file.path, `'${name}' contains ${entry.dtype}, not floating-point numbers`);
  }
}

function checkValues(path: string, name: string, data: Float32Array): void {
  const isVariance = name.endsWith('running_var');
  const bad = data.findIndex((value) => !Number.isFinite(value) || (isVariance && value < 0));
  if (bad < 0) return;
  throw damagedFile(path, `'${name}' contains ${data[bad]} at element ${bad}, which no trained network has`);
}

function notAResNet(path: string, problem: string) {
  return unsupportedWeights(
    path,
    `it does not contain a ResNet that R2O Studio knows: ${problem}`,
    'ResNet-18 to ResNet-152 as defined by torchvision are supported. Other networks can be imported as an ONNX file that returns feature maps; see resources/docs/weights.md.',
  );
}
