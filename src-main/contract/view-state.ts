import { z } from 'zod';

/**
 * What the page remembers of how it was left: the screen, the selected collection, sizes of tiles. The service
 * only keeps it, because a page's own storage is lost when `r2o serve` picks another port.
 */
export const ViewState = z.record(z.string().regex(/^[a-z][\w.-]{0,59}$/), z.string().max(4_000));
export type ViewState = z.infer<typeof ViewState>;
