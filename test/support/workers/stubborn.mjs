// A worker that lives, but does not stop when it is asked to.
process.send({ type: 'ready' });
setInterval(() => process.send({ type: 'heartbeat', rssBytes: 0 }), 50);
process.on('disconnect', () => process.exit(0));
