import { escapeXml } from '../../export/text-file.ts';
import type { CallOf } from '../protocol/call.ts';

type SheetTile = CallOf<'draw-sheet'>['tiles'][number];
export type DrawnTile = SheetTile & { picture: Uint8Array };

/** Nothing is loaded from anywhere: the pictures are in the page, and nothing in it can run. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";
const STYLE = `
:root { color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif; }
body { margin: 1.5rem; }
h1 { font-size: 1.25rem; margin: 0; }
ol { list-style: none; padding: 0; display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
figure { margin: 0; }
img { display: block; width: 100%; height: 15rem; object-fit: contain; background: #8882; border-radius: .25rem; }
figcaption { overflow-wrap: anywhere; margin-top: .25rem; }
ul { list-style: none; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: 0 .75rem; font-size: .85rem; }
.swatch { display: inline-block; width: .7em; height: .7em; margin-right: .3em; border: 1px solid #8888; }
`;

/**
 * Drawn images with their names, objects, concepts and scores as one page that needs nothing else. Every text in it
 * comes from outside and is escaped.
 * @param tiles in the order in which they are shown; `picture` is WebP
 */
export function sheetPage(title: string, tiles: readonly DrawnTile[]): string {
  const objects = tiles.reduce((sum, { masks }) => sum + masks.length, 0);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width">
<title>${escapeXml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeXml(title)}</h1>
<p>${tiles.length} images with ${objects} objects, best score first.</p>
<ul>${conceptItems(tiles)}</ul>
<ol>
${tiles.map(tileItem).join('\n')}
</ol>
</body>
</html>
`;
}

/** Every concept that is shown, with its number of objects, the most frequent one first. */
function conceptItems(tiles: readonly DrawnTile[]): string {
  const concepts = new Map<string, { colour: string; count: number }>();
  for (const { concept, colour } of tiles.flatMap(({ masks }) => masks)) {
    concepts.set(concept, { colour, count: (concepts.get(concept)?.count ?? 0) + 1 });
  }
  return [...concepts]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([concept, { colour, count }]) => `<li>${swatch(colour)}${escapeXml(concept)}: ${count}</li>`)
    .join('');
}

function tileItem({ name, score, masks, picture }: DrawnTile): string {
  const source = `data:image/webp;base64,${Buffer.from(picture).toString('base64')}`;
  const objects = masks.map(
    ({ colour, concept, score: own }) => `<li>${swatch(colour)}${escapeXml(concept)} ${own.toFixed(2)}</li>`,
  );
  return (
    `<li><figure><img src="${source}" alt="${escapeXml(name)}">` +
    `<figcaption>${escapeXml(name)} <strong>${score.toFixed(2)}</strong><ul>${objects.join('')}</ul>` +
    '</figcaption></figure></li>'
  );
}

function swatch(colour: string): string {
  return `<span class="swatch" style="background:${escapeXml(colour)}"></span>`;
}
