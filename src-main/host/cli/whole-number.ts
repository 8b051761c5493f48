import { UserError } from '../../contract/errors.ts';

/** @throws UserError if the text that an option was given is not a whole number from 1 on */
export function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UserError('BAD_INPUT', `${option} must be a whole number of at least 1, not '${text}'.`);
}
