import type { ZoomView } from '../../canvas/zoom-view.svelte.ts';
import { t } from '../../i18n/language.svelte.ts';
import { command, type Command } from '../../state/commands.ts';

export type ViewerCommands = Record<
  'next' | 'previous' | 'zoomIn' | 'zoomOut' | 'fit' | 'actualSize' | 'leave',
  Command
>;

/** What every view of one image has: for its bar and its shortcuts. */
export function viewerCommands(does: {
  turn: (by: number) => void;
  zoom: () => ZoomView | undefined | null;
  leave: () => void;
}): ViewerCommands {
  const { turn, zoom, leave } = does;
  return {
    next: command('next', () => turn(1)),
    previous: command('previous', () => turn(-1)),
    zoomIn: command('zoomIn', () => zoom()?.zoomIn()),
    zoomOut: command('zoomOut', () => zoom()?.zoomOut()),
    fit: command('fit', () => zoom()?.fit()),
    actualSize: command('actualSize', () => zoom()?.actualSize()),
    leave: command('leave', leave, { label: t('viewer.close') }),
  };
}
