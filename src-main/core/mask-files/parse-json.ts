import type { z } from 'zod';

/**
 * The JSON of a mask file.
 * @param kind as in "no COCO instances file"
 * @returns its content, or one sentence about what is wrong with it
 */
export function parseJsonFile<T extends z.ZodType<object>>(
  text: string,
  schema: T,
  kind: string,
): z.infer<T> | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return `It is not valid JSON (${error instanceof Error ? error.message : String(error)}).`;
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `It is not a ${kind} file (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}).`;
}
