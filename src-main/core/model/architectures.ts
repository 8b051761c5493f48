import type { Architecture } from '../../contract/model.ts';
import type { BackboneSpec } from './backbone.ts';
import { RESNET18, RESNET18_HALF, RESNET50 } from './resnet.ts';

/** The networks with their own names. */
export const ARCHITECTURES: Readonly<Record<Architecture, BackboneSpec>> = {
  resnet18: RESNET18,
  'resnet18-half': RESNET18_HALF,
  resnet50: RESNET50,
};

/** What a network is called: its own name such as `resnet18`, or its blocks, depths and width. */
export function architectureName({ block, depths, width }: BackboneSpec): string {
  const named = Object.entries(ARCHITECTURES).find(
    ([, spec]) => spec.block === block && spec.width === width && spec.depths.join() === depths.join(),
  );
  return named?.[0] ?? `resnet-${block}-${depths.join('x')}-w${width}`;
}
