import { pictureAddress } from '../../client/pictures.ts';
import type { ImageId } from '../../../src-main/contract/ids.ts';
import type { Segmentation } from '../../../src-main/contract/segmentation.ts';
import { errorText, pictureError } from '../../client/error.ts';
import { t } from '../../i18n/language.svelte.ts';
import type { DisplayOptions } from './display-options.svelte.ts';

/** What the segmentation's foreground head answers for an image, laid over it. */
export class HeatLayer {
  readonly #segmentation: () => Segmentation | undefined;
  readonly #imageId: ImageId;
  readonly #display: DisplayOptions;
  #stage = $state<'loading' | 'drawn' | 'failed'>('loading');
  #problem = $state('');

  constructor(segmentation: () => Segmentation | undefined, imageId: ImageId, display: DisplayOptions) {
    this.#segmentation = segmentation;
    this.#imageId = imageId;
    this.#display = display;
  }

  /** Where the picture is; undefined while it is not wanted, or where there is none. */
  get address(): string | undefined {
    const segmentation = this.#segmentation();
    if (!this.#display.isHeat || segmentation?.foreground?.way !== 'head') return undefined;
    return pictureAddress(`/segmentations/${segmentation.id}/heat/${this.#imageId}.webp`);
  }

  get isDrawn(): boolean {
    return this.address !== undefined && this.#stage === 'drawn';
  }

  get isLoading(): boolean {
    return this.address !== undefined && this.#stage === 'loading';
  }

  /** Why there is none though it is wanted; undefined where there is one. */
  get note(): string | undefined {
    if (!this.#display.isHeat) return undefined;
    if (this.address !== undefined) return this.#stage === 'failed' ? this.#problem : undefined;
    const way = this.#segmentation()?.foreground?.way;
    return t(`segment.noHead.${way === undefined || way === 'head' ? 'waiting' : way}`);
  }

  loaded(): void {
    this.#stage = 'drawn';
  }

  async failed(): Promise<void> {
    const { address } = this;
    if (address === undefined) return;
    this.#problem = errorText(await pictureError(address));
    this.#stage = 'failed';
  }
}
