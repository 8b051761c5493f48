import { RPCHandler } from '@orpc/server/message-port';
import { dialog, ipcMain } from 'electron';
import { createRouter } from '../../service/router.ts';
import type { Service } from '../../service/service.ts';
import { isOwnPage } from './page-files.ts';

/** Serves the contract to our own page, over a MessagePort that the preload script hands over. */
export function serveContract(service: Service): void {
  const rpc = new RPCHandler(createRouter(service));
  ipcMain.on('r2o:connect', (event) => {
    const [port] = event.ports;
    if (!port || !isOwnPage(event.senderFrame)) return;
    rpc.upgrade(port, { context: {} });
    port.start();
  });
  ipcMain.handle('r2o:pick-folder', (event) => (isOwnPage(event.senderFrame) ? pickFolder() : undefined));
  ipcMain.handle('r2o:pick-file', (event) => (isOwnPage(event.senderFrame) ? pickFile() : undefined));
  ipcMain.handle('r2o:pick-save-path', (event, name: unknown) =>
    isOwnPage(event.senderFrame) ? pickSavePath(String(name)) : undefined,
  );
}

/** Asks for a folder with the system's dialog; undefined if the user cancels. */
export async function pickFolder(): Promise<string | undefined> {
  const { filePaths } = await dialog.showOpenDialog({ properties: ['openDirectory'] });
  return filePaths[0];
}

async function pickFile(): Promise<string | undefined> {
  const { filePaths } = await dialog.showOpenDialog({ properties: ['openFile'] });
  return filePaths[0];
}

/** Asks where to write a file; the system's dialog asks before replacing one. */
async function pickSavePath(name: string): Promise<string | undefined> {
  const { filePath } = await dialog.showSaveDialog({ defaultPath: name });
  return filePath === '' ? undefined : filePath;
}
