/**
 * The name of a class as labelmap.txt can hold it: colons part the fields of a line, and a line that starts with # is a
 * comment. Source: datumaro, plugins/data_formats/voc/format.py, `parse_label_map`.
 */
export function labelMapName(name: string): string {
  return name.replaceAll(/[:\p{Cc}]/gu, '_').replace(/^#/, '_');
}
