/**
 * Modules and functions that no file of weights needs and that attacks use. Nothing in a pickle is
 * called here, so this list protects nobody in this app: it warns people of a file that would take over their
 * computer when they open it in Python.
 */
const DANGEROUS_MODULES = new Set([
  ...['os', 'posix', 'nt', 'sys', 'subprocess', 'pty', 'popen2', 'commands', 'shutil', 'socket', 'ctypes'],
  ...['runpy', 'importlib', 'imp', 'code', 'codeop', 'pickle', '_pickle', 'marshal', 'webbrowser', 'urllib'],
  ...['multiprocessing', 'threading', 'asyncio', 'pdb', 'bdb', 'timeit', 'pip', 'requests', 'http', 'ssl'],
]);
const DANGEROUS_BUILTINS = new Set([
  ...['eval', 'exec', 'execfile', 'compile', 'open', 'file', 'input', '__import__', 'apply', 'breakpoint'],
]);

/** Calls `fail` for what would run commands or code, were the pickle opened in Python. */
export function refuseDangerous(path: string, fail: (problem: string) => never): void {
  const [module = '', name = ''] = path.split('.');
  const isBuiltin = ['builtins', '__builtin__', '__builtins__'].includes(module);
  if (!DANGEROUS_MODULES.has(module) && !(isBuiltin && DANGEROUS_BUILTINS.has(name))) return;
  fail(`it names ${path}, which lets a file take over the computer of anyone who opens it in Python`);
}
