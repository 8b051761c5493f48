// A worker that says it is ready, takes its job, and is never heard of again.
process.send({ type: 'ready' });
process.on('disconnect', () => process.exit(0));
