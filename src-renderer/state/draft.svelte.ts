/**
 * The text of a field. It follows a value until somebody types; what was typed then holds until the value itself changes. A
 * value that is only announced again, as everything is when the service answers, leaves it alone.
 */
export class Draft {
  readonly #followed: string | undefined;
  text: string;

  /** @param follow the value as text; undefined while the field is not shown, so that each opening starts from the value */
  constructor(follow: () => string | undefined) {
    // Equal strings end here, so that the text below changes for other ones only.
    this.#followed = $derived.by(follow);
    this.text = $derived(this.#followed ?? '');
  }

  /** Discards what was typed. @param refused only this text: what was typed after it stays */
  reset(refused = this.text): void {
    if (this.text === refused) this.text = this.#followed ?? '';
  }
}
