// A worker that is asked to pause and then to cancel, and has paused before it reads the second.
process.on('message', ({ type }) => {
  if (type === 'cancel') process.send({ type: 'outcome', outcome: { state: 'paused' } });
});
process.send({ type: 'ready' });
process.on('disconnect', () => process.exit(0));
