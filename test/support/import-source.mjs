/** Loads TypeScript of the repository in a script that Node started: our sources, as the tests load them. */
import { createServer, createServerModuleRunner } from 'vite';
import { bundledDependencies } from '../../electron.vite.config.ts';

// Benchmarks and campaigns load the engine too; see [Note: No telemetry].
process.env.ORT_DISABLE_TELEMETRY = '1';

/**
 * @param {string} path an absolute path
 * @returns {Promise<any>} what the module exports
 */
export async function importSource(path) {
  const server = await createServer({
    configFile: false,
    logLevel: 'error',
    server: { middlewareMode: true, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
    ssr: { noExternal: bundledDependencies },
  });
  const runner = createServerModuleRunner(server.environments.ssr, { hmr: false });
  return runner.import(path);
}
