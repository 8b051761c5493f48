/**
 * Checks what `JSON.parse` does not: that no object repeats a key (it would keep the last one in silence), and
 * that nesting stays shallow.
 * @param text need not be valid JSON; only valid JSON is judged exactly
 * @returns what is wrong, or undefined
 */
export function findRepeatedKey(text: string, maxDepth: number): string | undefined {
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{' || char === '[') {
      if (open.length === maxDepth) return `it is nested deeper than ${maxDepth} levels`;
      open.push(char === '{' ? new Set() : null);
    } else if (char === '}' || char === ']') {
      open.pop();
    } else if (char === '"') {
      const end = endOfString(text, at);
      if (end === undefined) return 'a string has no end';
      const token = text.slice(at, end + 1);
      at = end;
      const keys = open.at(-1);
      if (keys && isKey(text, at + 1) && keys.size === keys.add(unescaped(token)).size) {
        return `the name ${token} occurs twice`;
      }
    }
  }
  return undefined;
}

/** Where the string that starts at `from` has its closing quote. Not by a pattern: texts may have megabytes. */
function endOfString(text: string, from: number): number | undefined {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at < text.length ? at : undefined;
}

/** Whether a colon follows, which in JSON stands behind keys alone. */
function isKey(text: string, from: number): boolean {
  let at = from;
  while (' \t\r\n'.includes(text[at] ?? 'x')) at++;
  return text[at] === ':';
}

/** The characters that a JSON string stands for; the token itself where it is not valid. */
function unescaped(token: string): string {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}
