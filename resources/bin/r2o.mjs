#!/usr/bin/env node
/**
 * Starts the `r2o` command line. The app needs Node 22 or newer; where an older one runs this file, the Node
 * that `npm ci` installed beside the app takes over.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const MIN_NODE_MAJOR = 22;
const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
const cli = fromHere('../../out/main/cli.js');
const bundledNode = fromHere(
  process.platform === 'win32' ? '../../node_modules/node/bin/node.exe' : '../../node_modules/node/bin/node',
);

if (!existsSync(cli)) {
  console.error(`error: R2O Studio has not been built (${cli} is missing).\n  Run: npm run build`);
  process.exitCode = 1;
} else if (Number(process.versions.node.split('.')[0]) >= MIN_NODE_MAJOR) {
  await import(new URL('../../out/main/cli.js', import.meta.url).href);
} else if (existsSync(bundledNode)) {
  // In a group of its own, the child gets Ctrl-C from here only, like every signal that this process gets: once.
  const isPosix = process.platform !== 'win32';
  const child = spawn(bundledNode, [cli, ...process.argv.slice(2)], { stdio: 'inherit', detached: isPosix });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // On Windows, Ctrl-C reaches both, and a forwarded signal would end the child without a word.
    process.on(signal, () => void (isPosix && child.kill(signal)));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
  });
} else {
  console.error(
    `error: Node ${process.versions.node} is too old for R2O Studio.\n  Install Node ${MIN_NODE_MAJOR} or newer, or run 'npm ci' in the app's folder.`,
  );
  process.exitCode = 1;
}
