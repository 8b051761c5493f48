import type { Architecture } from '../../contract/model.ts';
import type { BackboneSpec } from './backbone.ts';
import { RESNET18, RESNET18_HALF, RESNET50 } from './resnet.ts';

/** The networks with their own names. */
export const ARCHITECTURES: Readonly<Record<Architecture, BackboneSpec>> = {
  resnet18: RESNET18,
  'resnet18-half': RESNET18_HALF,
  resnet50: RESNET50,
};

/** Published networks that can be imported, but are not offered for training. */
const IMPORTED: Readonly<Record<string, BackboneSpec>> = {
  resnet34: { ...RESNET18, depths: [3, 4, 6, 3] },
  resnet101: { ...RESNET50, depths: [3, 4, 23, 3] },
  resnet152: { ...RESNET50, depths: [3, 8, 36, 3] },
};

/** What a network is called: its own name such as `resnet18`, or its blocks, depths and width. */
export function architectureName({ block, depths, width }: BackboneSpec): string {
  const named = Object.entries({ ...ARCHITECTURES, ...IMPORTED }).find(
    ([, spec]) => spec.block === block && spec.width === width && spec.depths.join() === depths.join(),
  );
  return named?.[0] ?? `resnet-${block}-${depths.join('x')}-w${width}`;
}
