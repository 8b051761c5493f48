/** What a text says in JSON; undefined for any other text, such as a file that was caught half written. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
