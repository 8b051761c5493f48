import type { ShownState } from '../../contract/shown-state.ts';

const TEXTS: Partial<Record<ShownState, string>> = {
  planned: 'planned for PyTorch',
  taken: 'taken over',
  waiting: 'waiting for shards',
};

/** A state in words. @param none what is said without one */
export function stateText(state: ShownState | null, none: string): string {
  return state === null ? none : (TEXTS[state] ?? state);
}
