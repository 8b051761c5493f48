import { unsupportedWeights } from './weights-error.ts';

/** How a kind of file calls the tensors of a ResNet, without whatever stands before the names. */
type Layout = {
  name: string;
  /** The file's names of torchvision's `conv1.weight` and `layer1.0.conv1.weight`: they find an encoder. */
  anchors: readonly [stem: string, firstBlock: string];
  /** torchvision's name for a name of the file; undefined for what does not belong to the encoder. */
  toTorchvision: (name: string) => string | undefined;
};

const LAYOUTS: readonly Layout[] = [
  {
    name: 'torchvision',
    anchors: ['conv1.weight', 'layer1.0.conv1.weight'],
    toTorchvision: (name) => name,
  },
  {
    // The official code keeps its encoder as a sequence: conv1, bn1, relu, maxpool, layer1 to layer4 (SPEC section 11).
    name: 'r2o-original',
    anchors: ['0.weight', '4.0.conv1.weight'],
    toTorchvision: (name) => {
      const [index, ...rest] = name.split('.');
      const module = SEQUENCE[Number(index)];
      return module === undefined ? undefined : [module, ...rest].join('.');
    },
  },
  {
    name: 'detectron2',
    anchors: ['stem.conv1.weight', 'res2.0.conv1.weight'],
    toTorchvision: fromDetectron2,
  },
];

const SEQUENCE: Readonly<Record<number, string>> = {
  0: 'conv1',
  1: 'bn1',
  4: 'layer1',
  5: 'layer2',
  6: 'layer3',
  7: 'layer4',
};

/** A second copy of the target encoder, which the official code leaves in its checkpoints (SPEC Q13). */
const DUPLICATE = /(^|\.)_fpn\./;
/** If one file contains several encoders, the first of these is the one that people use. */
const PREFERENCES = [
  /teacher/,
  /online|encoder_q|base_encoder|query/,
  /^(?!.*(student|target|momentum|encoder_k|key|ema))/,
];

/** An encoder among the tensors of a file. */
export type FoundEncoder = {
  layout: string;
  prefix: string;
  /** The file's name of every tensor, by torchvision's name. */
  names: ReadonlyMap<string, string>;
};

type Candidate = { layout: Layout; prefix: string };

/**
 * Finds the encoder in a file by the names of its tensors.
 * @param wantedPrefix what must stand before the names; found out when left out
 * @throws UserError WEIGHTS_UNSUPPORTED when there is none, or several of which none is the obvious one
 */
export function findEncoder(path: string, names: ReadonlySet<string>, wantedPrefix?: string): FoundEncoder {
  const all = LAYOUTS.flatMap((layout) => candidatesOf(layout, names));
  const candidates =
    wantedPrefix === undefined ? preferred(all) : all.filter((c) => c.prefix === wantedPrefix);
  const [only] = candidates;
  if (!only) throw noEncoder(path, names, all);
  if (candidates.length > 1) {
    throw unsupportedWeights(path, `it contains several encoders, under ${prefixes(candidates)}`, CHOOSE);
  }
  const { layout, prefix } = only;
  const entries = [...names].flatMap((name) => {
    const own = name.startsWith(prefix) ? layout.toTorchvision(name.slice(prefix.length)) : undefined;
    return own === undefined ? [] : [[own, name] as const];
  });
  return { layout: layout.name, prefix, names: new Map(entries) };
}

const CHOOSE = 'Choose one with --prefix.';

function candidatesOf(layout: Layout, names: ReadonlySet<string>): Candidate[] {
  const [stem, firstBlock] = layout.anchors;
  return [...names].flatMap((name) => {
    if (!name.endsWith(stem)) return [];
    const prefix = name.slice(0, -stem.length);
    const isWhole = prefix === '' || prefix.endsWith('.');
    return isWhole && !DUPLICATE.test(prefix) && names.has(prefix + firstBlock) ? [{ layout, prefix }] : [];
  });
}

function preferred(candidates: Candidate[]): Candidate[] {
  if (candidates.length <= 1) return candidates;
  const groups = PREFERENCES.map((kind) => candidates.filter(({ prefix }) => kind.test(prefix)));
  return groups.find((group) => group.length > 0) ?? candidates;
}

function noEncoder(path: string, names: ReadonlySet<string>, others: Candidate[]) {
  if (others.length > 0) {
    return unsupportedWeights(path, `its encoders are under ${prefixes(others)}`, CHOOSE);
  }
  const some = [...names].slice(0, 3).map((name) => `'${name}'`);
  const found = some.length > 0 ? `its tensors are named ${some.join(', ')}, ...` : 'it contains no tensors';
  return unsupportedWeights(
    path,
    `it contains no ResNet encoder with names that R2O Studio knows (${found})`,
    'See resources/docs/weights.md for the supported layouts.',
  );
}

const MAX_SHOWN = 8;

function prefixes(candidates: Candidate[]): string {
  const shown = candidates.slice(0, MAX_SHOWN).map(({ prefix }) => `'${prefix}'`);
  const more = candidates.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/** detectron2: `stem.conv1.norm`, `res2.0.conv1.norm`, `res2.0.shortcut`, `res2.0.shortcut.norm`, ...; its classifier is `stem.fc`. */
function fromDetectron2(name: string): string | undefined {
  const match = /^(stem|res([2-5])\.(\d+))\.(conv(\d)|shortcut)\.(norm\.)?(\w+)$/.exec(name);
  // What a ResNet does not have keeps its name, by which it is refused.
  if (!match) return /^(stem\.(?!fc\.)|res\d+\.)/.test(name) ? name : undefined;
  const [, place, stage, block, module, index, norm, leaf] = match;
  const prefix = place === 'stem' ? '' : `layer${Number(stage) - 1}.${block}.`;
  const isNorm = norm !== undefined;
  if (module === 'shortcut') return `${prefix}downsample.${isNorm ? 1 : 0}.${leaf}`;
  return `${prefix}${isNorm ? 'bn' : 'conv'}${index}.${leaf}`;
}
