// The loss is NaN where a class without a target is masked with -inf.
//
// Expected: a loss of 0, since `0 log 0` counts as 0. Got: NaN, with the right gradient. Why: the
// zero target is multiplied by a logarithm of -inf. The documentation promises nothing about
// infinite logits; a large negative number does not do this.

import * as tf from "@tensorflow/tfjs";

const t = tf.tensor([[1, 0]]);
for (const masked of [-Infinity, -1e9]) {
  const loss = (z) => tf.losses.softmaxCrossEntropy(t, z);
  const { value, grad } = tf.valueAndGrad(loss)(tf.tensor([[0, masked]]));
  console.log(masked, value.arraySync(), grad.arraySync());
}
