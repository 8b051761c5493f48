// A worker that saves a file half a second after it was asked to stop, as a scan does with what it has in hand.
const file = {
  relPath: 'late.jpg',
  pathBytes: null,
  sizeBytes: 1,
  mtimeMs: 1,
  changeTimeMs: 1,
  facts: null,
  problem: { code: 'corrupt', detail: 'It is cut off.' },
  note: null,
};
process.send({ type: 'ready' });
process.on('message', (message) => {
  if (message.type === 'cancel') {
    setTimeout(() => process.send({ type: 'ask', seq: 1, ask: { kind: 'scan/save', files: [file] } }), 500);
  }
  if (message.type === 'answer') process.send({ type: 'outcome', outcome: { state: 'cancelled' } });
  if (message.type === 'refusal') {
    process.send({ type: 'outcome', outcome: { state: 'failed', error: message.error, stack: null } });
  }
});
process.on('disconnect', () => process.exit(0));
