// WRONG ON PURPOSE: a softmax/cross-entropy gradient in JavaScript that gradcert refutes.
//
//     gradcert certify "command:node softmax_gradient.mjs"
//     gradcert explain diagonal-only
//
// The flaw is a chain rule that keeps only the diagonal of the softmax Jacobian:
//     dE/do_j * do_j/dz_j = -t_j / o_j * o_j (1 - o_j) = t_j o_j - t_j.
// Every output depends on every logit, so the sum runs over all i, with do_i/dz_j = -o_i o_j off
// the diagonal. It is o_j - t_j if the targets sum to one. With that formula the program conforms.
//
// Everything else is right. There is nothing to build. It needs node 20, no packages, and a
// little-endian machine. It computes in binary64, and rounds once if the arrays are binary32.

import { readSync, writeSync } from "node:fs";

const ARRAYS = { binary64: Float64Array, binary32: Float32Array };

/** The gradient of one row, into `answer`. */
function gradient(z, t, answer) {
  const largest = z.reduce((a, b) => Math.max(a, b)); // NaN, if there is one.
  const powers = Float64Array.from(z, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b);
  for (let j = 0; j < z.length; j++) {
    const o = powers[j] / sum;
    answer[j] = t[j] * o - t[j]; // The flaw. Right is o - t[j].
  }
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

function bytesRead(size) {
  const bytes = new Uint8Array(size);
  if (!all(readSync, 0, bytes)) throw new Error("the request ends early");
  return bytes;
}

/** Read a request's line, byte by byte: binary data follows it. Null at the end of the input. */
function question() {
  const byte = Buffer.alloc(1);
  for (let line = ""; all(readSync, 0, byte); line += byte) {
    if (`${byte}` === "\n") return JSON.parse(line);
  }
  return null;
}

for (let asked = question(); asked !== null; asked = question()) {
  const { quantity, format, shapes, targets } = asked;
  const [rows, n] = shapes[0];
  const Numbers = ARRAYS[format];
  const width = Numbers?.BYTES_PER_ELEMENT ?? 2;
  const bytes = (i) => (i === 1 && targets === "index" ? 8 : width);
  const [z, t] = shapes.map((shape, i) => bytesRead(shape.reduce((a, b) => a * b, bytes(i))));
  if (quantity !== "dE/dz" || targets !== "probability" || !Numbers) {
    const unsupported = `${quantity} of targets ${targets} in ${format}`;
    all(writeSync, 1, Buffer.from(`${JSON.stringify({ unsupported })}\n`));
    continue;
  }
  const answer = new Numbers(rows * n);
  const row = (bytes, i) => new Numbers(bytes.buffer, i * n * width, n);
  for (let i = 0; i < rows; i++) gradient(row(z, i), row(t, i), row(answer, i));
  all(writeSync, 1, Buffer.from(`${JSON.stringify({ shape: [rows, n] })}\n`));
  all(writeSync, 1, new Uint8Array(answer.buffer));
}
