import type { Graph } from '../ir/graph.ts';
import { eliminateDead } from './eliminate-dead.ts';
import { expandBatchNorm } from './expand-batch-norm.ts';
import { foldConstants } from './fold-constants.ts';
import { fuseIntoProducers, fuseReluGradient } from './fuse.ts';
import { shareCommon } from './share-common.ts';

/**
 * The passes in the order in which they feed each other. Dead nodes go before fusing, because a value
 * with one reader left can be fused and one with two cannot.
 */
export function simplify(graph: Graph): Graph {
  const passes = [
    eliminateDead,
    expandBatchNorm,
    foldConstants,
    shareCommon,
    fuseReluGradient,
    eliminateDead,
    fuseIntoProducers,
    eliminateDead,
  ];
  return passes.reduce((current, pass) => pass(current), graph);
}
