import { resolve } from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const FILE = 'src-main/core/compile/ir/graph.ts';

/** Reads the configuration once for all tests. */
const eslint = new ESLint({
  cwd: root,
  // The rule needs no types, and planted code has none.
  overrideConfig: { languageOptions: { parserOptions: { projectService: false, project: null } } },
  ruleFilter: ({ ruleId }) => ruleId === 'r2o/import-circle',
});

/** What the project's own lint configuration says of `FILE` if it held this code. */
async function complaintsOf(code: string): Promise<string[]> {
  const results = await eslint.lintText(code, { filePath: resolve(root, FILE) });
  return results.flatMap(({ messages }) => messages.map(({ message }) => message));
}

describe('the lint rule against import circles', () => {
  test.each([
    ['a value', `import { NodeList } from './node-list.ts'; export const list = new NodeList();`],
    ['a type', `import type { NodeList } from './node-list.ts'; export type Planted = NodeList;`],
    ['a re-export', `export { NodeList } from './node-list.ts';`],
  ])('names the way back from an import of %s', async (_, code) => {
    expect(await complaintsOf(code)).toEqual([
      `imports itself: ${FILE} -> src-main/core/compile/ir/node-list.ts -> ${FILE}`,
    ]);
  });

  test('sees a circle through several files', async () => {
    const [complaint] = await complaintsOf(`import { train } from '../../train/train.ts'; train;`);
    expect(complaint).toMatch(
      /ir\/graph\.ts -> src-main\/core\/train\/train\.ts -> .*\.ts -> .*ir\/graph\.ts$/,
    );
  });

  test('lets files import in one direction, and packages', async () => {
    const code = `import { sizeOf } from '../../tensor/shape.ts';\nimport { z } from 'zod';\nsizeOf; z;`;
    expect(await complaintsOf(code)).toEqual([]);
  });
});
