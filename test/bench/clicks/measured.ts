export type MeasureOptions = {
  /** An ONNX file; null for none. */
  encoder: string | null;
  /** Of the photos of each set, one of so many. */
  every: number;
  /** Where pictures are written for other programs. */
  folder: string;
  /** Whether each part of the method is left out once. */
  isAblated: boolean;
};

/** The IoU of an object after each click (or stroke), until it is good enough. */
export type Played = { way: string; set: string; ious: number[] };

export type MeasuredClicks = {
  played: Played[];
  /** Of 12 megapixels, in milliseconds. */
  timed: { openMs: number[]; clickMs: number[]; clickCpuMs: number[]; othersMs: number[] };
  list: { set: string; image: string; truth: string }[];
};
