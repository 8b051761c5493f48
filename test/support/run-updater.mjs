/**
 * Runs the built updater over a stand-in for Electron, as an AppImage that has been started, and quits the app.
 * Prints as JSON the version that it found ready, or the problem. Arguments: the address, and the updater's file.
 */
import { registerHooks } from 'node:module';
import { app } from './electron-stand-in.mjs';

const standIn = new URL('./electron-stand-in.mjs', import.meta.url).href;
registerHooks({
  resolve: (name, context, next) =>
    name === 'electron' ? { url: standIn, shortCircuit: true } : next(name, context),
});

const [url, file] = process.argv.slice(2);
const { downloadUpdate } = await import(file);
const logger = { info: () => undefined, error: () => undefined };
const result = await downloadUpdate(url, logger).then(
  (version) => ({ version: version ?? null }),
  (error) => ({ problem: String(error.message) }),
);
app.emit('quit', {}, 0);
process.stdout.write(JSON.stringify(result));
