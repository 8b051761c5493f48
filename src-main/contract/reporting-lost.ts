import { ORPCError, type ClientContext, type ClientLink } from '@orpc/client';
import { UserError, userError } from './errors.ts';

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
  return userError('server-unreachable', {}, { cause });
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
