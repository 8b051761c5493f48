import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

export const WindowState = z.object({
  x: z.number().int().optional(),
  y: z.number().int().optional(),
  width: z.number().int().min(1),
  height: z.number().int().min(1),
  isMaximized: z.boolean(),
});
export type WindowState = z.infer<typeof WindowState>;
type Area = { x: number; y: number; width: number; height: number };

export const MIN_WIDTH = 880;
export const MIN_HEIGHT = 560;
const DEFAULT: WindowState = { width: 1360, height: 860, isMaximized: false };
/** So much of a window's top must be on a display for it to be found and dragged. */
const MIN_VISIBLE_PX = 100;

/** How the window was left; a file that is absent or damaged is as good as none. */
export function readWindowState(file: string): WindowState {
  try {
    const parsed = WindowState.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? parsed.data : DEFAULT;
  } catch {
    return DEFAULT;
  }
}

/** Written to a temporary file and renamed, so that a power cut leaves the old one. */
export function writeWindowState(file: string, state: WindowState): void {
  writeFileSync(`${file}.tmp`, JSON.stringify(state));
  renameSync(`${file}.tmp`, file);
}

/**
 * Where to open the window: as it was left, where that can still be seen, else in the middle of the first display.
 * @param displays work areas; the first is the primary one
 */
export function placeWindow(state: WindowState, displays: readonly Area[]): WindowState {
  const { x, y } = state;
  const home =
    x === undefined || y === undefined
      ? undefined
      : displays.find((area) => isVisible(area, { ...state, x, y }));
  const area = home ?? displays[0];
  const width = Math.max(MIN_WIDTH, Math.min(state.width, area?.width ?? state.width));
  const height = Math.max(MIN_HEIGHT, Math.min(state.height, area?.height ?? state.height));
  const size = { width, height, isMaximized: state.isMaximized };
  return home && x !== undefined && y !== undefined ? { ...size, x, y } : size;
}

function isVisible(area: Area, window: Area): boolean {
  const overlap = Math.min(area.x + area.width, window.x + window.width) - Math.max(area.x, window.x);
  return overlap >= MIN_VISIBLE_PX && window.y >= area.y && window.y < area.y + area.height - MIN_VISIBLE_PX;
}
