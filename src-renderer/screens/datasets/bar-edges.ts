import { BIN_COUNT, SIZE_EDGES, type Measure } from '../../../src-main/contract/mask-measure.ts';
import { formatNumber } from '../../i18n/format.ts';

/** Where a bar of a histogram starts and ends, as it is written. */
export function barEdges(measure: Measure, bin: number): { from: string; to: string } {
  if (measure === 'score')
    return { from: formatNumber(bin / BIN_COUNT, 1), to: formatNumber((bin + 1) / BIN_COUNT, 1) };
  if (measure === 'size') return { from: share(SIZE_EDGES[bin - 1] ?? 0), to: share(SIZE_EDGES[bin] ?? 1) };
  return { from: share(bin / BIN_COUNT), to: share((bin + 1) / BIN_COUNT) };
}

/** Small shares need their digits, and large ones have none. */
function share(fraction: number): string {
  const percent = 100 * fraction;
  return `${formatNumber(percent, percent > 0 && percent < 1 ? 2 : percent % 1 === 0 ? 0 : 1)} %`;
}
