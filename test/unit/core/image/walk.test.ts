import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveFile, walkFolder } from '../../../../src-main/core/image/walk.ts';

const { signal } = new AbortController();
let home: string;
let root: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'walk-')));
  root = join(home, 'root');
  mkdirSync(root);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function put(relPath: string, content = 'x'): void {
  mkdirSync(join(home, relPath, '..'), { recursive: true });
  writeFileSync(join(home, relPath), content);
}

async function walk(folder = root): Promise<string[]> {
  const rows: string[] = [];
  for await (const batch of walkFolder(folder, { signal })) {
    rows.push(...batch.map(({ relPath, problem }) => (problem ? `${relPath}: ${problem.code}` : relPath)));
  }
  return rows;
}

describe('walking a folder', () => {
  it('goes through names in byte order, folders included', async () => {
    for (const name of ['b.jpg', 'a/z.jpg', 'a/b/c.jpg', 'B.jpg', 'é.jpg', 'c.png']) put(`root/${name}`);
    expect(await walk()).toEqual(['B.jpg', 'a/b/c.jpg', 'a/z.jpg', 'b.jpg', 'c.png', 'é.jpg']);
  });

  it('gives size and time of change with every file', async () => {
    put('root/a.jpg', 'twelve bytes');
    for await (const [file] of walkFolder(root, { signal })) {
      expect(file).toMatchObject({ relPath: 'a.jpg', pathBytes: null, sizeBytes: 12, problem: null });
      expect(Math.abs((file?.mtimeMs ?? 0) - Date.now())).toBeLessThan(60_000);
    }
  });

  it('batches thousands of files', async () => {
    for (let index = 0; index < 2000; index++) writeFileSync(join(root, `${index}.jpg`), '');
    const sizes: number[] = [];
    for await (const batch of walkFolder(root, { signal })) sizes.push(batch.length);
    expect(sizes).toEqual([256, 256, 256, 256, 256, 256, 256, 208]);
  });

  it('looks into files whose names tell nothing', async () => {
    put('root/no-extension', '\x89PNG\r\n');
    writeFileSync(join(root, 'picture'), Buffer.from('\xff\xd8\xff\xe0', 'latin1'));
    put('root/README', 'hello');
    put('root/empty', '');
    put('root/layers', '8BPS..');
    expect(await walk()).toEqual(['layers', 'picture']);
  });

  it('follows links out of the root, each target once', async () => {
    put('elsewhere/deep/a.jpg');
    symlinkSync(join(home, 'elsewhere'), join(root, 'first'));
    symlinkSync(join(home, 'elsewhere'), join(root, 'second'));
    symlinkSync(join(home, 'elsewhere/deep'), join(root, 'third'));
    expect(await walk()).toEqual(['first/deep/a.jpg', 'second: link-loop', 'third: link-loop']);
  });

  it('comes to an end when links outside the root cross each other', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      put(`elsewhere/${name}/${name}.jpg`);
      for (const other of ['a', 'b', 'c', 'd'])
        symlinkSync(`../${other}`, join(home, 'elsewhere', name, `to-${other}`));
    }
    symlinkSync(join(home, 'elsewhere/a'), join(root, 'link'));
    const rows = await walk();
    expect(rows.filter((row) => row.endsWith('.jpg'))).toHaveLength(4);
    expect(rows.filter((row) => !row.endsWith('.jpg')).every((row) => row.endsWith(': link-loop'))).toBe(
      true,
    );
  });

  it('does not follow a link to a folder that the root lies in', async () => {
    put('beside.jpg');
    symlinkSync(home, join(root, 'up'));
    symlinkSync('/', join(root, 'top'));
    expect(await walk()).toEqual(['top: link-loop', 'up: link-loop']);
  });

  it('lists the target of a link into a hidden folder, which no other way leads to', async () => {
    put('root/.store/a.jpg');
    symlinkSync('.store', join(root, 'shown'));
    symlinkSync('.store/a.jpg', join(root, 'shown.jpg'));
    expect(await walk()).toEqual(['shown/a.jpg', 'shown.jpg']);
  });

  it('goes on after a folder that cannot be listed', async () => {
    put('root/a.jpg');
    put('root/locked/b.jpg');
    put('root/z.jpg');
    chmodSync(join(root, 'locked'), 0);
    chmodSync(home, 0o755);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    const rows = await walk().finally(() => isRoot && process.seteuid?.(0));
    expect(rows).toEqual(['a.jpg', 'locked: folder-unreadable', 'z.jpg']);
  });

  it('refuses a root that is missing or no folder', async () => {
    put('root/a.jpg');
    await expect(walk(join(home, 'missing'))).rejects.toMatchObject({ code: 'FOLDER_NOT_FOUND' });
    await expect(walk(join(root, 'a.jpg'))).rejects.toMatchObject({ code: 'NOT_A_FOLDER' });
  });

  it('stops between two batches when it is told to', async () => {
    for (let index = 0; index < 600; index++) writeFileSync(join(root, `${index}.jpg`), '');
    const controller = new AbortController();
    const reading = async () => {
      for await (const _ of walkFolder(root, { signal: controller.signal }))
        controller.abort(new Error('enough'));
    };
    await expect(reading()).rejects.toThrow('enough');
  });
});

describe('the path of a file', () => {
  it.each(['../a.jpg', 'a/../../b.jpg', '/etc/passwd', 'a//b.jpg', './a.jpg', '', 'a/', 'a\0.jpg', '..'])(
    'is refused for the key %j',
    (relPath) => {
      expect(() => resolveFile('/photos', { relPath, pathBytes: null })).toThrow(/not the path of a file/);
      const pathBytes = Buffer.from(relPath);
      expect(() => resolveFile('/photos', { relPath, pathBytes })).toThrow(/not the path of a file/);
    },
  );

  it('never leaves the root, whatever the key', () => {
    const part = fc.oneof(fc.constantFrom('..', '.', '', '...', '\\', 'a:b'), fc.string());
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const relPath = parts.join('/');
        try {
          const path = resolveFile('/photos', { relPath, pathBytes: null });
          expect(join(path.toString(), '.').startsWith(`${sep}photos${sep}`)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_INPUT' });
        }
      }),
    );
  });

  it.skipIf(process.platform !== 'linux')('opens what the walk found, down to the bytes', async () => {
    const name = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xe9, 0xff]), Buffer.from('.jpg')]);
    writeFileSync(name, 'x');
    for await (const [file] of walkFolder(root, { signal })) {
      if (!file) throw new Error('nothing was found');
      expect(resolveFile(root, file)).toEqual(name);
      expect(existsSync(resolveFile(root, file))).toBe(true);
    }
  });
});
