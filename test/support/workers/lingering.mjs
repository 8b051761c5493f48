// A worker that says how far a call is, and answers only once nobody waits for it any longer.
process.on('message', ({ type, seq }) => {
  if (type === 'call') process.send({ type: 'call-progress', seq, progress: { done: seq, total: 3 } });
  if (type === 'cancel-call') process.send({ type: 'result', seq, result: true });
});
process.on('disconnect', () => process.exit(0));
process.send({ type: 'ready' });
