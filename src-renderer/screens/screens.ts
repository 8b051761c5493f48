import Activity from '@lucide/svelte/icons/activity';
import Boxes from '@lucide/svelte/icons/boxes';
import BrainCircuit from '@lucide/svelte/icons/brain-circuit';
import Images from '@lucide/svelte/icons/images';
import Shapes from '@lucide/svelte/icons/shapes';
import Package from '@lucide/svelte/icons/package';
import Tags from '@lucide/svelte/icons/tags';
import Settings from '@lucide/svelte/icons/settings-2';
import type { Component } from 'svelte';
import { SCREEN_PLACES, type ScreenId, type ScreenPlace } from '../../src-main/contract/screens.ts';
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

export type Screen = ScreenPlace & {
  title: () => string;
  icon: Component<{ size?: number; strokeWidth?: number; 'aria-hidden'?: 'true' }>;
  component: Component<{ studio: Studio }>;
};

const PRESENTATIONS: Record<ScreenId, Omit<Screen, keyof ScreenPlace>> = {
  library: { title: () => t('library.title'), icon: Images, component: LibraryScreen },
  pretrain: { title: () => t('runs.title'), icon: BrainCircuit, component: PretrainScreen },
  masks: { title: () => t('masks.title'), icon: Shapes, component: MasksScreen },
  concepts: { title: () => t('concepts.title'), icon: Tags, component: ConceptsScreen },
  datasets: { title: () => t('datasets.title'), icon: Package, component: DatasetsScreen },
  models: { title: () => t('models.title'), icon: Boxes, component: ModelsScreen },
  activity: { title: () => t('jobs.title.screen'), icon: Activity, component: ActivityScreen },
  settings: { title: () => t('settings.title'), icon: Settings, component: SettingsScreen },
};

/** Every screen there is. A new one is a line in the contract, one here, and its title in the languages. */
export const SCREENS: readonly Screen[] = SCREEN_PLACES.map((place) => ({
  ...place,
  ...PRESENTATIONS[place.id],
}));
