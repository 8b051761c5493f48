/** Starts the built desktop app over a stand-in for Electron, plays the system, and prints what came of it as JSON. */
import { registerHooks } from 'node:module';
import { app, handlers, noted } from './electron-stand-in.mjs';

const standIn = new URL('./electron-stand-in.mjs', import.meta.url).href;
registerHooks({
  resolve: (name, context, next) =>
    name === 'electron' ? { url: standIn, shortCircuit: true } : next(name, context),
});

await import(new URL('../../out/main/electron.js', import.meta.url).href);
while (noted.loaded.length === 0 && noted.shown.length === 0)
  await new Promise((done) => setTimeout(done, 5));

const { webContents } = noted.window;
const serve = async (url) => {
  const { status, headers } = await handlers.protocol.r2o(new Request(url));
  return { status, policy: headers.get('Content-Security-Policy') };
};
const isPrevented = (name) => {
  let prevented = false;
  webContents.emit(name, { preventDefault: () => (prevented = true) });
  return prevented;
};
const from = (url) => ({ senderFrame: { url, parent: null } });
const may = (permission) => {
  let answer;
  webContents.requestPermission(webContents, permission, (given) => (answer = given));
  return [answer, webContents.checkPermission(webContents, permission)];
};

app.emit('child-process-gone', {}, { type: 'GPU', reason: 'crashed', exitCode: 5 });
webContents.emit('render-process-gone', {}, { reason: 'crashed' });
const found = {
  schemes: noted.schemes,
  webPreferences: noted.options.webPreferences,
  loaded: noted.loaded,
  menus: noted.menus,
  reloads: noted.reloads,
  errors: noted.shown,
  page: await serve('r2o://app/index.html'),
  otherHost: (await serve('r2o://elsewhere/index.html')).status,
  noImage: (await serve('r2o://app/images/99/thumbnail')).status,
  noFile: (await serve('r2o://app/../package.json')).status,
  opened: webContents.openWindow({ url: 'https://example.org/' }),
  prevented: ['will-navigate', 'will-frame-navigate', 'will-attach-webview'].filter(isPrevented),
  clipboard: may('clipboard-sanitized-write'),
  camera: may('media'),
  picked: await handlers.ipc['r2o:pick-folder'](from('r2o://app/index.html')),
  refused: await handlers.ipc['r2o:pick-folder'](from('https://example.org/')),
  staysOpen: noted.window.close(),
};
app.quit();
console.log(JSON.stringify(found));
process.exit(0);
