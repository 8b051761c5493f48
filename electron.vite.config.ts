import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';
import { billOfMaterials } from './resources/bin/bill-of-materials.ts';
import { packagesOf, thirdPartyNotices } from './resources/bin/third-party-notices.ts';
import { BILL_FILE, NOTICES_FILE } from './src-main/contract/notices.ts';

/**
 * Packages whose ESM does not resolve in Node unbundled (their imports lack file extensions). The build bundles them, like
 * everything else that package.json lists under devDependencies.
 */
export const bundledDependencies = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'];

/**
 * Packages that every process loads when it starts. They are hundreds of small files, and finding and compiling each takes
 * longer than what is in it; bundled, `r2o` and workers start in half of the CPU time.
 */
const startedWith = [
  ...['zod', 'commander', 'p-limit', 'lru-cache', 'env-paths'],
  ...['@orpc/client', '@orpc/contract', '@orpc/server', '@orpc/standard-server-peer'],
];

const fromRoot = (path: string) => resolve(import.meta.dirname, path);

/** The packages whose code is in what has been built so far. */
const bundledPackages = new Set<string>();

/** Remembers which packages a part of the app contains. */
function rememberPackages(): Plugin {
  return {
    name: 'remember-packages',
    apply: 'build',
    generateBundle(_options, bundle) {
      // Fonts are no modules, but files that a style names.
      const files = Object.values(bundle).flatMap((file) =>
        file.type === 'asset' ? file.originalFileNames : [],
      );
      for (const name of packagesOf([...this.getModuleIds(), ...files])) bundledPackages.add(name);
    },
  };
}

/** Writes the licences and the list of all that ships next to the page, which shows the licences. The page is built last. */
function notices(): Plugin {
  return {
    name: 'third-party-notices',
    apply: 'build',
    generateBundle() {
      const source = thirdPartyNotices(import.meta.dirname, bundledPackages);
      this.emitFile({ type: 'asset', fileName: NOTICES_FILE, source });
      const bill = billOfMaterials(import.meta.dirname, bundledPackages);
      this.emitFile({ type: 'asset', fileName: BILL_FILE, source: bill });
    },
  };
}

export default defineConfig({
  main: {
    plugins: [rememberPackages()],
    build: {
      outDir: 'out/main',
      sourcemap: true,
      // The oldest version of Node that package.json names, not Electron's: the command line runs on it.
      target: 'node22.21',
      externalizeDeps: { exclude: startedWith },
      rolldownOptions: {
        input: {
          electron: fromRoot('src-main/host/electron/main.ts'),
          cli: fromRoot('src-main/host/cli/main.ts'),
          worker: fromRoot('src-main/worker/main.ts'),
          'batch-thread': fromRoot('src-main/worker/threads/batch-thread.ts'),
          'segment-thread': fromRoot('src-main/worker/threads/segment-thread.ts'),
        },
        // Flat, so that the built code finds its neighbours from wherever it was bundled to (host/shared/paths.ts).
        output: { chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  preload: {
    plugins: [rememberPackages()],
    build: {
      outDir: 'out/preload',
      rolldownOptions: {
        input: {
          preload: fromRoot('src-main/host/electron/preload.ts'),
          'remote-preload': fromRoot('src-main/host/electron/remote-preload.ts'),
        },
        // A sandboxed preload cannot be an ES module.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: fromRoot('src-renderer'),
    plugins: [svelte({ configFile: false }), rememberPackages(), notices()],
    build: {
      outDir: fromRoot('out/renderer'),
      minify: true,
      // The page's policy allows no data: addresses but for pictures.
      assetsInlineLimit: 0,
      rolldownOptions: { input: fromRoot('src-renderer/index.html') },
    },
  },
});
