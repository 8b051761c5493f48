/**
 * The rows of a table of comma-separated values with a header, as spreadsheets write them: fields may be quoted, and
 * lines end in any way.
 * @param columns those that are wanted
 * @returns undefined if one of them is missing
 */
export function readCsv<Column extends string>(
  text: string,
  columns: readonly Column[],
): Record<Column, string>[] | undefined {
  const [header, ...rows] = recordsOf(text.replace(/^\ufeff/, ''));
  const places = columns.map((column) => header?.indexOf(column) ?? -1);
  if (places.includes(-1)) return undefined;
  return rows.map((row) => {
    const entries = columns.map((column, index) => [column, row[places[index] ?? -1] ?? '']);
    // One entry per column, made just now.
    return Object.fromEntries(entries) as Record<Column, string>;
  });
}

function recordsOf(text: string): string[][] {
  const records: string[][] = [];
  let fields: string[] = [];
  // A field, quoted or not, and what ends it.
  const field = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n|\r|\n|$)/gy;
  for (let at = 0; at < text.length;) {
    field.lastIndex = at;
    const found = field.exec(text);
    if (!found) break;
    const [all, quoted, plain = '', end] = found;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    at += all.length;
    if (end === ',') {
      if (at === text.length) fields.push('');
      continue;
    }
    records.push(fields);
    fields = [];
  }
  if (fields.length > 0) records.push(fields);
  return records.filter(([first, ...others]) => first !== '' || others.length > 0);
}
