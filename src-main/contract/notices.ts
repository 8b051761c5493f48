/** The licences of everything that ships with the app, written by the build next to the page. */
export const NOTICES_FILE = 'third-party-notices.txt';

/** The bill of materials of everything that ships (CycloneDX), next to it. */
export const BILL_FILE = 'sbom.cdx.json';
