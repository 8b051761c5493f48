import { ORPCError } from '@orpc/server';
import { UserError, userError, type ErrorInfo } from '../contract/errors.ts';
import { CallCancelled } from '../jobs/call-worker.ts';
import type { Logger } from './logger.ts';

/**
 * The error as it crosses to a client: `{ code, message, data: { hint, action, text } }`.
 *
 * User errors go as they are, and so do errors that oRPC made itself (input that does not fit the schema, an
 * aborted call). Everything else is a bug: it is logged here, at the boundary, and the error names the log.
 */
export function toWireError(error: unknown, where: string, logger: Logger): ORPCError<string, unknown> {
  if (error instanceof UserError) return fromInfo(error.toInfo(), error);
  if (isWireError(error)) return error.code === 'BAD_REQUEST' ? fromBadRequest(error) : error;
  if (error instanceof CallCancelled) return new ORPCError('CLIENT_CLOSED_REQUEST', { cause: error });
  logger.error(error, `contract ${where}`);
  return fromInfo(userError('internal-error', { where, log: logger.file }).toInfo(), error);
}

/** `instanceof` loses the type parameters of a class; these are the safest. */
function isWireError(error: unknown): error is ORPCError<string, unknown> {
  return error instanceof ORPCError;
}

function fromInfo({ code, message, ...data }: ErrorInfo, cause: unknown): ORPCError<string, unknown> {
  return new ORPCError(code, { defined: true, message, data, cause });
}

/** Input that does not match its schema, described in one line per field. */
function fromBadRequest(error: ORPCError<string, unknown>): ORPCError<string, unknown> {
  const issues = issuesOf(error.data).map(({ path, message }) => `${path.join('.') || 'input'}: ${message}`);
  const info =
    issues.length > 0
      ? userError('request-invalid', { issues: issues.join('; ') }).toInfo()
      : ({ code: 'BAD_INPUT', message: error.message, hint: null } as const);
  return fromInfo(info, error);
}

type Issue = { path: string[]; message: string };

function issuesOf(data: unknown): Issue[] {
  if (typeof data !== 'object' || data === null || !('issues' in data) || !Array.isArray(data.issues))
    return [];
  return data.issues.flatMap((issue: unknown) => {
    if (typeof issue !== 'object' || issue === null || !('message' in issue)) return [];
    const path = 'path' in issue && Array.isArray(issue.path) ? issue.path.map(String) : [];
    return [{ path, message: String(issue.message) }];
  });
}
