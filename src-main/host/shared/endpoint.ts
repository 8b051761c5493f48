import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { dataLayout } from '../../domain/data-layout.ts';
import { parsedJson } from '../../domain/parsed-json.ts';

/**
 * How other processes of the same person reach the one that owns a data folder. The file is readable by its
 * owner only, because it contains the token.
 */
const Endpoint = z.object({
  url: z.url(),
  token: z.string(),
  pid: z.number().int(),
});
export type Endpoint = z.infer<typeof Endpoint>;

export function writeEndpoint(dataFolder: string, endpoint: Endpoint): void {
  const file = dataLayout(dataFolder).endpoint;
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(endpoint), { mode: 0o600, flag: 'wx' });
}

export function removeEndpoint(dataFolder: string): void {
  rmSync(dataLayout(dataFolder).endpoint, { force: true });
}

/** The endpoint that a process left there, or undefined. It may be stale: the process may have died. */
export function readEndpoint(dataFolder: string): Endpoint | undefined {
  let text: string;
  try {
    text = readFileSync(dataLayout(dataFolder).endpoint, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return Endpoint.safeParse(parsedJson(text)).data;
}
