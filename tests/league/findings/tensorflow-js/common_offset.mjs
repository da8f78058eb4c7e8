// The gradient of the loss does not sum to zero where its logits have a large common offset.
//
// Expected: -0.5 and 0.5 wherever the logits are equal, as the gradient of a loss written with the
// library's own `tf.logSoftmax` is. Got: -0.497 and 0.503 for logits of 1e6, -0.632 and 0.368 for
// 1e7. Why: the gradient is `exp(logits - lse)`, where `lse` is rounded to binary32 with the offset
// in it. `tf.logSoftmax` subtracts the largest logit first. The error is that of a textbook
// algorithm, so that the gradient conforms up to logits of 1e4, as `log-sum-exp`.

import * as tf from "@tensorflow/tfjs";

const t = tf.tensor([[1, 0]]);
const library = (z) => tf.losses.softmaxCrossEntropy(t, z);
const written = (z) => tf.logSoftmax(z).mul(t).sum().neg();
for (const offset of [1, 1e4, 1e6, 1e7]) {
  const gradients = [library, written].map((f) => tf.grad(f)(tf.fill([1, 2], offset)));
  console.log(offset, ...gradients.map((gradient) => gradient.arraySync()[0]));
}
