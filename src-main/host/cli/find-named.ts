import { createInterface } from 'node:readline/promises';
import { UserError } from '../../contract/errors.ts';
import { Cancelled } from './follow-job.ts';

/** Whether an item has that number or name. */
export function isNamed(all: readonly { id: number; name: string }[], which: string): boolean {
  return all.some(({ id, name }) => String(id) === which || name === which);
}

/**
 * One of several items by its number, or by its name if that is unique.
 * @param kind what they are called, and the command that lists them
 * @throws UserError NOT_FOUND, or BAD_INPUT for a name that several have
 */
export function findNamed<T extends { id: number; name: string }>(
  all: readonly T[],
  which: string,
  kind: { one: string; many: string; listCommand: string },
): T {
  const matches = all.filter(({ id, name }) => String(id) === which || name === which);
  const [first] = matches;
  if (first && matches.length === 1) return first;
  if (first) {
    const ids = matches.map(({ id }) => id).join(', ');
    throw new UserError('BAD_INPUT', `There are several ${kind.many} called '${which}'.`, {
      hint: `Use the number instead: ${ids}.`,
    });
  }
  throw new UserError('NOT_FOUND', `There is no ${kind.one} '${which}'.`, {
    hint: `See: ${kind.listCommand}`,
  });
}

/**
 * Asks for confirmation at the terminal before something is deleted permanently.
 * @throws Cancelled when they say no; UserError BAD_INPUT when there is nobody to ask
 */
export async function confirmRemoval(name: string, question: string): Promise<void> {
  await confirm(question, {
    refusal: `Removing '${name}' needs confirmation, and there is no terminal to ask on.`,
    hint: 'Add --yes to remove it without confirmation.',
  });
}

/**
 * Asks a person at the terminal.
 * @param texts what to say when there is nobody to ask, and what to do then
 * @throws Cancelled when they say no; UserError BAD_INPUT when there is nobody to ask
 */
export async function confirm(question: string, texts: { refusal: string; hint: string }): Promise<void> {
  if (!process.stdin.isTTY) throw new UserError('BAD_INPUT', texts.refusal, { hint: texts.hint });
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(`${question} [y/N] `);
  prompt.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Cancelled();
}
