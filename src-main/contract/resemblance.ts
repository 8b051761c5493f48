import { lookAlikeContract } from './look-alike.ts';
import { mapContract } from './map.ts';
import { proposalContract } from './proposal.ts';
import { similarContract } from './similar.ts';

/** What follows from how images and objects look. */
export const resemblanceContract = {
  similar: similarContract,
  lookAlikes: lookAlikeContract,
  proposals: proposalContract,
  maps: mapContract,
};
