import type { Duplex } from 'node:stream';

/** A page loads its files over six connections before it can say who it is. */
const MAX_STRANGERS = 200;

/**
 * Connections that have not shown yet that they may ask. When there are many, the one that has said nothing for longest
 * makes room, so that sockets which only wait keep nobody out.
 */
export class Strangers {
  readonly #connections = new Set<Duplex>();

  /** A new connection. */
  add(connection: Duplex): void {
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
    const [oldest] = this.#connections;
    if (this.#connections.size > MAX_STRANGERS) oldest?.destroy();
  }

  /** A connection with a request that may be answered: it stays. */
  recognize(connection: Duplex): void {
    this.#connections.delete(connection);
  }
}
