/** A screen of the page; its id is the first part of the page's address. */
export type ScreenPlace = {
  id: string;
  /** `mod` is Command on a Mac and Ctrl elsewhere. */
  keys: `mod+${string}`;
  /** Screens for work are at the top of the rail, those about the app at its bottom. */
  place: 'top' | 'foot';
};

/** All screens in their order: for the page's rail, its shortcuts, and the native menu. */
export const SCREEN_PLACES = [
  { id: 'library', keys: 'mod+1', place: 'top' },
  { id: 'pretrain', keys: 'mod+2', place: 'top' },
  { id: 'masks', keys: 'mod+3', place: 'top' },
  { id: 'concepts', keys: 'mod+4', place: 'top' },
  { id: 'datasets', keys: 'mod+5', place: 'top' },
  { id: 'models', keys: 'mod+6', place: 'top' },
  { id: 'activity', keys: 'mod+j', place: 'foot' },
  { id: 'settings', keys: 'mod+,', place: 'foot' },
] as const satisfies readonly ScreenPlace[];
export type ScreenId = (typeof SCREEN_PLACES)[number]['id'];
