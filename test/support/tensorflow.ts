/** Where test/tools/tensorflow.sh has `r2o devices install tensorflow` put it; elsewhere the tests that need it are skipped. */
export const TENSORFLOW_FOLDER = process.env.R2O_TEST_TENSORFLOW ?? '';

export const hasTensorFlow = TENSORFLOW_FOLDER !== '';

/** Appended to the names of tests that are skipped without it. */
export const tensorFlowReason = hasTensorFlow
  ? ''
  : ' (skipped: npm run test:tensorflow installs TensorFlow)';
