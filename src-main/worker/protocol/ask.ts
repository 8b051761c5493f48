import { z } from 'zod';
import type { JobKind } from '../../contract/job.ts';
import { JOB_KINDS } from './job-kinds.ts';

/**
 * The questions that a running job puts to the service, and their answers.
 *
 * [Note: Ask and answer] A worker keeps nothing that must survive it. It *asks* the service (which of these
 * files are new? save these rows) and continues when the answer arrives. So an answered ask is durable, the
 * number of unsaved results is bounded, and a worker killed at any moment loses only what it had not asked.
 */

type AsksByKind = { [K in JobKind]: (typeof JOB_KINDS)[K]['asks'] };
type AskName = { [K in JobKind]: keyof AsksByKind[K] & string }[JobKind];
type Declared<N extends AskName> = {
  [K in JobKind]: N extends keyof AsksByKind[K] ? AsksByKind[K][N] : never;
}[JobKind];
type ShapeOf<N extends AskName> = Declared<N> extends { ask: z.ZodObject<infer S> } ? S : never;
type Schemas = { ask: z.ZodObject; answer: z.ZodType };

/** Questions of a running job. See [Note: Ask and answer]. */
export type Ask = {
  [N in AskName]: z.infer<z.ZodObject<{ kind: z.ZodLiteral<N> } & ShapeOf<N>>>;
}[AskName];
export type AskOf<N extends AskName> = Extract<Ask, { kind: N }>;
/** The asks of one kind of job. */
export type AsksOf<K extends JobKind> = Extract<Ask, { kind: `${K}/${string}` }>;
export type AnswerOf<N extends AskName> = Declared<N> extends { answer: z.ZodType<infer T> } ? T : never;

const declared = Object.values(JOB_KINDS).flatMap(({ asks }) => Object.entries<Schemas>(asks));

// One object for each entry of JOB_KINDS, from which the type is made too.
export const Ask = z.union(
  declared.map(([kind, { ask }]) => ask.extend({ kind: z.literal(kind) })),
) as unknown as z.ZodType<Ask>;

const answers = new Map(declared.map(([kind, { answer }]) => [kind, answer]));

/** The schema of the service's answers to asks of a kind. */
export function answerSchema<N extends Ask['kind']>(kind: N): z.ZodType<AnswerOf<N>> {
  // The schema under `kind` is the one that AnswerOf<N> is inferred from.
  return (answers.get(kind) ?? z.never()) as z.ZodType<AnswerOf<N>>;
}
