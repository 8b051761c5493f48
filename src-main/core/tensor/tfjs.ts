/**
 * TensorFlow.js as the core uses it: gradients and the JavaScript reference backend registered.
 *
 * Every file of the core imports `tf` from here. tfjs-core's Node bundle registers no gradients,
 * and its chained operators (`x.add(y)`) stay unregistered: the core calls functions only.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-cpu';

// Keeps advice about other backends and repeated registrations off stderr. Checks are not affected.
tf.enableProdMode();

export { tf };
