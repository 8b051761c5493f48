import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { bundledDependencies } from './electron.vite.config.ts';

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  resolve: { conditions: ['node'] },
  ssr: { noExternal: bundledDependencies },
  test: {
    include: ['test/**/*.test.ts'],
    tags: [{ name: 'tools', description: 'needs Python and packages of its own, see test/tools' }],
    // Native modules (sharp, onnxruntime-node, better-sqlite3) want a process of their own.
    pool: 'forks',
    // Two at a time: every end-to-end test starts workers of its own.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    server: { deps: { inline: bundledDependencies } },
  },
});
