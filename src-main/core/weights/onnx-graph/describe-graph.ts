import { ShapedSession, type DeclaredValue } from '../../compile/runtime/shaped-session.ts';
import { IMAGENET_RGB, type InputSize, type Rgb } from '../../model/backbone.ts';
import { unsupportedWeights } from '../weights-error.ts';
import type { MapOutput, OnnxDescription } from './description.ts';
import { deepestOfEachStride, mapOf, type SeenOutput } from './find-maps.ts';
import { knownNetwork } from './known-networks.ts';

/** What only a person knows of an ONNX file; all of it has a default. */
export type GraphChoices = {
  /** Outputs to use; all maps of features where left out, of those of one stride the last. */
  outputs?: readonly string[] | undefined;
  /** Of red, green and blue in [0, 1]; those of the network if it is a well-known one, else ImageNet's. */
  mean?: Rgb | undefined;
  std?: Rgb | undefined;
  /** Tokens of an output [B, N, C] that come before those of the image's cells. */
  leadingTokens?: number | undefined;
};

/** Sides are tried in multiples of these: most networks take the first, patches of 14 pixels the second. */
const MULTIPLES = [32, 14, 64] as const;
/** Cells of a multiple in the sides that are tried: two shapes, both oblong, so that rows differ from columns. */
const TRIED_SHAPES = [
  [7, 10],
  [8, 5],
] as const;
/** How a graph is used, the terms of its weights where they are well known, and all maps that it could give. */
export type GraphFindings = {
  description: OnnxDescription;
  licence: string | null;
  allMaps: readonly MapOutput[];
};

const HINT = 'An encoder needs one image input [B, 3, H, W] and a feature map [B, C, h, w] or [B, N, C].';

/**
 * Finds out how an ONNX file is used as an encoder: runs it on blank images and examines the outputs.
 * @throws UserError WEIGHTS_UNSUPPORTED, saying what is missing
 */
export async function describeGraph(
  path: string,
  operators: ReadonlySet<string>,
  choices: GraphChoices,
): Promise<GraphFindings> {
  using session = await load(path);
  const input = imageInputOf(path, session);
  const { maps, allMaps, multipleOf, size } = await findMaps(path, session, input, choices);
  const network = knownNetwork({ operators, maps });
  const isFixed = input.shape[2] !== null && input.shape[3] !== null;
  return {
    licence: network?.licence ?? null,
    allMaps,
    description: {
      version: 1,
      kind: 'onnx',
      architecture: network?.name ?? 'onnx',
      input: input.name,
      mean: [...(choices.mean ?? network?.mean ?? IMAGENET_RGB.mean)],
      std: [...(choices.std ?? network?.std ?? IMAGENET_RGB.std)],
      multipleOf,
      fixedPx: isFixed ? size : null,
      outputs: maps,
    },
  };
}

async function load(path: string): Promise<ShapedSession> {
  try {
    return await ShapedSession.open(path, 'onnx:cpu', 1);
  } catch (error) {
    throw unsupportedWeights(path, `ONNX Runtime cannot load it (${messageOf(error)})`, HINT);
  }
}

function imageInputOf(path: string, { inputs }: ShapedSession): DeclaredValue {
  const [input, ...others] = inputs;
  const isImage =
    input?.type === 'float32' &&
    input.shape.length === 4 &&
    [null, 1].includes(input.shape[0] ?? null) &&
    [null, 3].includes(input.shape[1] ?? null);
  if (isImage && others.length === 0) return input;
  const found = inputs.map(({ name, type, shape }) => `'${name}' ${type} ${shapeText(shape)}`).join(', ');
  throw unsupportedWeights(path, `it does not take one image [B, 3, H, W] of float32, but ${found}`, HINT);
}

type ChosenMaps = { maps: MapOutput[]; allMaps: readonly MapOutput[] };
type FoundMaps = ChosenMaps & { multipleOf: number; size: InputSize };

/** Tries one multiple after the other; if none gives maps, the first problem is reported. */
async function findMaps(
  path: string,
  session: ShapedSession,
  input: DeclaredValue,
  choices: GraphChoices,
): Promise<FoundMaps> {
  const problems: string[] = [];
  for (const multipleOf of MULTIPLES) {
    const found = await mapsAt(session, input, multipleOf, choices);
    if (typeof found !== 'string') return { ...found, multipleOf };
    problems.push(found);
  }
  throw unsupportedWeights(path, problems[0] ?? 'it gives nothing', HINT);
}

/** The output maps for images of several shapes, or why there are none. */
async function mapsAt(
  session: ShapedSession,
  input: DeclaredValue,
  multipleOf: number,
  choices: GraphChoices,
): Promise<Omit<FoundMaps, 'multipleOf'> | string> {
  let found: Omit<FoundMaps, 'multipleOf'> | undefined;
  for (const [rows, columns] of TRIED_SHAPES) {
    const size = {
      heightPx: input.shape[2] ?? rows * multipleOf,
      widthPx: input.shape[3] ?? columns * multipleOf,
    };
    const outputs = await outputsFor(session, input, size);
    if (typeof outputs === 'string') return outputs;
    const chosen = chosenMaps(outputs, size, choices);
    if (typeof chosen === 'string') return chosen;
    if (found && JSON.stringify(found.maps) !== JSON.stringify(chosen.maps)) {
      return 'its outputs do not follow the size of the image';
    }
    found ??= { ...chosen, size };
  }
  return found ?? 'it was given no image';
}

/** The shapes of all outputs of float32 for a blank image; words where it fails. */
async function outputsFor(
  session: ShapedSession,
  input: DeclaredValue,
  { widthPx, heightPx }: InputSize,
): Promise<SeenOutput[] | string> {
  const names = session.outputs.filter(({ type }) => type === 'float32').map(({ name }) => name);
  if (names.length === 0) return 'it has no output of float32';
  const blank = { data: new Float32Array(3 * heightPx * widthPx), shape: [1, 3, heightPx, widthPx] };
  try {
    const values = await session.run({ [input.name]: blank }, names);
    return values.map(({ shape }, index) => ({ name: names[index] ?? '', shape }));
  } catch (error) {
    return `it fails on an image of ${widthPx} x ${heightPx} (${messageOf(error)})`;
  }
}

function chosenMaps(
  outputs: readonly SeenOutput[],
  size: InputSize,
  { outputs: wanted, leadingTokens }: GraphChoices,
): ChosenMaps | string {
  const allMaps = outputs
    .map((output) => mapOf(output, size, leadingTokens))
    .filter((map) => map !== undefined);
  if (!wanted) {
    return allMaps.length > 0 ? { maps: deepestOfEachStride(allMaps), allMaps } : whyNoMaps(outputs);
  }
  const chosen = wanted.map((name) => allMaps.find((map) => map.name === name));
  const missing = wanted.find((_, index) => !chosen[index]);
  if (missing !== undefined) {
    return `its output '${missing}' is no feature map; it has ${outputs.map(outputText).join(', ')}`;
  }
  const maps = chosen.filter((map) => map !== undefined).sort((a, b) => a.stride - b.stride);
  return { maps, allMaps };
}

function whyNoMaps(outputs: readonly SeenOutput[]): string {
  const all = outputs.map(outputText).join(', ');
  return outputs.every(({ shape }) => shape.length === 2)
    ? `it gives one vector for the whole image (${all}), such as that of the class token, and no feature map`
    : `none of its outputs is a feature map (${all})`;
}

const outputText = ({ name, shape }: SeenOutput) => `'${name}' ${shapeText(shape)}`;
const shapeText = (shape: readonly (number | null)[]) => `[${shape.map((dim) => dim ?? '?').join(', ')}]`;
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
