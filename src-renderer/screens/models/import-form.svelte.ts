import type { ImportChoices, InspectedModel } from '../../../src-main/contract/model.ts';
import type { ShownError } from '../../client/error.ts';
import { attempt } from '../../state/attempt.ts';
import type { Models } from '../../state/models.svelte.ts';

/** What is typed; an empty field leaves the choice to the app. */
type Fields = { name: string; prefix: string; licence: string; outputs: string; mean: string; std: string };

const EMPTY: Fields = { name: '', prefix: '', licence: '', outputs: '', mean: '', std: '' };

/** The import of a file of weights: it is recognized first, and the user is asked only what the app cannot know. */
export class ModelImportForm {
  readonly #models: Models;
  #path = $state('');
  #found = $state.raw<InspectedModel>();
  #error = $state.raw<ShownError>();
  #isBusy = $state(false);
  fields = $state<Fields>({ ...EMPTY });
  leadingTokens = $state('');
  heads = $state('');
  acceptsTerms = $state(false);

  /** Whether the file may be an ONNX file or a Vision Transformer that needs choices to be read. */
  readonly needsChoices = $derived.by(
    () => this.#error?.code === 'WEIGHTS_UNSUPPORTED' || this.#found?.encoder.kind === 'onnx',
  );
  readonly canSubmit = $derived.by(
    () => this.#path !== '' && (!this.#found?.terms || this.acceptsTerms) && this.areNumbersValid,
  );
  readonly areNumbersValid = $derived.by(
    () =>
      [this.fields.mean, this.fields.std].every((text) => text.trim() === '' || threeNumbers(text)) &&
      [this.leadingTokens, this.heads].every((text) => /^\s*\d*\s*$/.test(text)),
  );

  constructor(models: Models) {
    this.#models = models;
  }

  get path(): string {
    return this.#path;
  }

  /** What was recognized; undefined until `inspect` has ended well. */
  get found(): InspectedModel | undefined {
    return this.#found;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Takes another file: what was recognized and chosen for the last one does not apply to it. */
  take(path: string): void {
    if (path === this.#path) return;
    this.clear();
    this.#path = path;
  }

  clear(): void {
    this.#path = '';
    this.#found = undefined;
    this.#error = undefined;
    this.fields = { ...EMPTY };
    [this.leadingTokens, this.heads] = ['', ''];
    this.acceptsTerms = false;
  }

  isUsed(output: string): boolean {
    return this.outputs.includes(output);
  }

  /** Uses an output of an ONNX file, or leaves it out; at least one stays. */
  toggle(output: string): void {
    const { outputs } = this;
    const rest = outputs.filter((name) => name !== output);
    const changed = rest.length === outputs.length ? [...outputs, output] : rest;
    if (changed.length > 0) this.fields.outputs = changed.join(', ');
  }

  /** Outputs of an ONNX file that are used: those typed or chosen, else those that were recognized. */
  get outputs(): string[] {
    const typed = namesIn(this.fields.outputs);
    const { encoder } = this.#found ?? {};
    return typed.length > 0 || encoder?.kind !== 'onnx' ? typed : encoder.features.map(({ name }) => name);
  }

  /** Recognizes the file, without keeping anything. */
  async inspect(): Promise<void> {
    const path = this.#path;
    this.#found = undefined;
    await this.#during(async () => {
      const found = await this.#models.inspect({ path, ...this.#choices() });
      // Another file may have been named in the meantime.
      if (this.#path === path) this.#found = found;
    });
  }

  /**
   * Imports the file, or recognizes it and returns if there is something to ask.
   * @returns the number of the model; undefined if the user has to answer first, or if the import failed
   */
  async submit(): Promise<number | undefined> {
    if (!this.#found) {
      await this.inspect();
      // Read again: `inspect` has set it.
      const found = this.#found as InspectedModel | undefined;
      if (!found || found.encoder.kind === 'onnx' || found.terms !== null) return undefined;
    }
    const { name, licence } = this.fields;
    const imported: number[] = [];
    await this.#during(async () => {
      const model = await this.#models.import({
        path: this.#path,
        ...this.#choices(),
        acceptTerms: this.acceptsTerms,
        ...(name.trim() === '' ? {} : { name: name.trim() }),
        ...(licence.trim() === '' ? {} : { licence: licence.trim() }),
      });
      imported.push(model.id);
    });
    return imported[0];
  }

  async #during(work: () => Promise<void>): Promise<void> {
    const path = this.#path;
    this.#isBusy = true;
    const error = await attempt(work);
    this.#isBusy = false;
    if (this.#path === path) this.#error = error;
  }

  #choices(): ImportChoices {
    const { prefix } = this.fields;
    const { outputs } = this;
    const [mean, std] = [threeNumbers(this.fields.mean), threeNumbers(this.fields.std)];
    return {
      ...(prefix.trim() === '' ? {} : { prefix: prefix.trim() }),
      ...(outputs.length === 0 ? {} : { outputs }),
      ...(mean ? { mean } : {}),
      ...(std ? { std } : {}),
      ...(this.leadingTokens.trim() === '' ? {} : { leadingTokens: Number(this.leadingTokens) }),
      ...(this.heads.trim() === '' ? {} : { heads: Number(this.heads) }),
    };
  }
}

const namesIn = (text: string) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** One number for all colours, or three; undefined for any other text. */
function threeNumbers(text: string): [number, number, number] | undefined {
  const [red = NaN, green = red, blue = green, ...others] = namesIn(text).map(Number);
  const all = [red, green, blue];
  const count = namesIn(text).length;
  if (others.length > 0 || count === 2 || !all.every(Number.isFinite)) return undefined;
  return [red, green, blue];
}
