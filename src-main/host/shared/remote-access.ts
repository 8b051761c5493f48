import { userError } from '../../contract/errors.ts';
import {
  IssuedTicket,
  PAIR_PATH,
  pageAddress,
  readPairingAddress,
  TICKET_PATH,
  TICKET_SCHEME,
} from '../../contract/page-access.ts';
import { PairedToken } from '../../contract/pairing.ts';

/** A tunnel whose other end is gone can accept a connection and never answer. */
const ANSWER_MS = 10_000;
const UNAUTHORIZED = 401;

/** Reads the address that `r2o pair` has printed on the other machine. @throws UserError BAD_INPUT */
export function pairingOf(address: string): { origin: string; code: string } {
  const read = readPairingAddress(address);
  if (!read) throw userError('not-a-pairing-address', { address });
  return read;
}

/**
 * Exchanges the code of an address for the token of this machine.
 * @param origin of the server, as seen from here
 * @throws UserError SERVER_UNREACHABLE, or WRONG_STATE for a code that was used or is too old
 */
export async function pairWith(origin: string, code: string): Promise<string> {
  const response = await post(origin + PAIR_PATH, `${TICKET_SCHEME} ${code}`);
  if (response.status === UNAUTHORIZED) throw userError('pairing-code-refused', { origin });
  return PairedToken.parse(await answerOf(response, origin)).token;
}

/** The page of the other machine, for one opening. @throws UserError SERVER_UNREACHABLE, or WRONG_STATE if it does not know us */
export async function remotePageAddress(origin: string, name: string, token: string): Promise<string> {
  const response = await post(origin + TICKET_PATH, `Bearer ${token}`);
  if (response.status === UNAUTHORIZED) throw userError('remote-forgot', { name });
  return pageAddress(origin, IssuedTicket.parse(await answerOf(response, origin)).ticket);
}

async function post(url: string, authorization: string): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { Authorization: authorization },
      signal: AbortSignal.timeout(ANSWER_MS),
      redirect: 'error',
    });
  } catch (cause) {
    throw userError('remote-unreachable', { origin: new URL(url).origin }, { cause });
  }
}

/** Another program may listen where a tunnel is expected. */
async function answerOf(response: Response, origin: string): Promise<unknown> {
  try {
    if (response.ok) return await response.json();
  } catch (cause) {
    throw userError('remote-unreachable', { origin }, { cause });
  }
  throw userError('remote-unreachable', { origin });
}
