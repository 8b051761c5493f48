/** Label Studio serves files of its computer at this address; `d` is the path below its document root. */
const LOCAL_FILES = /\/data\/local-files\/?\?(?:.*&)?d=([^&]*)/;
/** The host of a web address, the bucket of a storage. */
const SCHEME = /^[a-z][a-z\d+.-]*:\/\/[^/]*\//i;

/**
 * The path that the address of an image names: of a local file, a web page or a storage, or the path itself.
 * @returns undefined for an image that is in the address itself
 */
export function imagePathIn(address: string): string | undefined {
  if (/^data:/i.test(address)) return undefined;
  const local = LOCAL_FILES.exec(address)?.[1];
  if (local !== undefined) return decoded(local).replaceAll('\\', '/');
  if (!SCHEME.test(address))
    return address.startsWith('/data/') ? decoded(address) : address.replaceAll('\\', '/');
  const isWeb = /^https?:/i.test(address);
  const path = address.replace(SCHEME, '');
  return isWeb ? decoded(path.replace(/[?#].*$/s, '')) : path;
}

/** Percent signs that are part of the name stay as they are. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
