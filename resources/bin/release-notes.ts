/**
 * `node resources/bin/release-notes.ts VERSION`: prints what CHANGELOG.md says about a version, for the release's page.
 * Ends with 1 if package.json has another version, or if the changelog has no such section.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

/** The text below the heading of a version, without the heading; undefined if there is none. */
export function notesOf(changelog: string, version: string): string | undefined {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => /^\[?([^\]\s]+)/.exec(text)?.[1] === version);
  return section?.slice(section.indexOf('\n')).trim();
}

if (import.meta.main) {
  const version = process.argv[2] ?? '';
  const packaged = z.object({ version: z.string() }).parse(JSON.parse(read('package.json'))).version;
  const notes = notesOf(read('CHANGELOG.md'), version);
  if (packaged !== version) fail(`package.json has version ${packaged}, not '${version}'.`);
  else if (!notes) fail(`CHANGELOG.md has no section '## ${version}'.`);
  else process.stdout.write(`${notes}\n`);
}

function fail(message: string) {
  process.stderr.write(`error: ${message}\n`);
  process.exitCode = 1;
}
