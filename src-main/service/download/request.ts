import { once } from 'node:events';
import http, { type AgentOptions, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';

const SILENCE_MS = 30_000;
const LOCAL_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/** Settings of proxies: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in upper or lower case. */
export type ProxySettings = NodeJS.ProcessEnv;

/**
 * Asks for one address, by way of a proxy where the settings name one. Redirections are not followed.
 * @returns the answer, whose body is not read yet
 * @throws Error of the connection, or `signal.reason`
 */
export async function request(
  address: string,
  options: {
    headers: OutgoingHttpHeaders;
    proxies: ProxySettings;
    signal: AbortSignal;
    silenceMs?: number;
  },
): Promise<IncomingMessage> {
  const url = new URL(address);
  const isLocal = LOCAL_NAMES.includes(url.hostname);
  if (url.protocol !== 'https:' && !isLocal) throw new Error(`${address} is not encrypted (https)`);
  const { headers, proxies, signal, silenceMs = SILENCE_MS } = options;
  signal.throwIfAborted();
  const { Agent, get } = url.protocol === 'https:' ? https : http;
  // Since Node 22.21, whose types do not name it: an older one would pass by the proxy without a word.
  const proxied: AgentOptions & { proxyEnv: ProxySettings } = { proxyEnv: proxies };
  const call = get(url, { agent: new Agent(proxied), headers, signal, timeout: silenceMs });
  const silence = () => new Error(`the server was silent for ${silenceMs / 1_000} seconds`);
  call.on('timeout', () => call.destroy(silence()));
  // The event carries the answer alone; an 'error' before it rejects.
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  // From here on, whoever reads the answer gets the errors. Without a listener they would end the process.
  call.on('error', () => undefined);
  call.removeAllListeners('timeout').on('timeout', () => response.destroy(silence()));
  return response;
}

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the server was not found, or there is no network',
  EAI_AGAIN: 'the server was not found, or there is no network',
  ENETUNREACH: 'there is no network',
  EHOSTUNREACH: 'the server cannot be reached',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  ETIMEDOUT: 'the server did not answer',
  ERR_PROXY_TUNNEL: 'the proxy refused the connection',
};

/** Why a request failed, in words, with what the system said of it. */
export function causeOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const words = error instanceof Error && 'code' in error ? WORDS[String(error.code)] : undefined;
  return words === undefined ? message : `${words} (${message})`;
}
