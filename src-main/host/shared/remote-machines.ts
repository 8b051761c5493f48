import type { Remote } from '../../contract/remote.ts';
import type { RemoteBook } from './remote-book.ts';
import { pairingOf, pairWith, remotePageAddress } from './remote-access.ts';
import { Tunnel, type TunnelOptions } from './tunnel.ts';

type Way = Pick<TunnelOptions, 'onState' | 'command'>;
/** A machine that can be reached, until the tunnel to it is closed. */
export type ReachedRemote = Disposable & {
  /** Its server as seen from here. */
  origin: string;
  /** A new address of its page, which opens it once. */
  newPageUrl: () => Promise<string>;
};

/**
 * Pairs this machine with another one, and notes it in the book.
 * @param address what `r2o pair` has printed there
 * @param ssh how to reach it; null where a tunnel is open already, to the port that the address names
 * @throws UserError BAD_INPUT, SERVER_UNREACHABLE, WRONG_STATE
 */
export async function addRemote(
  book: RemoteBook,
  { name, address, ssh }: { name: string; address: string; ssh: string | null },
  way: Way = {},
): Promise<Remote> {
  const { origin, code } = pairingOf(address);
  const remote: Remote = { name, origin, ssh, localPort: null, paths: [] };
  using reached = await reach(remote, way);
  const token = await pairWith(reached.origin, code);
  const added = { ...remote, localPort: reached.localPort };
  await book.add(added, token);
  return added;
}

/** Opens the way to a machine of the book. @throws UserError NOT_FOUND, SERVER_UNREACHABLE, WRONG_STATE */
export async function openRemote(book: RemoteBook, name: string, way: Way = {}): Promise<ReachedRemote> {
  const remote = book.get(name);
  const token = await book.token(name);
  const reached = await reach(remote, way);
  if (reached.localPort !== remote.localPort) book.change(name, { localPort: reached.localPort });
  return { ...reached, newPageUrl: () => remotePageAddress(reached.origin, name, token) };
}

async function reach(
  { origin, ssh, localPort }: Remote,
  way: Way,
): Promise<Disposable & { origin: string; localPort: number | null }> {
  if (ssh === null) return { origin, localPort: null, [Symbol.dispose]: () => undefined };
  const tunnel = await Tunnel.open({ ssh, remotePort: Number(new URL(origin).port), localPort, ...way });
  return {
    origin: `http://127.0.0.1:${tunnel.localPort}`,
    localPort: tunnel.localPort,
    [Symbol.dispose]: () => tunnel.close(),
  };
}
