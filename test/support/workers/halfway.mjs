// A worker whose scan finds ten files, saves half of them and waits there until it is stopped. The next one, which the
// service tells that half is known, saves the rest and is done.
const FILES = 10;

const found = Array.from({ length: FILES }, (_, index) => ({
  relPath: `photo-${index}.jpg`,
  pathBytes: null,
  sizeBytes: 1_000 + index,
  mtimeMs: 1,
  changeTimeMs: 1,
  problem: null,
}));

const inspected = (file) => ({
  ...file,
  facts: {
    contentHash: file.sizeBytes.toString(16).padStart(64, '0'),
    format: 'jpeg',
    widthPx: 96,
    heightPx: 64,
    orientation: 1,
    colourSpace: 'srgb',
    bitDepth: 8,
    hasAlpha: false,
    frameCount: 1,
    brightness: 0.5,
  },
  note: null,
});

const answers = [];

function ask(question) {
  const answer = new Promise((resolve) => answers.push(resolve));
  process.send({ type: 'ask', seq: answers.length, ask: question });
  return answer;
}

async function scan() {
  const { inspect } = await ask({ kind: 'scan/diff', files: found });
  const unknown = inspect.map((index) => found[index]);
  const toSave = unknown.slice(0, inspect.length === FILES ? FILES / 2 : FILES);
  await ask({ kind: 'scan/save', files: toSave.map(inspected) });
  const progress = { phase: 'reading-images', done: toSave.length, total: unknown.length, unit: 'images' };
  process.send({ type: 'progress', progress });
  if (toSave.length < unknown.length) return;
  await ask({ kind: 'scan/finish' });
  process.send({ type: 'outcome', outcome: { state: 'done' } });
}

process.on('message', (message) => {
  if (message.type === 'start') void scan();
  if (message.type === 'answer') answers[message.seq - 1](message.answer);
  if (message.type === 'pause') process.send({ type: 'outcome', outcome: { state: 'paused' } });
  if (message.type === 'cancel') process.send({ type: 'outcome', outcome: { state: 'cancelled' } });
});
process.on('disconnect', () => process.exit(0));
process.send({ type: 'ready' });
