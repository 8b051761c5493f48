// A worker whose messages do not follow the protocol.
process.send({ type: 'ready' });
process.send({ type: 'ask', seq: 1, ask: { kind: 'scan/save', files: 'all of them' } });
process.on('disconnect', () => process.exit(0));
