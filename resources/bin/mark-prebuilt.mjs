/**
 * `npm run lock`: renews package-lock.json and keeps npm from compiling or downloading at install.
 *
 * better-sqlite3 ships its binaries and says so with `gypfile: false`, which npm's lock file forgets: npm before 11
 * then starts node-gyp, which needs Python and downloads Node's headers. onnxruntime-node would
 * download hundreds of megabytes that only machines with a CUDA GPU can use; resources/docs/devices.md says how to get
 * them. `npm install` drops these marks again; a test notices.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const PREBUILT = ['better-sqlite3', 'onnxruntime-node'];

const file = fileURLToPath(new URL('../../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(file, 'utf8'));
for (const name of PREBUILT) {
  const entry = lock.packages[`node_modules/${name}`];
  if (!entry) throw new Error(`package-lock.json has no ${name}: run npm install first`);
  delete entry.hasInstallScript;
  entry.gypfile = false;
}
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
