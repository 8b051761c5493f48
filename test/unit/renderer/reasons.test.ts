import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'svelte/compiler';
import { expect, test } from 'vitest';

const renderer = resolve(import.meta.dirname, '../../../src-renderer');
const BUTTONS = ['Button', 'IconButton', 'CommandButton'];

/** Names of the attributes of each button below a node of a component's syntax tree. */
function buttonsIn(node: unknown): string[][] {
  if (Array.isArray(node)) return node.flatMap(buttonsIn);
  if (typeof node !== 'object' || node === null) return [];
  const isButton = 'name' in node && BUTTONS.includes(String(node.name)) && 'attributes' in node;
  const own = isButton && Array.isArray(node.attributes) ? [node.attributes.map(nameOf)] : [];
  return [...own, ...Object.values(node).flatMap(buttonsIn)];
}

function nameOf(attribute: unknown): string {
  return typeof attribute === 'object' && attribute !== null && 'name' in attribute
    ? String(attribute.name)
    : '';
}

test('a button that can be disabled says why', () => {
  const files = globSync('**/*.svelte', { cwd: renderer }).filter(
    (file) => !/[\\/](Icon)?Button\./.test(file),
  );
  const disabled = files.flatMap((file) => {
    const { fragment } = parse(readFileSync(join(renderer, file), 'utf8'), { modern: true });
    return buttonsIn(fragment)
      .filter((attributes) => attributes.includes('disabled'))
      .map((attributes) => ({ file, hasReason: attributes.includes('reason') }));
  });
  expect(disabled.length).toBeGreaterThan(20);
  expect(disabled.filter(({ hasReason }) => !hasReason)).toEqual([]);
});
