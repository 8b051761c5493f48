#!/usr/bin/env node
/**
 * Starts the `r2o` command line. If the Node that runs this file is older than package.json asks for, the Node
 * that `npm ci` installed beside a source checkout takes over. Old versions must be able to read this file: it has no
 * syntax and no names of modules that Node 14 does not know.
 */
import { spawn } from 'child_process';
import { existsSync, readFileSync } from 'fs';
import { constants } from 'os';
import { fileURLToPath } from 'url';

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
// Such as `>=22.21`.
const minNode = JSON.parse(readFileSync(fromHere('../../package.json'), 'utf8')).engines.node.slice(2);
const cli = fromHere('../../out/main/cli.js');
const bundledNode = fromHere(
  process.platform === 'win32' ? '../../node_modules/node/bin/node.exe' : '../../node_modules/node/bin/node',
);

if (!existsSync(cli)) {
  fail(`R2O Studio has not been built (${cli} is missing).`, 'Run: npm run build');
} else if (isNewEnough(process.versions.node)) {
  import(new URL('../../out/main/cli.js', import.meta.url).href);
} else if (existsSync(bundledNode)) {
  runWith(bundledNode);
} else {
  fail(
    `R2O Studio needs Node ${minNode} or newer, but this is Node ${process.versions.node}.`,
    'Install a newer one from https://nodejs.org, then run this command again.',
  );
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  const [minMajor, minMinor] = minNode.split('.').map(Number);
  return major > minMajor || (major === minMajor && minor >= minMinor);
}

function fail(message, hint) {
  console.error(`error: ${message}\n  ${hint}`);
  process.exitCode = 1;
}

function runWith(node) {
  // In a group of its own, the child gets Ctrl-C from here only, like every signal that this process gets: once.
  const isPosix = process.platform !== 'win32';
  const child = spawn(node, [cli, ...process.argv.slice(2)], { stdio: 'inherit', detached: isPosix });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // On Windows, Ctrl-C reaches both, and a forwarded signal would end the child without a word.
    process.on(signal, () => void (isPosix && child.kill(signal)));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code === null ? 128 + (signal ? constants.signals[signal] : 0) : code;
  });
}
