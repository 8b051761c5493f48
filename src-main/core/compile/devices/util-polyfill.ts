import { createRequire } from 'node:module';

/**
 * Puts back the type predicates that Node 23 removed from `node:util` and that
 * `@tensorflow/tfjs-node` 4.22 calls. Does nothing where they exist.
 */
export function restoreUtilPredicates(): void {
  // The CommonJS object, a plain record of functions: it alone is mutable, and every require sees it.
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= (value: unknown) => Array.isArray(value);
  util.isString ??= (value: unknown) => typeof value === 'string';
  util.isBoolean ??= (value: unknown) => typeof value === 'boolean';
  util.isNumber ??= (value: unknown) => typeof value === 'number';
  util.isFunction ??= (value: unknown) => typeof value === 'function';
  util.isObject ??= (value: unknown) => value !== null && typeof value === 'object';
  util.isUndefined ??= (value: unknown) => value === undefined;
}
