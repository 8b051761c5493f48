import type { Client } from '../../src-main/contract/contract.ts';

/** A client whose answers can be made late, and what makes them so. */
export type HeldAnswers = {
  client: Client;
  /**
   * Holds the answer to the next call of a method, such as `masks.review`: the service has carried it out, and the page does
   * not know yet. @returns how to let it through
   */
  hold: (method: string) => () => void;
};

/** Wraps a client as a busy service, or a slow connection, would make it. */
export function holdAnswers(inner: Client): HeldAnswers {
  const held = new Map<string, Promise<unknown>[]>();
  return {
    client: withLateAnswers(inner, [], async (method) => held.get(method)?.shift()),
    hold: (method) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      held.set(method, [...(held.get(method) ?? []), promise]);
      return () => resolve(undefined);
    },
  };
}

/** The same methods, each answered once `wait` has resolved. */
function withLateAnswers<T extends object>(
  inner: T,
  path: readonly string[],
  wait: (method: string) => Promise<unknown>,
): T {
  return new Proxy(inner, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      const isNode = typeof member === 'function' || (typeof member === 'object' && member !== null);
      return isNode && typeof name === 'string' ? withLateAnswers(member, [...path, name], wait) : member;
    },
    apply: async (target, self, given) => {
      const [waiting, answer] = [wait(path.join('.')), Reflect.apply(target as never, self, given)];
      const value: unknown = await answer;
      await waiting;
      return value;
    },
  });
}
