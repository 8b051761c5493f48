import type { Graph } from '../ir/graph.ts';
import { eliminateDead } from './eliminate-dead.ts';
import { expandBatchNorm } from './expand-batch-norm.ts';
import { foldConstants } from './fold-constants.ts';
import { fuseIntoProducers, fuseReluGradient } from './fuse.ts';
import { shareCommon } from './share-common.ts';

/** The passes in the order in which they run. */
const PASSES: readonly [name: string, pass: (graph: Graph) => Graph][] = [
  ['eliminate dead', eliminateDead],
  ['expand batch normalization', expandBatchNorm],
  ['fold constants', foldConstants],
  ['share common', shareCommon],
  ['fuse rectifier gradients', fuseReluGradient],
  ['eliminate dead', eliminateDead],
  ['fuse into producers', fuseIntoProducers],
  ['eliminate dead', eliminateDead],
];

/**
 * Runs the passes in the order in which they feed each other. Dead nodes go before fusing, because a value with one
 * reader left can be fused and one with two cannot.
 * @param onPass is shown the graph after each of them
 */
export function simplify(graph: Graph, onPass?: (name: string, graph: Graph) => void): Graph {
  return PASSES.reduce((current, [name, pass]) => {
    const next = pass(current);
    onPass?.(name, next);
    return next;
  }, graph);
}
