import type { Client } from '../../../src-main/contract/contract.ts';
import { ImageId, MaskId, type SegmentationId } from '../../../src-main/contract/ids.ts';
import type { Job } from '../../../src-main/contract/job.ts';
import type { Mask } from '../../../src-main/contract/mask.ts';
import type { Description } from '../../../src-main/contract/similar.ts';
import { describeFirst } from '../../state/described.ts';
import type { Navigation } from '../../state/navigation.svelte.ts';

const IMAGES = 500;
const OBJECTS = 500;

/** What can be proposed: concepts and reviews, or foregrounds. */
export const PROPOSAL_KINDS = ['decisions', 'foregrounds'] as const;
export type ProposalKind = (typeof PROPOSAL_KINDS)[number];

/** What leads back to the plain list. */
const ALL_IMAGES = {
  similarTo: undefined,
  similarObject: undefined,
  proposal: undefined,
  map: undefined,
  mapColour: undefined,
  queue: undefined,
  health: undefined,
};

/** What the view needs of the studio. */
type Surroundings = { client: Client; navigation: Navigation };

/** More like one image or object: `masks/SEGMENTATION?similarTo=IMAGE`, or `?similarObject=MASK`. */
export class SimilarView {
  readonly #studio: Surroundings;
  #job = $state.raw<Job>();
  #description = $state.raw<Description>();
  #sought = $state.raw<Mask>();

  readonly imageId = $derived.by(
    () => ImageId.safeParse(Number(this.#studio.navigation.query.similarTo)).data,
  );
  readonly maskId = $derived.by(
    () => MaskId.safeParse(Number(this.#studio.navigation.query.similarObject)).data,
  );

  /** Whether a proposal is shown: `masks/SEGMENTATION?proposal=decisions`, or `=foregrounds`. */
  readonly proposal = $derived.by((): ProposalKind | undefined =>
    PROPOSAL_KINDS.find((kind) => kind === this.#studio.navigation.query.proposal),
  );
  /** Whether objects are asked about one after the other: `masks/SEGMENTATION?queue=true`. */
  readonly isQueue = $derived.by(() => this.#studio.navigation.query.queue === 'true');

  /** Whether what is probably wrong is shown: `masks/SEGMENTATION?health=true`. */
  readonly isHealth = $derived.by(() => this.#studio.navigation.query.health === 'true');

  /** Whether the map is shown: `masks/SEGMENTATION?map=objects`. */
  readonly isMap = $derived.by(() => this.#studio.navigation.query.map !== undefined);

  constructor(studio: Surroundings) {
    this.#studio = studio;
  }

  /** The job that has to end before anything can be compared. */
  get job(): Job | undefined {
    return this.#job;
  }

  /** What was compared last. */
  get description(): Description | undefined {
    return this.#description;
  }

  /** The object that others are compared with, once it is known. */
  get sought(): Mask | undefined {
    return this.#sought;
  }

  toImage(segmentationId: SegmentationId, imageId: ImageId): void {
    this.#go(segmentationId, { similarTo: String(imageId) });
  }

  toObject(segmentationId: SegmentationId, maskId: MaskId): void {
    this.#go(segmentationId, { similarObject: String(maskId) });
  }

  showProposal(segmentationId: SegmentationId, kind: ProposalKind = 'decisions'): void {
    this.#go(segmentationId, { proposal: kind });
  }

  showMap(segmentationId: SegmentationId): void {
    this.#go(segmentationId, { map: 'objects' });
  }

  showQueue(segmentationId: SegmentationId): void {
    this.#go(segmentationId, { queue: 'true' });
  }

  showHealth(segmentationId: SegmentationId): void {
    this.#go(segmentationId, { health: 'true' });
  }

  leave(): void {
    this.#studio.navigation.setQuery(ALL_IMAGES);
  }

  /** The image itself first, then the others, nearest first. */
  async images(id: SegmentationId, imageId: ImageId): Promise<ImageId[]> {
    await this.#describe(id);
    const found = await this.#studio.client.similar.images({ id, imageId, limit: IMAGES });
    return [imageId, ...found.map((image) => image.imageId)];
  }

  /** The object itself first, then the others, nearest first. */
  async objects(id: SegmentationId, maskId: MaskId): Promise<Mask[]> {
    await this.#describe(id);
    const { sought, found } = await this.#studio.client.similar.objects({ maskId, limit: OBJECTS });
    this.#sought = sought;
    return [sought, ...found];
  }

  async #describe(id: SegmentationId): Promise<void> {
    this.#description = await describeFirst(this.#studio.client, id, (job) => (this.#job = job));
  }

  /** As a step of the history: the back button leads to where it was called from. */
  #go(segmentationId: SegmentationId, query: Record<string, string>): void {
    const { navigation } = this.#studio;
    const before = navigation.query;
    navigation.go('masks', segmentationId);
    navigation.setQuery({
      ...before,
      ...ALL_IMAGES,
      ...query,
    });
  }
}
