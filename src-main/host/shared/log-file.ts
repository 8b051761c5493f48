import { join } from 'node:path';
import { mkdirSync, renameSync, statSync } from 'node:fs';
import { destination, pino, stdSerializers } from 'pino';
import type { Logger } from '../../service/logger.ts';

const MAX_LOG_BYTES = 10 * 2 ** 20;

/** The app's log, one JSON object a line; the one before it is kept as `r2o.log.1`. */
export function openLogFile(folder: string): Logger {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'r2o.log');
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
  // Written at once: the last lines before a crash are the ones that matter.
  const log = pino(
    { serializers: { err: stdSerializers.err } },
    destination({ dest: file, sync: true, mode: 0o600 }),
  );
  return {
    file,
    info: (message, details = {}) => log.info(details, message),
    error: (error, where) =>
      log.error({ err: error, where }, error instanceof Error ? error.message : String(error)),
  };
}
