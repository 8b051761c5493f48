import type uPlot from 'uplot';
import { formatMeasured, formatNumber } from '../i18n/format.ts';
import { t } from '../i18n/language.svelte.ts';

export type Curve = {
  label: string;
  points: readonly (readonly [number, number])[];
  tone: 'accent' | 'warning' | 'success';
  /** Of another run, drawn for comparison. */
  isOther?: boolean;
};

export const CHART_HEIGHT_PX = 166;
const FONT = '11px "Inter Variable", sans-serif';
/** Whole numbers: there is no half of a step. */
const STEP_INCREMENTS = Array.from({ length: 9 }, (_, power) =>
  [1, 2, 5].map((one) => one * 10 ** power),
).flat();

/**
 * How uPlot draws curves along their steps.
 * @param probe an element of the page, by which tokens become colours that a canvas can paint
 */
export function chartOptions({
  width,
  curves,
  range,
  axisTitle,
  probe,
}: {
  width: number;
  curves: readonly Curve[];
  range: [number, number] | undefined;
  /** What the values are, along the vertical axis. */
  axisTitle: string;
  probe: HTMLElement;
}): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => colour(probe, 'text-soft'),
    grid: { stroke: () => colour(probe, 'line'), width: 1 },
    ticks: { show: false },
    font: FONT,
  };
  return {
    width,
    height: CHART_HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false },
    scales: { x: { time: false, range: stepRange }, ...(range ? { y: { range } } : {}) },
    axes: [
      {
        ...axis,
        size: 28,
        label: t('runs.stepAxis'),
        labelSize: 16,
        labelFont: FONT,
        incrs: STEP_INCREMENTS,
        values: (_plot, steps) => steps.map((step) => formatNumber(step)),
      },
      {
        ...axis,
        size: 46,
        label: axisTitle,
        labelSize: 16,
        labelFont: FONT,
        values: (_plot, values) => values.map(formatMeasured),
      },
    ],
    series: [
      {},
      ...curves.map(({ label, tone, isOther }) => ({
        label,
        stroke: () => colour(probe, isOther ? 'text-faint' : tone),
        width: 1.5,
        points: { show: ({ data }: uPlot) => data[0].length === 1 },
        spanGaps: true,
        ...(isOther ? { dash: [4, 4] } : {}),
      })),
    ],
  };
}

/** A single step has some room around it. */
function stepRange(_plot: uPlot, first: number | null, last: number | null): [number, number] {
  const [from, to] = [first ?? 0, last ?? 1];
  return from === to ? [Math.max(0, from - 1), from + 1] : [from, to];
}

function colour(probe: HTMLElement, token: string): string {
  probe.style.color = `var(--${token})`;
  return getComputedStyle(probe).color;
}
