import type { Logger } from '../../service/logger.ts';

/**
 * Looks for an update at an address that the user has set; without one, nothing is loaded and no server is contacted.
 * What fails is only logged: without a network, or with a wrong address, the app runs as it is.
 */
export async function startUpdates(url: string, logger: Logger): Promise<void> {
  if (url === '') return;
  try {
    const { checkForUpdates } = await import('./updater.ts');
    await checkForUpdates(url, logger);
  } catch (error) {
    logger.error(error, 'updates');
  }
}
