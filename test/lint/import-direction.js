/**
 * ESLint rule: imports inside src-main and src-renderer follow the layers of the design.
 *
 * A layer is the longest folder of LAYERS that contains the file. It may import itself and the layers
 * listed for it, and no others; packages in RESTRICTED_PACKAGES belong to the named layers alone.
 */
import { dirname, relative, resolve, sep } from 'node:path';

const CORE_BASE = ['src-main/core/tensor'];
const CORE_PARTS = [
  'src-main/core/superpixel',
  'src-main/core/mask-files',
  'src-main/core/mask',
  'src-main/core/image',
  'src-main/core/compile',
  ...CORE_BASE,
];
const NETWORKS = ['src-main/core/weights', 'src-main/core/model'];
const CORE_ALL = [
  'src-main/core/evaluate',
  'src-main/core/train',
  'src-main/core/segment',
  ...NETWORKS,
  ...CORE_PARTS,
];
const SERVICE_AND_BELOW = ['src-main/service', 'src-main/jobs', 'src-main/store'];
const PROTOCOL = 'src-main/worker/protocol';

/** What clients see, and what the rooms of the main side share. */
const CONTRACT = 'src-main/contract';
const DOMAIN = 'src-main/domain';

/** @type {Record<string, string[]>} Folder to the layers it may import beside itself, the contract and the domain. */
export const LAYERS = {
  [CONTRACT]: [],
  [DOMAIN]: [],
  'src-main/core/tensor': [],
  'src-main/core/compile': CORE_BASE,
  'src-main/core/image': CORE_BASE,
  'src-main/core/mask': [],
  'src-main/core/mask-files': ['src-main/core/mask'],
  'src-main/core/superpixel': ['src-main/core/mask', ...CORE_BASE],
  'src-main/core/evaluate': ['src-main/core/superpixel', 'src-main/core/mask', ...CORE_BASE],
  'src-main/core/model': CORE_PARTS,
  'src-main/core/weights': ['src-main/core/model', ...CORE_PARTS],
  'src-main/core/train': [...NETWORKS, ...CORE_PARTS],
  'src-main/core/segment': [...NETWORKS, ...CORE_PARTS],
  [PROTOCOL]: [],
  'src-main/worker': [PROTOCOL, 'src-main/export', ...CORE_ALL],
  'src-main/store': [],
  'src-main/jobs': [PROTOCOL, 'src-main/store'],
  // Writes files from rows that the worker asked for: the service process, which has the store, never computes.
  'src-main/export': ['src-main/core/mask', 'src-main/core/image'],
  'src-main/service': ['src-main/jobs', 'src-main/store'],
  'src-main/host/server': ['src-main/host/shared', ...SERVICE_AND_BELOW],
  'src-main/host/cli': ['src-main/host/shared', 'src-main/host/server', ...SERVICE_AND_BELOW],
  'src-main/host/electron': ['src-main/host/shared', ...SERVICE_AND_BELOW],
  'src-main/host/shared': SERVICE_AND_BELOW,
  'src-renderer': [],
};

/** Clients import the contract alone; so does the contract itself. */
const IMPORT_NO_DOMAIN = [CONTRACT, 'src-renderer'];

/** @type {Record<string, RegExp>} Package name to the files that alone may import it. */
export const RESTRICTED_PACKAGES = {
  electron: /^src-main\/host\/electron\//,
  // Beside the store, the export that writes a dataset as an SQLite file of its own.
  'better-sqlite3': /^src-main\/(store\/|export\/sqlite\.ts$)/,
  ws: /^src-main\/host\//,
  sharp: /^src-main\/(core\/image|worker)\//,
  'onnxruntime-node': /^src-main\/core\/compile\//,
  '@tensorflow/tfjs-core': /^src-main\/core\//,
};

/** @param {string} path repository-relative, forward slashes */
function layerOf(path) {
  const matches = Object.keys(LAYERS).filter((layer) => path === layer || path.startsWith(`${layer}/`));
  return matches.sort((a, b) => b.length - a.length)[0];
}

/** @param {string} specifier */
function packageOf(specifier) {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

/**
 * The complaint about one import, or undefined when it is allowed.
 * @param {string} root repository root
 * @param {string} file absolute path of the importing file
 * @param {string} specifier as written in the import
 */
export function findViolation(root, file, specifier) {
  const toRepoPath = (/** @type {string} */ path) => relative(root, path).split(sep).join('/');
  const from = toRepoPath(file);
  const fromLayer = layerOf(from);
  if (!fromLayer) return undefined;
  if (!specifier.startsWith('.')) {
    const name = packageOf(specifier);
    const allowed = name === undefined ? undefined : RESTRICTED_PACKAGES[name];
    return allowed && !allowed.test(from) ? `${fromLayer} may not import the package '${name}'` : undefined;
  }
  const toLayer = layerOf(toRepoPath(resolve(dirname(file), specifier.replace(/\?.*$/, ''))));
  if (!toLayer) return `${fromLayer} may not import '${specifier}', which lies outside every layer`;
  const foundations = IMPORT_NO_DOMAIN.includes(fromLayer) ? [CONTRACT] : [CONTRACT, DOMAIN];
  const allowed = [fromLayer, ...foundations, ...(LAYERS[fromLayer] ?? [])];
  return allowed.includes(toLayer) ? undefined : `${fromLayer} may not import ${toLayer}`;
}

/** @type {import('eslint').Rule.RuleModule} */
export const importDirection = {
  meta: { type: 'problem', schema: [], messages: { direction: '{{complaint}} (see test/lint)' } },
  create(context) {
    /** @param {{ source?: { value?: unknown } | null }} node */
    const check = (node) => {
      const specifier = node.source?.value;
      if (typeof specifier !== 'string') return;
      const complaint = findViolation(context.cwd, context.filename, specifier);
      // The node is the import or export declaration that ESLint handed in.
      if (complaint)
        context.report({ node: /** @type {any} */ (node), messageId: 'direction', data: { complaint } });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};
