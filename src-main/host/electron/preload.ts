/** The only bridge into the page: a port for the contract, and what only a desktop can do. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';

window.addEventListener('message', (event) => {
  if (event.source !== window || event.data !== 'r2o:connect') return;
  const [port] = event.ports;
  if (port) ipcRenderer.postMessage('r2o:connect', null, [port]);
});

contextBridge.exposeInMainWorld('r2oDesktop', {
  pickFolder: () => ipcRenderer.invoke('r2o:pick-folder'),
  pickFile: () => ipcRenderer.invoke('r2o:pick-file'),
  pickSavePath: (name: string) => ipcRenderer.invoke('r2o:pick-save-path', name),
  pathOf: (file: File) => webUtils.getPathForFile(file),
  onCommand: (listener: (command: string) => void) => {
    const hear = (_event: unknown, command: unknown) => listener(String(command));
    ipcRenderer.on('r2o:command', hear);
    return () => ipcRenderer.off('r2o:command', hear);
  },
});
