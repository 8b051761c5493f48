import { language, t } from './language.svelte.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** `12,345` */
export function formatNumber(value: number, fractionDigits = 0): string {
  return new Intl.NumberFormat(language(), { maximumFractionDigits: fractionDigits }).format(value);
}

/** A measured value to four digits, `0.7062`, `9.01`, `12,345`; where it is very small, `1.234E-5`. */
export function formatMeasured(value: number): string {
  const size = Math.abs(value);
  if (size >= 1_000 || value === 0) return formatNumber(value);
  return new Intl.NumberFormat(language(), {
    maximumSignificantDigits: 4,
    notation: size < 0.001 ? 'scientific' : 'standard',
  }).format(value);
}

/** `42 %` of 0..1 */
export function formatPercent(fraction: number): string {
  return new Intl.NumberFormat(language(), { style: 'percent', maximumFractionDigits: 0 }).format(fraction);
}

/** `1.4 GB`, in steps of 1024 as file managers count caches. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), BYTE_UNITS.length - 1);
  const value = bytes / 1024 ** power;
  return `${formatNumber(value, value < 10 && power > 0 ? 1 : 0)} ${BYTE_UNITS[power] ?? ''}`;
}

/** How long something takes, to one or two units: `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min${seconds % 60 === 0 ? '' : ` ${seconds % 60} s`}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `3 minutes ago` for what is recent, a date for the rest. */
export function formatAgo(atMs: number, nowMs: number): string {
  const ago = nowMs - atMs;
  const relative = new Intl.RelativeTimeFormat(language(), { numeric: 'auto' });
  if (ago < MINUTE_MS) return t('common.justNow');
  if (ago < HOUR_MS) return relative.format(-Math.floor(ago / MINUTE_MS), 'minute');
  if (ago < DAY_MS) return relative.format(-Math.floor(ago / HOUR_MS), 'hour');
  return formatDate(atMs);
}

/** Day and time in the page's language. */
export function formatDate(atMs: number): string {
  return new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'short' }).format(atMs);
}

/** The time of a day, to the second. */
export function formatTime(atMs: number): string {
  return new Intl.DateTimeFormat(language(), { timeStyle: 'medium' }).format(atMs);
}
