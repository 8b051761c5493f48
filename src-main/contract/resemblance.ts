import { healthContract } from './health.ts';
import { lookAlikeContract } from './look-alike.ts';
import { mapContract } from './map.ts';
import { foregroundContract } from './foreground-proposal.ts';
import { proposalContract } from './proposal.ts';
import { reviewQueueContract } from './review-queue.ts';
import { similarContract } from './similar.ts';

/** What follows from how images and objects look. */
export const resemblanceContract = {
  similar: similarContract,
  lookAlikes: lookAlikeContract,
  proposals: proposalContract,
  foregrounds: foregroundContract,
  maps: mapContract,
  health: healthContract,
  reviewQueue: reviewQueueContract,
};
