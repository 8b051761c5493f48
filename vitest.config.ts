import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { bundledDependencies } from './electron.vite.config.ts';
import { coverageFloors } from './test/coverage-floors.ts';

/** Tests that take the built app, beside those of whole folders. */
const built = [
  'test/unit/host/electron/preload.test.ts',
  'test/unit/jobs/job-queue.test.ts',
  'test/unit/worker/threads/segment-threads.test.ts',
];

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  resolve: { conditions: ['node'] },
  ssr: { noExternal: bundledDependencies },
  test: {
    tags: [{ name: 'tools', description: 'needs Python and packages of its own, see test/tools' }],
    // Native modules (sharp, onnxruntime-node, better-sqlite3) want a process of their own.
    pool: 'forks',
    // Modules are loaded once for all files of a process: loading them takes most of the time of small files, and 2.4 s
    // of an end-to-end test's.
    isolate: false,
    // Two at a time: every end-to-end test starts workers of its own.
    maxWorkers: 2,
    // See [Note: No telemetry] and [Note: TensorFlow's kernels].
    env: { ORT_DISABLE_TELEMETRY: '1', TF_ENABLE_ONEDNN_OPTS: '0', TF_CPP_MIN_LOG_LEVEL: '1' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A second, which is the default, is too short for a busy machine.
    expect: { poll: { timeout: 60_000 } },
    server: { deps: { inline: bundledDependencies } },
    coverage: {
      provider: 'v8',
      include: ['src-main/**/*.ts', 'src-renderer/**/*.{ts,svelte}'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: coverageFloors,
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/{unit,golden,contract}/**/*.test.ts'],
          exclude: built,
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/{agreement,e2e}/**/*.test.ts', ...built],
          // Each starts processes, which on a machine with other work can take ten times their usual time. No test is
          // about speed: this is there to end those that wait for what never comes.
          testTimeout: 600_000,
          hookTimeout: 600_000,
          expect: { poll: { timeout: 300_000 } },
        },
      },
      { extends: true, test: { name: 'lint', include: ['test/lint/**/*.test.ts'] } },
    ],
  },
});
