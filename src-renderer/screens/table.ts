import Activity from '@lucide/svelte/icons/activity';
import Boxes from '@lucide/svelte/icons/boxes';
import BrainCircuit from '@lucide/svelte/icons/brain-circuit';
import Images from '@lucide/svelte/icons/images';
import Shapes from '@lucide/svelte/icons/shapes';
import Package from '@lucide/svelte/icons/package';
import Tags from '@lucide/svelte/icons/tags';
import Settings from '@lucide/svelte/icons/settings-2';
import type { Component } from 'svelte';
import { t } from '../i18n/language.svelte.ts';
import type { Studio } from '../state/studio.svelte.ts';
import ActivityScreen from './activity/ActivityScreen.svelte';
import DatasetsScreen from './datasets/DatasetsScreen.svelte';
import ConceptsScreen from './concepts/ConceptsScreen.svelte';
import LibraryScreen from './library/LibraryScreen.svelte';
import MasksScreen from './masks/MasksScreen.svelte';
import ModelsScreen from './models/ModelsScreen.svelte';
import PretrainScreen from './pretrain/PretrainScreen.svelte';
import SettingsScreen from './settings/SettingsScreen.svelte';

export type Screen = {
  /** First part of the page's address. */
  id: string;
  title: () => string;
  icon: Component<{ size?: number; strokeWidth?: number; 'aria-hidden'?: 'true' }>;
  component: Component<{ studio: Studio }>;
  keys: string;
  /** Screens of work stand at the top of the rail, those about the app at its foot. */
  place: 'top' | 'foot';
};

/** Every screen there is. A new one is a line here, with its title in the languages. */
export const SCREENS: readonly Screen[] = [
  {
    id: 'library',
    title: () => t('library.title'),
    icon: Images,
    component: LibraryScreen,
    keys: 'mod+1',
    place: 'top',
  },
  {
    id: 'pretrain',
    title: () => t('runs.title'),
    icon: BrainCircuit,
    component: PretrainScreen,
    keys: 'mod+2',
    place: 'top',
  },
  {
    id: 'masks',
    title: () => t('masks.title'),
    icon: Shapes,
    component: MasksScreen,
    keys: 'mod+3',
    place: 'top',
  },
  {
    id: 'concepts',
    title: () => t('concepts.title'),
    icon: Tags,
    component: ConceptsScreen,
    keys: 'mod+4',
    place: 'top',
  },
  {
    id: 'datasets',
    title: () => t('datasets.title'),
    icon: Package,
    component: DatasetsScreen,
    keys: 'mod+5',
    place: 'top',
  },
  {
    id: 'models',
    title: () => t('models.title'),
    icon: Boxes,
    component: ModelsScreen,
    keys: 'mod+6',
    place: 'top',
  },
  {
    id: 'activity',
    title: () => t('jobs.title.screen'),
    icon: Activity,
    component: ActivityScreen,
    keys: 'mod+j',
    place: 'foot',
  },
  {
    id: 'settings',
    title: () => t('settings.title'),
    icon: Settings,
    component: SettingsScreen,
    keys: 'mod+,',
    place: 'foot',
  },
];
