import { UserError } from '../../contract/errors.ts';
import { PUBLISHED_ENCODERS, type PublishedEncoder } from '../../contract/published-encoder.ts';

/** The environment variable by which tests put a server on this machine in the place of the authors'. */
export const ENCODER_SERVER_VARIABLE = 'R2O_ENCODER_SERVER';

const LOCAL_NAMES = ['127.0.0.1', 'localhost'];

/**
 * The encoders that can be downloaded.
 * @throws UserError BAD_INPUT if the variable names another machine: only addresses of the table are contacted
 */
export function publishedEncoders(env: NodeJS.ProcessEnv = process.env): readonly PublishedEncoder[] {
  const server = env[ENCODER_SERVER_VARIABLE];
  if (!server) return PUBLISHED_ENCODERS;
  if (!URL.canParse(server) || !LOCAL_NAMES.includes(new URL(server).hostname)) {
    throw new UserError(
      'BAD_INPUT',
      `${ENCODER_SERVER_VARIABLE} is '${server}', which is not on this machine.`,
      {
        hint: 'It is for tests only. Unset it.',
      },
    );
  }
  return PUBLISHED_ENCODERS.map((encoder) => ({
    ...encoder,
    address: new URL(new URL(encoder.address).pathname, server).href,
  }));
}
