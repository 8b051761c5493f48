import type { Logger } from '../../service/logger.ts';

/**
 * Looks for an update at an address that the user has set; without one, nothing is loaded and no server is contacted.
 * A found update is downloaded, checked against the signature of this app, and installed at the next quit.
 */
export async function startUpdates(url: string, logger: Logger): Promise<void> {
  if (url === '') return;
  const { default: updater } = await import('electron-updater');
  const { autoUpdater } = updater;
  autoUpdater.logger = {
    info: (message: unknown) => logger.info(`updates: ${String(message)}`),
    warn: (message: unknown) => logger.info(`updates: ${String(message)}`),
    error: (message: unknown) => logger.error(message, 'updates'),
  };
  autoUpdater.setFeedURL({ provider: 'generic', url });
  try {
    await autoUpdater.checkForUpdatesAndNotify();
  } catch (error) {
    // Without a network, or with a wrong address, the app runs as it is.
    logger.error(error, 'updates');
  }
}
