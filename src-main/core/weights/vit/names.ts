import { unsupportedWeights } from '../weights-error.ts';

/** Where a weight of the network is stored in a file: a tensor, or a third of one that holds query, key and value. */
export type Place = { stored: string; third?: 0 | 1 | 2 };

/** A Vision Transformer among the tensors of a file. */
export type FoundVit = {
  layout: 'original' | 'hugging-face';
  prefix: string;
  /** By the names of `vitTensors`; also `bias_mask` and others that only reading needs. */
  places: ReadonlyMap<string, Place>;
};

/** Tensors that every network of a layout has. */
const ANCHORS = [
  { layout: 'original', name: 'patch_embed.proj.weight' },
  { layout: 'hugging-face', name: 'embeddings.patch_embeddings.projection.weight' },
  { layout: 'hugging-face', name: 'embeddings.patch_embeddings.weight' },
] as const;

/** The part of a training that is kept: the student is another network, of other weights. */
const TEACHER = /(^|\.)teacher\./;
const STUDENT = /(^|\.)student\./;

/**
 * Finds a Vision Transformer in a file by the names of its tensors; undefined where there is none.
 * @param wantedPrefix what must stand before the names; found out when left out
 * @throws UserError WEIGHTS_UNSUPPORTED for a network of another kind, or several of which none is the teacher
 */
export function findVit(
  path: string,
  names: ReadonlySet<string>,
  wantedPrefix?: string,
): FoundVit | undefined {
  const all = ANCHORS.flatMap(({ layout, name }) =>
    [...names].flatMap((stored) => {
      const prefix = stored.slice(0, -name.length);
      const isWhole = stored.endsWith(name) && (prefix === '' || prefix.endsWith('.'));
      return isWhole ? [{ layout, prefix }] : [];
    }),
  );
  const [found, ...others] = preferred(all, wantedPrefix);
  if (!found) return undefined;
  if (others.length > 0) {
    const prefixes = [found, ...others].map(({ prefix }) => `'${prefix}'`).join(', ');
    const hint = 'Choose one with --prefix.';
    throw unsupportedWeights(path, `it contains several Vision Transformers, under ${prefixes}`, hint);
  }
  const own = [...names].filter((name) => name.startsWith(found.prefix));
  const entries = own.flatMap((stored) => placesOf(found.layout, stored, stored.slice(found.prefix.length)));
  refuseOthers(path, new Set(entries.map(([name]) => name)));
  return { ...found, places: new Map(entries) };
}

function preferred<T extends { prefix: string }>(all: readonly T[], wanted: string | undefined): T[] {
  if (wanted !== undefined) return all.filter(({ prefix }) => prefix === wanted);
  const teachers = all.filter(({ prefix }) => TEACHER.test(prefix));
  return teachers.length > 0 ? teachers : all.filter(({ prefix }) => !STUDENT.test(prefix));
}

/** What no network of `VitSpec` has. */
const OTHERS = [
  {
    pattern: /\.mlp\.(w1|w2|w3|w12|gate_proj|weights_in)\./,
    what: 'gated MLPs, as the "plus" and giant sizes have',
  },
  { pattern: /^cls_norm\./, what: 'a normalisation of its own for the class token' },
];

function refuseOthers(path: string, names: ReadonlySet<string>): void {
  for (const { pattern, what } of OTHERS) {
    if (![...names].some((name) => pattern.test(name))) continue;
    throw unsupportedWeights(path, `it is a Vision Transformer with ${what}`, 'Use a plain S, B or L size.');
  }
}

function placesOf(layout: FoundVit['layout'], stored: string, name: string): [string, Place][] {
  if (layout === 'hugging-face') return [[fromHuggingFace(name), { stored }]];
  // Blocks in chunks still count from the first block of all.
  const own = name
    .replace(/^blocks\.\d+\.(\d+)\./, 'blocks.$1.')
    .replace('storage_tokens', 'register_tokens');
  const fused = /^(blocks\.\d+\.attn\.)qkv\.(weight|bias|bias_mask)$/.exec(own);
  if (!fused) return [[own, { stored }]];
  return (['q', 'k', 'v'] as const).map((part, index) => [
    `${fused[1]}${part}.${fused[2]}`,
    { stored, third: index as 0 | 1 | 2 },
  ]);
}

/** transformers' names of ViT, Dinov2 (with registers) and DINOv3ViT, each replaced by the original's. */
const RENAMES: readonly (readonly [RegExp, string])[] = [
  [/^embeddings\.patch_embeddings\.(projection\.)?/, 'patch_embed.proj.'],
  [/^embeddings\.position_embeddings$/, 'pos_embed'],
  [/^embeddings\./, ''],
  [/^(model\.|encoder\.)?layer\.(\d+)\./, 'blocks.$2.'],
  [/^layernorm\./, 'norm.'],
  [/\.layernorm_before\./, '.norm1.'],
  [/\.layernorm_after\./, '.norm2.'],
  [/\.attention\.(attention\.query|q_proj)\./, '.attn.q.'],
  [/\.attention\.(attention\.key|k_proj)\./, '.attn.k.'],
  [/\.attention\.(attention\.value|v_proj)\./, '.attn.v.'],
  [/\.attention\.(output\.dense|o_proj)\./, '.attn.proj.'],
  [/\.(intermediate\.dense|mlp\.up_proj)\./, '.mlp.fc1.'],
  [/\.(output\.dense|mlp\.down_proj)\./, '.mlp.fc2.'],
  [/\.layer_scale([12])\.lambda1$/, '.ls$1.gamma'],
];

const fromHuggingFace = (name: string) =>
  RENAMES.reduce((renamed, [pattern, replacement]) => renamed.replace(pattern, replacement), name);
