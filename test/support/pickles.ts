import { spawnSync } from 'node:child_process';

const PYTHON = '/usr/bin/python3';

/** Whether Debian's PyTorch is there; appended to the names of tests that are skipped without it. */
export function missingPython(...modules: string[]): string | undefined {
  const probe = spawnSync(PYTHON, ['-c', `import ${modules.join(', ')}`]);
  return probe.status === 0 ? undefined : `Debian's ${modules.join(', ')} for Python are not installed`;
}

/** Runs a Python script with arguments; fails with what it printed as an error. @returns its output */
export function runPython(script: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', script, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`python ended with ${status}: ${stderr}`);
  return stdout;
}

/** Bytes of a pickle, opcode by opcode: text stands for itself, numbers for bytes. */
export function pickleOf(...parts: (string | number | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const buffers = parts.map((part) =>
    typeof part === 'number'
      ? Buffer.of(part)
      : typeof part === 'string'
        ? Buffer.from(part, 'latin1')
        : part,
  );
  return Uint8Array.from(Buffer.concat(buffers));
}
