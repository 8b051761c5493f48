import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isRegularFile, statsIfAny } from '../../../src-main/domain/regular-file.ts';
import { tempFolder } from '../../support/temp-folder.ts';

test.skipIf(process.platform === 'win32')(
  'only files are read, whatever else a path may lead to',
  async () => {
    const folder = tempFolder();
    const path = (name: string) => join(folder, name);
    writeFileSync(path('file'), 'mine');
    symlinkSync('file', path('link'));
    symlinkSync('circle', path('circle'));
    expect(spawnSync('mkfifo', [path('pipe')]).status).toBe(0);
    const names = ['file', 'link', 'circle', 'pipe', 'missing', 'file/below', 'n'.repeat(300)];
    const files = await Promise.all([folder, ...names.map(path)].map(isRegularFile));
    expect(files).toEqual([false, true, true, false, false, false, false, false]);
    expect(names.map((name) => statsIfAny(path(name))?.isFile())).toEqual([
      ...[true, true, undefined, false],
      ...[undefined, undefined, undefined],
    ]);
  },
);
