import { ORPCError, type ClientContext, type ClientLink } from '@orpc/client';
import { UserError } from './errors.ts';

/**
 * A link whose calls and streams fail with SERVER_UNREACHABLE once its connection is lost, whatever the transport
 * throws then.
 * @param isLost whether the connection has ended
 */
export function reportingLost<T extends ClientContext>(
  link: ClientLink<T>,
  isLost: () => boolean,
): ClientLink<T> {
  const explain = (error: unknown) =>
    isLost() && !(error instanceof ORPCError) && !(error instanceof UserError) ? unreachable(error) : error;
  return {
    call: async (path, input, options) => {
      try {
        const output = await link.call(path, input, options);
        return isStream(output) ? follow(output, explain) : output;
      } catch (error) {
        throw explain(error);
      }
    },
  };
}

/** What calls fail with that have no connection to the service. */
export function unreachable(cause?: unknown): UserError {
  return new UserError('SERVER_UNREACHABLE', 'The R2O Studio process that this uses has ended.', {
    hint: 'Whatever it had confirmed is saved. Start it again, then try again.',
    cause,
  });
}

async function* follow(stream: AsyncIterable<unknown>, explain: (error: unknown) => unknown): AsyncGenerator {
  try {
    yield* stream;
  } catch (error) {
    throw explain(error);
  }
}

function isStream(output: unknown): output is AsyncIterable<unknown> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output;
}
