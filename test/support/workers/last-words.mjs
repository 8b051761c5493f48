// A worker that says what to report if it is ended, and is ended at once.
const error = {
  code: 'OUT_OF_MEMORY',
  message: 'network.onnx cannot be used because it takes more than 4.0 GiB of memory.',
  hint: null,
};
process.on('message', () => {
  process.send({ type: 'last-words', error });
  process.kill(process.pid, 'SIGKILL');
});
process.on('disconnect', () => process.exit(0));
process.send({ type: 'ready' });
