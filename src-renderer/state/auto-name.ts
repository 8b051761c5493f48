import { freeName } from '../../src-main/contract/free-name.ts';

/** Leaves room below the 200 of `ShownName` for the number that makes a name free. */
const MAX_CHARS = 190;

/**
 * The name that something new gets if nobody gives it one, in the page's language: made here, because the service knows
 * no language.
 * @param wanted a text of the page with the names of what it was made from
 */
export function autoName(wanted: string, others: readonly { name: string }[]): string {
  const cut = wanted.length > MAX_CHARS ? `${wanted.slice(0, MAX_CHARS).toWellFormed()}…` : wanted;
  return freeName(cut, others);
}
