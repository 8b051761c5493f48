/** The only bridge into the page of another machine: a way back in, and paths that both machines know. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';

contextBridge.exposeInMainWorld('r2oRemote', {
  ticket: () => ipcRenderer.invoke('r2o:remote-ticket'),
  pathOf: (file: File) => ipcRenderer.invoke('r2o:remote-path', webUtils.getPathForFile(file)),
  reveal: (path: string) => ipcRenderer.invoke('r2o:remote-reveal', path),
  onState: (listener: (state: unknown) => void) => {
    ipcRenderer.on('r2o:remote-state', (_event, state: unknown) => listener(state));
    ipcRenderer.send('r2o:remote-state');
  },
});
