import { z } from 'zod';

/** Terms that have to be accepted before weights under them are imported. */
export const TermsName = z.enum(['dinov3']);
export type TermsName = z.infer<typeof TermsName>;

type Terms = {
  title: string;
  /** Where the terms themselves can be read. */
  address: string;
  /** What to expect of them, in English; only the terms themselves count. */
  summary: string;
};

export const TERMS: Readonly<Record<TermsName, Terms>> = {
  dinov3: {
    title: 'DINOv3 License',
    address: 'https://ai.meta.com/resources/models-and-libraries/dinov3-license',
    summary:
      "A license of Meta's, which is not one of the usual open-source licenses. It permits commercial use, but has " +
      'conditions: some uses are prohibited, trade controls apply, anyone who passes the weights on must include the ' +
      'license, and publications must acknowledge DINOv3.',
  },
};
