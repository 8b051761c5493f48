/** Entry of `r2o`, the command line. */
import { runCli } from './program.ts';
import { followSignals } from './signals.ts';

// A reader that is gone (`r2o jobs | head`), or a terminal that was closed, is no reason to fail.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
followSignals();
process.exitCode = await runCli(process.argv.slice(2));
