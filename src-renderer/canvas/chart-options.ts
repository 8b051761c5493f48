import type uPlot from 'uplot';
import { formatNumber } from '../i18n/format.ts';

export type Curve = {
  label: string;
  points: readonly (readonly [number, number])[];
  tone: 'accent' | 'warning' | 'success';
  /** Of another run, drawn for comparison. */
  isOther?: boolean;
};

export const CHART_HEIGHT_PX = 150;

/**
 * How uPlot draws curves along their steps.
 * @param probe an element of the page, by which tokens become colours that a canvas can paint
 */
export function chartOptions({
  width,
  curves,
  range,
  probe,
}: {
  width: number;
  curves: readonly Curve[];
  range: [number, number] | undefined;
  probe: HTMLElement;
}): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => colour(probe, 'text-soft'),
    grid: { stroke: () => colour(probe, 'line'), width: 1 },
    ticks: { show: false },
    font: '11px "Inter Variable", sans-serif',
  };
  return {
    width,
    height: CHART_HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false },
    scales: { x: { time: false }, ...(range ? { y: { range } } : {}) },
    axes: [
      { ...axis, size: 28, values: (_plot, steps) => steps.map((step) => formatNumber(step)) },
      { ...axis, size: 46, values: (_plot, values) => values.map((value) => formatNumber(value, 4)) },
    ],
    series: [
      {},
      ...curves.map(({ label, tone, isOther }) => ({
        label,
        stroke: () => colour(probe, isOther ? 'text-faint' : tone),
        width: 1.5,
        points: { show: false },
        spanGaps: true,
        ...(isOther ? { dash: [4, 4] } : {}),
      })),
    ],
  };
}

function colour(probe: HTMLElement, token: string): string {
  probe.style.color = `var(--${token})`;
  return getComputedStyle(probe).color;
}
