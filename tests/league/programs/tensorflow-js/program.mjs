// TensorFlow.js answers over a pipe: its own softmax, log-softmax and cross-entropy, and what its
// own differentiation makes of them. Nothing is computed here but by TensorFlow.js.
//
//     gradcert certify "command:node program.mjs" --format binary32
//
// Its tensors of numbers are binary32 only. Labels are rows. Of the options of a loss it has label
// smoothing, and the sum and the mean over the rows.
// https://js.tensorflow.org/api/latest/#losses.softmaxCrossEntropy

import { readSync, writeSync } from "node:fs";

import * as tf from "@tensorflow/tfjs";

const REDUCTIONS = { none: tf.Reduction.NONE, sum: tf.Reduction.SUM, mean: tf.Reduction.MEAN };
const OPTIONS = ["label_smoothing", "reduction"];

/** The cross-entropy under the options of a loss, as a function of labels and logits. */
function crossEntropy({ label_smoothing = 0, reduction = "none" }) {
  return (t, z) =>
    tf.losses.softmaxCrossEntropy(t, z, undefined, label_smoothing, REDUCTIONS[reduction]);
}

/** Each quantity: a function of the loss and of the arrays of a request. */
const QUANTITIES = {
  softmax: (loss, z) => tf.softmax(z),
  "log-softmax": (loss, z) => tf.logSoftmax(z),
  "softmax-backward": (loss, z, v) => tf.grad((z) => tf.softmax(z))(z, v),
  "log-softmax-backward": (loss, z, v) => tf.grad((z) => tf.logSoftmax(z))(z, v),
  loss: (loss, z, t) => loss(t, z),
  "dE/dz": (loss, z, t) => tf.grads(loss)([t, z])[1],
  "dE/dt": (loss, z, t) => tf.grads(loss)([t, z])[0],
};

/** What TensorFlow.js does not have of what is asked; undefined if it has all. */
function missing({ quantity, format, targets, loss = {} }) {
  if (!Object.hasOwn(QUANTITIES, quantity)) return `the quantity ${quantity}`;
  if (format !== "binary32") return `the format ${format}`;
  if (targets === "index") return "labels that are indices";
  return Object.keys(loss).find((option) => !OPTIONS.includes(option));
}

/** Read or write all the bytes, in several pieces if need be; false at the end of the input. */
function all(step, fd, bytes) {
  for (let done = 0; done < bytes.length; ) {
    try {
      const count = step(fd, bytes.subarray(done));
      if (count === 0) return false;
      done += count;
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // Again in a millisecond.
    }
  }
  return true;
}

/** Read a request's line, byte by byte: binary data follows it. Null at the end of the input. */
function question() {
  const byte = Buffer.alloc(1);
  for (let line = ""; all(readSync, 0, byte); line += byte) {
    if (`${byte}` === "\n") return JSON.parse(line);
  }
  return null;
}

/** Read the bytes of all arrays of a request, each into memory of its own. */
function arraysOf({ shapes, format, targets }) {
  const width = { binary64: 8, binary32: 4 }[format] ?? 2;
  return shapes.map((shape, i) => {
    const item = i === 1 && targets === "index" ? 8 : width;
    const bytes = new Uint8Array(shape.reduce((a, b) => a * b, item));
    if (!all(readSync, 0, bytes)) throw new Error("the request ends early");
    return bytes;
  });
}

function answer(line, values = new Float32Array(0)) {
  all(writeSync, 1, Buffer.from(`${JSON.stringify(line)}\n`));
  all(writeSync, 1, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

await tf.setBackend("cpu");
for (let asked = question(); asked !== null; asked = question()) {
  const arrays = arraysOf(asked);
  const unsupported = missing(asked);
  if (unsupported) {
    answer({ unsupported: `TensorFlow.js has not ${unsupported}` });
    continue;
  }
  tf.tidy(() => {
    const tensors = asked.shapes.map((shape, i) =>
      tf.tensor(new Float32Array(arrays[i].buffer), shape),
    );
    const made = QUANTITIES[asked.quantity](crossEntropy(asked.loss ?? {}), ...tensors);
    answer({ shape: made.shape }, made.dataSync());
  });
}
