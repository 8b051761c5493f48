import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resultOf, spawnCli } from '../support/cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('the engine is not left to report its use to its maker: it keeps no database and no log for that', async () => {
  const [home, temporary] = [tempFolder(), tempFolder()];
  const environment = {
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    TMPDIR: temporary,
    ORT_DISABLE_TELEMETRY: undefined,
  };
  // Every device is tried with a session.
  const { code, stdout } = await resultOf(spawnCli(join(tempFolder(), 'data'), ['devices'], environment));
  expect(code).toBe(0);
  expect(stdout).toContain('onnx:cpu');
  const left = [home, temporary].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }),
  );
  expect(left.filter((name) => /microsoft|onnxruntime|mat-debug/i.test(name))).toEqual([]);
});
