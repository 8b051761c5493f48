/**
 * Benchmark runner: `npm run bench` lists the benchmarks, `npm run bench -- NAME [flags]` runs one.
 *
 * A benchmark is a file `NAME.bench.ts` that exports `run(args)` and returns a BenchReport (see
 * `bench-report.ts`). With `--json` the last line printed is that report as one JSON object.
 */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { importSource } from '../support/import-source.mjs';

const SUFFIX = '.bench.ts';
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));

const [name, ...args] = process.argv.slice(2);
if (!name || !names.includes(name)) {
  console.error(`${name ? `No benchmark is called '${name}'. ` : ''}Choose one of: ${names.join(', ')}`);
  process.exit(2);
}

const wantsJson = args.includes('--json');
const { run } = await importSource(resolve(import.meta.dirname, name + SUFFIX));
const report = await run(args.filter((arg) => arg !== '--json'));
for (const table of report.tables) {
  console.log(`\n${table.title}`);
  console.table(table.rows);
}
console.log('ratios', report.ratios);
if (wantsJson) console.log(JSON.stringify(report));
// Native libraries keep idle threads alive; the work is done.
process.exit(0);
