import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStore, type Store } from '../../../src-main/store/database.ts';
import { knownMigrations } from '../../../src-main/store/migrate.ts';
import { findDamage } from '../../../src-main/store/soundness.ts';
import { SmallDrive } from '../../support/small-drive.ts';
import { canMakeDisks, diskReason } from '../../support/tiny-disk.ts';

const newest = knownMigrations().at(-1)?.version ?? 0;
const nowMs = () => Date.parse('2026-01-01T00:00:00Z');

/** What the files of a folder take, in pages of 4 KiB. */
function usedKiB(folder: string): number {
  return readdirSync(folder).reduce(
    (sum, name) => sum + 4 * Math.ceil(statSync(join(folder, name)).size / 4_096),
    0,
  );
}

describe.skipIf(!canMakeDisks)(`a full drive${diskReason}`, () => {
  const grown = {
    version: newest + 1,
    sql: 'CREATE TABLE grown (content BLOB) STRICT; INSERT INTO grown VALUES (zeroblob(300000))',
  };

  test.each([0, 64, 128, 256, 384, 512, 768, 1_024, 1_536, 2_048])(
    'with %i KiB left: a migration is done, or has not begun, and can be done with room again',
    async (leftKiB) => {
      using drive = new SmallDrive(16 * 1_024);
      const file = join(drive.folder, 'studio.sqlite');
      const names = Array.from({ length: 200 }, (_, number) => `pets ${number}`);
      {
        using store = openStore(file, { nowMs });
        for (const name of names)
          store.collections.insert({ name, rootPath: `/${name}`, createdAtMs: nowMs() });
      }
      drive.resize(Math.ceil(usedKiB(drive.folder)) + leftKiB);
      const open = () => openStore(file, { nowMs, migrations: [...knownMigrations(), grown] });
      let isFull = false;
      try {
        open()[Symbol.dispose]();
      } catch (error) {
        expect(error).toMatchObject({ code: 'DISK_FULL' });
        isFull = true;
        expect(readdirSync(drive.folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
      }
      if (leftKiB === 0) expect(isFull).toBe(true);
      if (leftKiB === 2_048) expect(isFull).toBe(false);
      drive.resize(16 * 1_024);
      using store = open();
      expect(
        store.collections
          .list()
          .map(({ name }) => name)
          .sort(),
      ).toEqual(names.toSorted());
      expect(await findDamage(file)).toEqual([]);
    },
  );

  test('loses nothing that was saved where its log is written into the database', async () => {
    using drive = new SmallDrive(4 * 1_024);
    const file = join(drive.folder, 'studio.sqlite');
    const saved: string[] = [];
    const save = (store: Store) => {
      for (let number = saved.length; number < 50_000; number++) {
        store.settings.setAll({ [`key-${number}`]: 'x'.repeat(900) });
        saved.push(`key-${number}`);
      }
    };
    const full = expect.objectContaining({ code: 'DISK_FULL' }) as Error;
    {
      // The log is written into the database every thousand pages, and when it is closed: both need room.
      using store = openStore(file, { nowMs });
      expect(() => save(store)).toThrow(full);
      expect(saved.length).toBeGreaterThan(100);
      expect(() => save(store)).toThrow(full);
      expect(Object.keys(store.settings.all())).toEqual(expect.arrayContaining(saved));
    }
    drive.resize(64 * 1_024);
    using store = openStore(file, { nowMs });
    expect(Object.keys(store.settings.all())).toEqual(expect.arrayContaining(saved));
    const before = saved.length;
    store.settings.setAll({ [`key-${before}`]: 'more' });
    expect(await findDamage(file)).toEqual([]);
  });
});
