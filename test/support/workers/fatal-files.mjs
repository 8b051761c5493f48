// Loaded into a worker before its own code: opening a file named `crash...` ends the process as a decoder does that
// accesses memory it does not have, and one named `hang...` takes for ever.
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';

const { open } = fs;
fs.open = async (path, ...rest) => {
  const name = basename(path.toString());
  if (name.startsWith('hang')) for (;;);
  if (!name.startsWith('crash')) return open(path, ...rest);
  process.kill(process.pid, 'SIGSEGV');
  return new Promise(() => undefined);
};
syncBuiltinESMExports();
