import { readdirSync, readFileSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dataLayout } from '../../../../src-main/domain/data-layout.ts';
import { MAX_LOG_BYTES, openLogFile } from '../../../../src-main/host/shared/log-file.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

describe('the log', () => {
  test('is capped while the app runs, and keeps the newest lines', () => {
    const data = tempFolder();
    const log = openLogFile(data);
    const details = { filler: 'x'.repeat(50_000) };
    const lines = 3 * Math.ceil(MAX_LOG_BYTES / 50_000);
    for (let line = 0; line < lines; line++) log.info(`line ${line}`, details);
    const { logs, logFile, previousLogFile } = dataLayout(data);
    expect(readdirSync(logs)).toHaveLength(2);
    for (const file of [logFile, previousLogFile])
      expect(statSync(file).size).toBeLessThanOrEqual(MAX_LOG_BYTES);
    expect(readFileSync(logFile, 'utf8')).toContain(`line ${lines - 1}"`);
    expect(readFileSync(previousLogFile, 'utf8')).not.toContain('"line 0"');
  });

  test('continues the one of an earlier start, and starts another when that is full', () => {
    const data = tempFolder();
    const { logs, logFile, previousLogFile } = dataLayout(data);
    mkdirSync(logs, { recursive: true });
    writeFileSync(logFile, 'x'.repeat(MAX_LOG_BYTES - 10));
    openLogFile(data).info('first of the next');
    expect(statSync(previousLogFile).size).toBe(MAX_LOG_BYTES - 10);
    expect(readFileSync(logFile, 'utf8')).toContain('first of the next');
  });

  test('does not let one error fill it', () => {
    const data = tempFolder();
    const log = openLogFile(data);
    log.error(new Error('y'.repeat(MAX_LOG_BYTES)), 'somewhere');
    expect(statSync(log.file).size).toBeLessThan(100_000);
    expect(dirname(log.file)).toBe(dataLayout(data).logs);
  });
});
