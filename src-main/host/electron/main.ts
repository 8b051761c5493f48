/** Entry of the desktop app: one service, one window, and the worker in a utility process. */
import { app, dialog, shell } from 'electron';
import { UserError } from '../../contract/errors.ts';
import { Service } from '../../service/service.ts';
import { acquireDataFolderLock } from '../../store/lock.ts';
import { dataFolder } from '../shared/data-folder.ts';
import { openLogFile } from '../shared/log-file.ts';
import { appVersion, sampleFolder } from '../shared/paths.ts';
import { publishedEncoders } from '../shared/published.ts';
import { serveContract } from './contract-port.ts';
import { DesktopShell } from './desktop.ts';
import { forkUtilityWorker } from './fork-utility-worker.ts';
import { APP_ID } from './job-signs.ts';
import { RemoteWindows } from './remote-windows.ts';
import { registerScheme, serveScheme } from './scheme.ts';
import { startUpdates } from './updates.ts';
import { allowOwnPageOnly } from './window.ts';

registerScheme();
if (process.platform === 'win32') app.setAppUserModelId(APP_ID);
/** Resolves when the window exists; folders that are opened with the app before then wait for it. */
const ready = Promise.withResolvers<DesktopShell>();

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', () => void ready.promise.then((desktop) => desktop.show()));
  // A folder dropped on the dock, or selected under recent documents.
  app.on('open-file', (event, path) => {
    event.preventDefault();
    void ready.promise.then((desktop) => desktop.addFolder(path)).catch(report);
  });
  void app
    .whenReady()
    .then(() => ready.resolve(start()))
    .catch((error: unknown) => {
      report(error);
      app.exit(1);
    });
} else {
  app.quit();
}

function start(): DesktopShell {
  const folder = dataFolder(undefined);
  const lock = acquireDataFolderLock(folder, { pid: process.pid, role: 'R2O Studio' });
  if (!lock) {
    throw new UserError('DATA_FOLDER_BUSY', `The data folder ${folder} is in use by an r2o command.`, {
      hint: 'Wait until it has finished, or stop it.',
    });
  }
  const logger = openLogFile(folder);
  const service = new Service({
    dataFolder: folder,
    fork: forkUtilityWorker,
    logger,
    version: appVersion(),
    published: publishedEncoders(),
    proxies: process.env,
    sampleFolder,
    desktop: { reveal: (path) => shell.showItemInFolder(path) },
  });
  app.on('will-quit', () => {
    service[Symbol.dispose]();
    lock[Symbol.dispose]();
  });
  app.on('window-all-closed', () => app.quit());
  // The GPU process and utility processes are started again by Electron or by the job queue; the window stays.
  app.on('child-process-gone', (_event, { type, reason, exitCode }) => {
    if (reason !== 'clean-exit') logger.info(`${type} process gone: ${reason}`, { exitCode });
  });
  allowOwnPageOnly();
  serveScheme(service);
  serveContract(service);
  const remotes = new RemoteWindows(folder, report);
  const desktop = new DesktopShell(service, { onError: report, onClosed: () => remotes.closeAll() });
  void startUpdates(service.settings().updateUrl, logger, (version) => desktop.announceUpdate(version));
  return desktop;
}

function report(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof UserError ? error.hint : null;
  dialog.showErrorBox('R2O Studio', [message, hint].filter(Boolean).join('\n\n'));
}
