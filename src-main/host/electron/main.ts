/** Entry of the desktop app: one service, one window, and the worker in a utility process. */
import { app, dialog, shell } from 'electron';
import { UserError } from '../../contract/errors.ts';
import { dataLayout, Service } from '../../service/service.ts';
import { acquireDataFolderLock } from '../../store/lock.ts';
import { dataFolder } from '../shared/data-folder.ts';
import { openLogFile } from '../shared/log-file.ts';
import { appVersion } from '../shared/paths.ts';
import { forkUtilityWorker } from './fork-utility-worker.ts';
import { allowOwnPageOnly, openWindow, showWindow } from './window.ts';
import { registerScheme, serveScheme } from './scheme.ts';
import { serveContract } from './contract-port.ts';

registerScheme();

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', showWindow);
  void app.whenReady().then(start).catch(reportAndQuit);
} else {
  app.quit();
}

function start(): void {
  const folder = dataFolder(undefined);
  const lock = acquireDataFolderLock(folder, { pid: process.pid, role: 'R2O Studio' });
  if (!lock) {
    throw new UserError('DATA_FOLDER_BUSY', `The data folder ${folder} is in use by an r2o command.`, {
      hint: 'Wait until it has finished, or stop it.',
    });
  }
  const service = new Service({
    dataFolder: folder,
    fork: forkUtilityWorker,
    logger: openLogFile(dataLayout(folder).logs),
    version: appVersion(),
    desktop: { reveal: (path) => shell.showItemInFolder(path) },
  });
  app.on('will-quit', () => {
    service[Symbol.dispose]();
    lock[Symbol.dispose]();
  });
  app.on('window-all-closed', () => app.quit());
  allowOwnPageOnly();
  serveScheme(service);
  serveContract(service);
  openWindow();
}

function reportAndQuit(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof UserError ? error.hint : null;
  dialog.showErrorBox('R2O Studio cannot start', [message, hint].filter(Boolean).join('\n\n'));
  app.exit(1);
}
