import { resolve } from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Reads the configuration once for all tests. */
const eslint = new ESLint({
  cwd: root,
  // The planted file does not exist, so rules that need its types cannot run on it.
  overrideConfig: { languageOptions: { parserOptions: { projectService: false, project: null } } },
  ruleFilter: ({ ruleId }) => ruleId === 'r2o/import-direction',
});

/** What the project's own lint configuration says of a line planted in a file. */
async function complaintsOf(file: string, code: string): Promise<string[]> {
  const results = await eslint.lintText(code, { filePath: resolve(root, file) });
  return results.flatMap(({ messages }) => messages.map(({ message }) => message));
}

describe('the import direction', () => {
  test.each([
    [
      'src-main/core/image/planted.ts',
      `import { x } from '../../store/jobs.ts';`,
      'src-main/core/image may not import src-main/store',
    ],
    [
      'src-main/core/tensor/planted.ts',
      `export * from '../compile/devices/report.ts';`,
      'src-main/core/tensor may not import src-main/core/compile',
    ],
    [
      'src-main/store/planted.ts',
      `import('../jobs/job-queue.ts');`,
      'src-main/store may not import src-main/jobs',
    ],
    [
      'src-main/jobs/planted.ts',
      `import { x } from '../worker/worker.ts';`,
      'src-main/jobs may not import src-main/worker ',
    ],
    [
      'src-main/worker/planted.ts',
      `import { x } from '../jobs/job-run.ts';`,
      'src-main/worker may not import src-main/jobs',
    ],
    [
      'src-main/service/planted.ts',
      `import Database from 'better-sqlite3';`,
      `src-main/service may not import the package 'better-sqlite3'`,
    ],
    [
      'src-main/host/server/planted.ts',
      `import { app } from 'electron';`,
      `src-main/host/server may not import the package 'electron'`,
    ],
    [
      'src-renderer/planted.ts',
      `import { x } from '../src-main/service/service.ts';`,
      'src-renderer may not import src-main/service',
    ],
    [
      'src-renderer/planted.ts',
      `import { x } from '../src-main/domain/scan.ts';`,
      'src-renderer may not import src-main/domain',
    ],
    [
      'src-main/contract/planted.ts',
      `import { x } from '../domain/scan.ts';`,
      'src-main/contract may not import src-main/domain',
    ],
    [
      'src-renderer/planted.ts',
      `import x from '../test/lint/import-direction.js';`,
      'which lies outside every layer',
    ],
  ])('is enforced in %s', async (file, code, complaint) => {
    const complaints = await complaintsOf(file, code);
    expect(complaints).toHaveLength(1);
    expect(`${complaints[0] ?? ''} `).toContain(complaint);
  });

  test.each([
    ['src-main/core/train/planted.ts', `import { x } from '../model/resnet.ts';`],
    ['src-main/jobs/planted.ts', `import { x } from '../worker/protocol/job.ts';`],
    ['src-main/host/cli/planted.ts', `import { x } from '../../service/service.ts';`],
    ['src-renderer/planted.ts', `import { x } from '../src-main/contract/job.ts';`],
  ])('allows what the design allows in %s', async (file, code) => {
    expect(await complaintsOf(file, code)).toEqual([]);
  });
});
