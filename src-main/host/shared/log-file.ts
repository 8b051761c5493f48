import { mkdirSync, renameSync, statSync } from 'node:fs';
import { destination, pino, stdSerializers } from 'pino';
import { dataLayout } from '../../domain/data-layout.ts';
import type { Logger } from '../../service/logger.ts';

const MAX_LOG_BYTES = 10 * 2 ** 20;

/** The app's log, one JSON object per line; a log that has grown too long is kept next to it. */
export function openLogFile(dataFolder: string): Logger {
  const { logs, logFile: file, previousLogFile } = dataLayout(dataFolder);
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) renameSync(file, previousLogFile);
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
