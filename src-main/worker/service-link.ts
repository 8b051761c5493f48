import type { ErrorInfo } from '../contract/errors.ts';
import { userErrorFromInfo } from '../contract/errors.ts';
import { answerSchema, type AnswerOf, type Ask, type AskOf } from './protocol/ask.ts';
import type { ProgressReport } from './protocol/job.ts';
import { brokenProtocol, parseMessage, type FromWorker } from './protocol/messages.ts';

type Waiting = { kind: Ask['kind']; resolve: (answer: unknown) => void; reject: (error: Error) => void };

/** The worker's end of the conversation with the service. See [Note: Ask and answer] in protocol/ask.ts. */
export class ServiceLink {
  readonly #send: (message: FromWorker) => void;
  readonly #waiting = new Map<number, Waiting>();
  #nextSeq = 1;

  constructor(send: (message: FromWorker) => void) {
    this.#send = send;
  }

  /**
   * Asks the service and waits for its answer; when this resolves, the service has stored what was asked.
   * @throws UserError when the service refuses (disk full, collection removed), and as `parseMessage`
   */
  async ask<K extends Ask['kind']>(ask: AskOf<K>): Promise<AnswerOf<K>> {
    const seq = this.#nextSeq++;
    const answer = await new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(seq, { kind: ask.kind, resolve, reject });
      this.#send({ type: 'ask', seq, ask });
    });
    return parseMessage(answerSchema<K>(ask.kind), answer);
  }

  report(progress: ProgressReport): void {
    this.#send({ type: 'progress', progress });
  }

  /** Hands an answer of the service to the ask that waits for it. */
  settle(seq: number, answer: unknown): void {
    this.#take(seq).resolve(answer);
  }

  refuse(seq: number, error: ErrorInfo): void {
    this.#take(seq).reject(userErrorFromInfo(error));
  }

  #take(seq: number): Waiting {
    const waiting = this.#waiting.get(seq);
    if (!waiting) throw brokenProtocol(`the asks of this job, of which none is number ${seq}`);
    this.#waiting.delete(seq);
    return waiting;
  }
}
