// A worker that does its job at once: it reports five images one after the other and is done.
process.on('message', ({ type }) => {
  if (type !== 'start') return;
  for (let done = 0; done <= 5; done++) {
    process.send({ type: 'progress', progress: { phase: 'reading-images', done, total: 5, unit: 'images' } });
  }
  process.send({ type: 'outcome', outcome: { state: 'done' } });
});
process.send({ type: 'ready' });
process.on('disconnect', () => process.exit(0));
