import updater from 'electron-updater';
import type { Logger } from '../../service/logger.ts';

/**
 * Downloads what the manifest at an address offers, if it is newer, and has it installed at the next quit. A file whose
 * SHA-512 is not the manifest's is deleted.
 * @returns the version that is ready to be installed, or undefined if there is no newer one
 * @throws Error if the server cannot be reached, or if what it sends is incomplete or wrong
 */
export async function downloadUpdate(url: string, logger: Logger): Promise<string | undefined> {
  const { autoUpdater } = updater;
  autoUpdater.logger = {
    info: (message: unknown) => logger.info(`updates: ${String(message)}`),
    warn: (message: unknown) => logger.info(`updates: ${String(message)}`),
    error: (message: unknown) => logger.error(message, 'updates'),
  };
  autoUpdater.setFeedURL({ provider: 'generic', url });
  // Not its checkForUpdatesAndNotify: nobody would handle the failure of a download.
  const found = await autoUpdater.checkForUpdates();
  if (!found?.downloadPromise) return undefined;
  await found.downloadPromise;
  return found.updateInfo.version;
}
