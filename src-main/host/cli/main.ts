/** Entry of `r2o`, the command line. */
import { runCli } from './program.ts';

process.exitCode = await runCli(process.argv.slice(2));
