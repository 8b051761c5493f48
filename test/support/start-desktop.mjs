/** Starts the built desktop app over a stand-in for Electron, and prints as JSON, when it ends, the dialogs that it has shown. */
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { noted } from './electron-stand-in.mjs';

const standIn = new URL('./electron-stand-in.mjs', import.meta.url).href;
registerHooks({
  resolve: (name, context, next) =>
    name === 'electron' ? { url: standIn, shortCircuit: true } : next(name, context),
});
process.on('exit', () => writeSync(1, JSON.stringify(noted.shown)));
await import(new URL('../../out/main/electron.js', import.meta.url).href);
