/** A worker that never comes to an end, but shows that it lives, and stops when it is asked to. */
process.send({ type: 'ready' });
setInterval(() => process.send({ type: 'heartbeat', rssBytes: 1 }), 20);
process.on('message', ({ type }) => {
  if (type === 'cancel') process.send({ type: 'outcome', outcome: { state: 'cancelled' } });
});
