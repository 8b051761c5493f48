import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type ShippedPackage, shippedPackages } from './third-party-notices.ts';

const Own = z.object({ name: z.string(), version: z.string(), license: z.string() });

/**
 * The bill of materials of everything that ships, as CycloneDX 1.5 (JSON): what the app runs with on any platform, what is
 * part of its built files, and Electron, which only the desktop packages contain. `npm sbom` knows neither of the last two, and
 * of native packages only those of the machine that it runs on. The same for the same package-lock.json.
 * @param root folder of package.json and package-lock.json
 * @param bundled names of packages whose code is in what is built
 */
export function billOfMaterials(root: string, bundled: ReadonlySet<string>): string {
  const own = Own.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const packages = shippedPackages(root, new Set([...bundled, 'electron']));
  const components = new Map(packages.map((one) => [purlOf(one), componentOf(one)]));
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': purlOf(own),
        name: own.name,
        version: own.version,
        purl: purlOf(own),
        licenses: [{ expression: own.license }],
      },
    },
    components: [...components.keys()].sort().map((purl) => components.get(purl)),
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function componentOf(one: ShippedPackage) {
  return {
    type: 'library',
    'bom-ref': purlOf(one),
    name: one.name,
    version: one.version,
    purl: purlOf(one),
    scope: one.name === 'electron' ? 'optional' : 'required',
    ...(one.license === undefined ? {} : { licenses: [{ expression: one.license }] }),
    ...(one.integrity === undefined ? {} : { hashes: [hashOf(one.integrity)] }),
  };
}

/** Such as `pkg:npm/%40img/colour@1.1.0`. */
function purlOf({ name, version }: { name: string; version: string }): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** @param integrity as npm writes it: `sha512-`, and the digest as base64 */
function hashOf(integrity: string) {
  return {
    alg: 'SHA-512',
    content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex'),
  };
}
