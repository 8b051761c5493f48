import js from '@eslint/js';
import globals from 'globals';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import { importCircle } from './test/lint/import-circle.js';
import { importDirection } from './test/lint/import-direction.js';

const typed = [
  'src-main/**/*.ts',
  'src-renderer/**/*.{ts,svelte}',
  'test/**/*.ts',
  'resources/bin/*.ts',
  '*.ts',
];

/** A line that is packed to save others. */
const PACKED_LINE = {
  selector: 'ObjectExpression > SpreadElement > ObjectExpression',
  message: 'Write the properties without a spread, one per line.',
};

export default ts.config(
  { ignores: ['out/', 'dist/', 'coverage/'] },
  js.configs.recommended,
  { languageOptions: { globals: { ...globals.node } } },
  {
    files: typed,
    extends: [ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A switch that names its default means it.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Not in Node 22. What else it does not have is missing in the types, too (`lib` of tsconfig.json, @types/node).
      'no-restricted-globals': ['error', 'DisposableStack', 'AsyncDisposableStack', 'SuppressedError'],
      'no-restricted-syntax': ['error', PACKED_LINE],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src-main/**/*.ts', 'src-renderer/**/*.{ts,svelte}'],
    plugins: { r2o: { rules: { 'import-circle': importCircle, 'import-direction': importDirection } } },
    rules: {
      'r2o/import-circle': 'error',
      'r2o/import-direction': 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 400 }],
    },
  },
  {
    files: ['src-main/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        PACKED_LINE,
        {
          selector: 'CallExpression[callee.name=/^mkdir/] Property[key.name="recursive"]',
          message: 'Use makeFolder: [Note: Folders step by step].',
        },
      ],
    },
  },
  // Old versions of Node must be able to read it, to say that they are too old.
  { files: ['resources/bin/r2o.mjs'], languageOptions: { ecmaVersion: 2020 } },
  ...svelte.configs.recommended,
  {
    files: ['src-renderer/**/*.{svelte,svelte.ts}'],
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: { parser: ts.parser, projectService: true, extraFileExtensions: ['.svelte'] },
    },
    // An effect reads a signal with `void` to be run again by it.
    rules: { '@typescript-eslint/no-meaningless-void-operator': 'off' },
  },
);
