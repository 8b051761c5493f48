/**
 * ESLint rule: no file imports itself through others.
 *
 * Imports of types count too: files that need each other's types cannot be read one after the other either.
 * What they share goes into a small file of its own.
 */
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';

const RELATIVE_IMPORT = /^\s*(?:import|export)\b[^'";]*?\bfrom\s+'(\.[^'?]+)'/gm;
const SOURCE = /\.(ts|svelte)$/;

/** What each file imports: every file is read once, though it may lie behind many. */
const importsByFile = new Map();

/**
 * Files on the shortest way from a file back to itself, that file first; undefined where there is none.
 * @param {string} file absolute path
 */
function findCircle(file) {
  const cameFrom = new Map();
  const pending = [file];
  for (const current of pending) {
    for (const imported of importsFromDisk(current)) {
      if (imported === file) return wayTo(current, cameFrom);
      if (cameFrom.has(imported)) continue;
      cameFrom.set(imported, current);
      pending.push(imported);
    }
  }
  return undefined;
}

/** Sources that a text imports, as absolute paths. @param {string} file @param {string} text */
function importsIn(file, text) {
  return [...text.matchAll(RELATIVE_IMPORT)]
    .map(([, specifier]) => resolve(dirname(file), specifier))
    .filter((path) => SOURCE.test(path));
}

function importsFromDisk(file) {
  const found = importsByFile.get(file) ?? importsIn(file, readFileSync(file, 'utf8'));
  importsByFile.set(file, found);
  return found;
}

function wayTo(file, cameFrom) {
  const way = [file];
  for (let before = cameFrom.get(file); before !== undefined; before = cameFrom.get(before))
    way.unshift(before);
  return way;
}

/** @type {import('eslint').Rule.RuleModule} */
export const importCircle = {
  meta: { type: 'problem', schema: [], messages: { circle: 'imports itself: {{way}}' } },
  create(context) {
    return {
      Program(node) {
        importsByFile.set(context.filename, importsIn(context.filename, context.sourceCode.text));
        const circle = findCircle(context.filename);
        if (!circle) return;
        const way = [...circle, context.filename].map((file) => relative(context.cwd, file)).join(' -> ');
        context.report({ node, messageId: 'circle', data: { way } });
      },
    };
  },
};
