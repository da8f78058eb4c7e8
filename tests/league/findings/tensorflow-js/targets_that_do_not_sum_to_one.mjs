// The gradient is not that of the loss where targets do not sum to one.
//
// Expected: the slopes of the library's own loss, `2 o - t`, taken here by differences of its
// values and by differentiating a loss written with `tf.logSoftmax`. Got: `o - t`. Why: the custom
// gradient leaves out the sum of the labels. The documentation requires rows that are probabilities
// and says that the gradient is incorrect otherwise, so this is no bug; Python's TensorFlow does
// the same.

import * as tf from "@tensorflow/tfjs";

const [t, z] = [tf.tensor([[0.5, 1, 0.5]]), tf.tensor([[1, 2, 3]])];
const library = (z) => tf.losses.softmaxCrossEntropy(t, z);
const written = (z) => tf.logSoftmax(z).mul(t).sum().neg();
for (const loss of [library, written]) {
  const along = (j, step) => loss(z.add(tf.oneHot([j], 3).mul(step)));
  const slopes = [0, 1, 2].map((j) => along(j, 0.03).sub(along(j, -0.03)).div(0.06).arraySync());
  console.log(loss.name, tf.grad(loss)(z).arraySync()[0], "slopes", slopes);
}
