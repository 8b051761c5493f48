// A worker that stops although nobody has asked it to.
process.on('message', ({ type }) => {
  if (type === 'start') process.send({ type: 'outcome', outcome: { state: 'paused' } });
});
process.send({ type: 'ready' });
process.on('disconnect', () => process.exit(0));
