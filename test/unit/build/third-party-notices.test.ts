import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { packagesOf, thirdPartyNotices } from '../../../resources/bin/third-party-notices.ts';

const root = resolve(import.meta.dirname, '../../..');
const notices = thirdPartyNotices(root, new Set(['svelte', '@fontsource-variable/inter']));
const isListed = (name: string) => notices.includes(`\n${name} `);

describe('the notices of third parties', () => {
  test('name every package that the app runs with', () => {
    const { dependencies } = z
      .object({ dependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')));
    const names = Object.keys(dependencies);
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !isListed(name))).toEqual([]);
  });

  test('name what is inside of those, on every platform, and what is in the page', () => {
    const inside = [
      '@img/sharp-libvips-linux-x64',
      '@img/sharp-libvips-darwin-arm64',
      'libheif-js',
      'onnxruntime-common',
      'svelte',
      '@fontsource-variable/inter',
    ];
    expect(inside.filter((name) => !isListed(name))).toEqual([]);
    // Only used to develop the app.
    for (const name of ['vitest', 'eslint', 'playwright-core']) expect(isListed(name), name).toBe(false);
  });

  test('contain the texts that those licenses ask for', () => {
    for (const text of [
      'GNU LESSER GENERAL PUBLIC LICENSE',
      'GNU GENERAL PUBLIC LICENSE',
      'Apache License',
      'SIL OPEN FONT LICENSE',
      'Permission is hereby granted, free of charge',
      '| libvips       | LGPLv3',
    ])
      expect(notices).toContain(text);
  });

  test('know the package of a module', () => {
    const ids = [
      '/a/node_modules/svelte/src/index.js',
      '/a/node_modules/x/node_modules/@y/z/i.js',
      '/a/src/main.ts',
      '\0virtual',
    ];
    expect([...packagesOf(ids)]).toEqual(['svelte', '@y/z']);
  });
});
