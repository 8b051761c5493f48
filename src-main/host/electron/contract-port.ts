import { RPCHandler } from '@orpc/server/message-port';
import { dialog, ipcMain } from 'electron';
import { createRouter } from '../../service/router.ts';
import type { Service } from '../../service/service.ts';
import { PAGE_ORIGIN } from './scheme.ts';

/** Serves the contract to our own page, over a MessagePort that the preload script hands over. */
export function serveContract(service: Service): void {
  const rpc = new RPCHandler(createRouter(service));
  ipcMain.on('r2o:connect', (event) => {
    const [port] = event.ports;
    if (!port || !isOwnPage(event.senderFrame?.url)) return;
    rpc.upgrade(port, { context: {} });
    port.start();
  });
  ipcMain.handle('r2o:pick-folder', async (event) => {
    if (!isOwnPage(event.senderFrame?.url)) return undefined;
    const { filePaths } = await dialog.showOpenDialog({ properties: ['openDirectory'] });
    return filePaths[0];
  });
}

function isOwnPage(url: string | undefined): boolean {
  return url?.startsWith(`${PAGE_ORIGIN}/`) ?? false;
}
