import { renameSync, statSync } from 'node:fs';
import { destination, pino, stdSerializers } from 'pino';
import { dataLayout } from '../../domain/data-layout.ts';
import { makePrivateFolder } from '../../store/private-folder.ts';
import type { Logger } from '../../service/logger.ts';

/** A log that has reached this size is kept next to the next one, so that both together have up to twice as much. */
export const MAX_LOG_BYTES = 10 * 2 ** 20;
/** The longest line: one error with its stack and causes. What is longer repeats itself. */
const MAX_LINE_CHARS = 64 * 2 ** 10;

/** The app's log, one JSON object per line. */
export function openLogFile(dataFolder: string): Logger {
  const { logs, logFile: file } = dataLayout(dataFolder);
  makePrivateFolder(logs);
  const log = pino({ serializers: { err: stdSerializers.err } }, cappedFile(dataFolder));
  return {
    file,
    info: (message, details = {}) => log.info(details, message),
    error: (error, where) =>
      log.error({ err: error, where }, error instanceof Error ? error.message : String(error)),
  };
}

/** A stream into the log that starts a new one whenever it has grown too long, also while the app runs. */
function cappedFile(dataFolder: string): { write: (line: string) => void } {
  const { logFile: file, previousLogFile } = dataLayout(dataFolder);
  let sizeBytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  // Written at once: the last lines before a crash are the ones that matter.
  const stream = destination({ dest: file, sync: true, mode: 0o600 });
  // A log that cannot be written, as on a full disk, must not end the app.
  stream.on('error', () => undefined);
  return {
    write: (line) => {
      const kept = line.length > MAX_LINE_CHARS ? `${line.slice(0, MAX_LINE_CHARS)}\n` : line;
      const lineBytes = Buffer.byteLength(kept);
      if (sizeBytes + lineBytes > MAX_LOG_BYTES && sizeBytes > 0) {
        renameSync(file, previousLogFile);
        stream.reopen();
        sizeBytes = 0;
      }
      stream.write(kept);
      sizeBytes += lineBytes;
    },
  };
}
