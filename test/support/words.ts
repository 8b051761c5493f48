import ts from 'typescript';

/** A phrase that a native writer would not use, and what stands in its place. */
export type Rule = {
  worn: RegExp;
  better: string;
  /** A sentence as it once stood here: the rule must find it. */
  example: string;
};

/** For every text that people read in English: the page, the documentation, messages and help. */
export const ENGLISH: readonly Rule[] = [
  {
    worn: /\b(no|not|nothing|nobody|never|cannot|\w+n['’]t)\b[^.;:]*\bany ?more\b/i,
    better: 'no longer',
    example: 'A loss that is no number any more stops the run',
  },
  { worn: /\bwhat there is\b/i, better: 'name it', example: 'Learning what there is' },
  {
    worn: /\b(go|goes|going|went) on\b/i,
    better: 'continue, resume',
    example: 'You can pause at any time and go on later.',
  },
  {
    worn: /\b(lies?|lay) (in|inside|below|beside|at|there|where)\b/i,
    better: 'is in, is stored in',
    example: 'Images and masks lie inside the Parquet files.',
  },
  {
    worn: /\bby (itself|themselves)\b/i,
    better: 'automatically',
    example: 'A scan starts by itself.',
  },
  {
    worn: /\b(tell|tells|told|telling)\b/i,
    better: 'report, show, notify, distinguish',
    example: 'The problems tell why.',
  },
  {
    worn: /\bkinds? of (an? )?things?\b/i,
    better: 'concept, type',
    example: 'Kinds of things are found at the start of a segmentation.',
  },
  {
    worn: /\b(take|takes|taken|took|taking)\b[^.,;:]{0,40}\bback\b/i,
    better: 'undo, revert',
    example: 'Take the review of the chosen images back',
  },
  {
    worn: /\b(image|object|region|PNG|byte|file|thread|step)s? an? (second|minute|hour|step|image|object|epoch|split)\b/i,
    better: 'per',
    example: 'Images a step',
  },
  {
    worn: /\bmade-up\b/i,
    better: 'synthetic',
    example: 'the whole app on made-up scenes and real pictures',
  },
  {
    worn: /\bthat (is|are) there\b/i,
    better: 'existing',
    example: 'Replace a file that is there',
  },
  {
    worn: /\b(made|read|written) (anew|again when)\b/i,
    better: 'recreate, reread',
    example: 'Thumbnails are made again when they are needed.',
  },
  {
    worn: /\basks nobody\b/i,
    better: 'contacts no server',
    example: 'It asks nobody unless `updateUrl` is set.',
  },
];

/** For comments, in addition to `ENGLISH`. */
export const ENGLISH_COMMENTS: readonly Rule[] = [
  { worn: /\bso many\b/i, better: 'this many, a maximum of', example: 'At least so many pixels.' },
  {
    worn: /\bof (its|their) own\b/i,
    better: 'separate, its own',
    example: 'Each migration runs in a transaction of its own.',
  },
  {
    worn: /\bforget(s|ting)?\b|\bforgotten\b/i,
    better: 'delete, remove, drop',
    example: 'Forgets a run with its curves and previews.',
  },
  {
    worn: /\bthat there (is|are)( not)?(?! (an?|no)\b)/i,
    better: 'existing, that does not exist',
    example: 'The recipe speaks of a concept that there is not.',
  },
  { worn: /\b(becomes?|became) of\b/i, better: 'happen to', example: 'What becomes of the images.' },
  { worn: /\bspeaks? of\b/i, better: 'name, be about', example: 'The image that a mask file speaks of.' },
  { worn: /\bfor good\b/i, better: 'permanently', example: 'Something goes for good.' },
  {
    worn: /\bbeside\b/i,
    better: 'next to; in addition to',
    example: 'Writes a file for other tools, and its card beside it.',
  },
  {
    worn: /\bthe person\b/i,
    better: 'the user',
    example: 'A folder of images that the person has added.',
  },
  {
    worn: /\b(chosen|chooses?) (ones?|objects?|images?|model|concepts?|frame|format)\b/i,
    better: 'selected',
    example: 'The chosen frame; undefined follows the newest.',
  },
];

/** Only for the page, whose labels use one word for one action: *select*, never *choose*. */
export const ENGLISH_LABELS: readonly Rule[] = [
  { worn: /\b(choose|chooses|chose|chosen|choosing)\b/i, better: 'select', example: '3 images chosen' },
  {
    worn: /\b(cut|cuts|cutting)\b/i,
    better: 'split, segment',
    example: 'Cut along a line',
  },
  {
    worn: /\bknown\b/i,
    better: 'say who has it',
    example: 'For collections where the true masks are known.',
  },
  {
    worn: /\b(forget|forgets|forgotten)\b/i,
    better: 'delete',
    example: 'All that was made from it is forgotten.',
  },
  { worn: /\bthings?\b/i, better: 'object, concept', example: 'Fewer, larger things' },
  {
    worn: /(?<!harmonic )\bmean of\b/i,
    better: 'average',
    example: 'Mean of the overlaps of foreground and background',
  },
  {
    worn: /\bhold(s|ing)?\b (the|exactly|several|no)\b/i,
    better: 'contain',
    example: 'The file holds several encoders',
  },
];

export const GERMAN: readonly Rule[] = [
  { worn: /\bvon selbst\b/i, better: 'automatisch', example: 'Die Suche beginnt von selbst.' },
  { worn: /\bwas es gibt\b/i, better: 'beim Namen nennen', example: 'Lernen, was es gibt' },
  { worn: /\bArt(en)? von\b/, better: 'Konzept, Typ', example: 'Arten von Dingen' },
  { worn: /\bje (Bild|Schritt|Sekunde|Objekt|Datei)\b/, better: 'pro', example: 'Bilder je Schritt' },
  {
    worn: /\b(zurück(zu)?nehmen|zurückgenommen|nehmen\b.*\bzurück\b)/i,
    better: 'rückgängig machen',
    example: 'Prüfung zurücknehmen',
  },
  {
    worn: /\b(wählen(?! Sie)|gewählten?)\b/i,
    better: 'auswählen',
    example: 'Klicken Sie Objekte an, um sie zu wählen',
  },
  {
    worn: /\b(schneiden|geschnitten)\b/i,
    better: 'segmentieren, teilen',
    example: 'Entlang einer Linie schneiden',
  },
  { worn: /\b(vergessen|verrät)\b/i, better: 'löschen, zeigen', example: 'Alles Entstandene wird vergessen' },
  {
    worn: /\b(lie(gt|gen)|lag(en)?)\b/i,
    better: 'befindet sich, ist enthalten',
    example: 'Bilder und Masken liegen in den Parquet-Dateien.',
  },
  { worn: /\bsichern\b/i, better: 'speichern', example: 'Als PNG sichern' },
  { worn: /\b(du|dir|dich|dein\w*)\b/i, better: 'Sie, Ihr', example: 'Wähle deine Bilder aus' },
  { worn: /\p{L}…/u, better: 'ein Leerzeichen vor …', example: 'Ordner wählen…' },
];

/** What is written in a worn way, each with the better word: `"Images a step": per`. */
export function wornIn(text: string, rules: readonly Rule[]): string[] {
  return rules.filter(({ worn }) => worn.test(text)).map(({ better }) => `"${text}": ${better}`);
}

/** Comments of a TypeScript or Svelte source, each as one line. */
export function commentsOf(source: string): string[] {
  const comments =
    source.match(
      /\/\*\*? [^]*?\*\/|\/\*\*\n[^]*?\*\/|(?:(?:^|[ \t])[ \t]*\/\/ .*(?:\n|$))+|<!--[^]*?-->/gm,
    ) ?? [];
  return comments.map((comment) => comment.replace(/\s*\n\s*(\*(?!\/)|\/\/)?\s*|\s+/g, ' ').trim());
}

/** Strings of a TypeScript source that hold more than one word; what is filled into a template stands as `…`. */
export function phrasesOf(source: string): string[] {
  const phrases: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) phrases.push(node.text);
    if (ts.isTemplateExpression(node)) {
      const rest = node.templateSpans.map(({ literal }) => `…${literal.text}`);
      phrases.push(node.head.text + rest.join(''));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest));
  return phrases.filter((phrase) => /\w \w/.test(phrase));
}
