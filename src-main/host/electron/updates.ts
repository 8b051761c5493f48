import type { Logger } from '../../service/logger.ts';

/**
 * Looks for an update at an address that the user has set; without one, nothing is loaded and no server is contacted.
 * What fails is only logged: without a network, or with a wrong address, the app runs as it is.
 * @param onReady is called with the version that the next quit installs
 */
export async function startUpdates(
  url: string,
  logger: Logger,
  onReady: (version: string) => void,
): Promise<void> {
  if (url === '') return;
  try {
    const { downloadUpdate } = await import('./updater.ts');
    const version = await downloadUpdate(url, logger);
    if (version !== undefined) onReady(version);
  } catch (error) {
    logger.error(error, 'updates');
  }
}
