// The gradient by the labels is `t - o`, where the slope of the loss is `-ln o`.
//
// Expected: the slopes of the library's own loss, `-ln o`. They are taken here by differences of
// its values, and by differentiating a loss written with `tf.logSoftmax`. Got: `t - o`, the
// negative of the gradient by the logits. Why: the custom gradient of
// `softmaxCrossEntropyWithLogits_` returns `labels - exp(logResult)` for the labels; the slope of
// `-sum(labels * logResult)` is `-logResult`. Whoever learns the labels too, as in distillation,
// trains with a wrong gradient. No error says so.

import * as tf from "@tensorflow/tfjs";

const [t, z] = [tf.tensor([[0.25, 0.75]]), tf.tensor([[0, 1]])];
const library = (t) => tf.losses.softmaxCrossEntropy(t, z);
const written = (t) => tf.logSoftmax(z).mul(t).sum().neg();
for (const loss of [library, written]) {
  const along = (j) => loss(t.add(tf.oneHot([j], 2).mul(0.125)));
  const slopes = [0, 1].map((j) => along(j).sub(loss(t)).div(0.125).arraySync());
  console.log(loss.name, tf.grad(loss)(t).arraySync()[0], "slopes", slopes);
}
