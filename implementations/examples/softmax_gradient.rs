//! The softmax/cross-entropy gradient of class indices in Rust, as a program for gradcert:
//! `dE/dz_j` is `o_j`, less one where j is the class.
//!
//!     rustc --edition 2021 -O softmax_gradient.rs
//!     gradcert certify "command:./softmax_gradient" --targets index
//!
//! It uses the standard library only, and computes in the format of the arrays, binary64 or
//! binary32. To certify a kernel of your own, put it in place of `gradient!`.

use std::io::{self, BufRead, Read, Write};

macro_rules! gradient {
    ($name:ident, $real:ident, $width:literal) => {
        /// From rows of logits to rows of the gradient, both as little-endian bytes.
        fn $name(logits: &[u8], classes: &[usize], n: usize) -> Vec<u8> {
            let mut answer = Vec::with_capacity(logits.len());
            for (row, &class) in logits.chunks_exact(n * $width).zip(classes) {
                let numbers = row.chunks_exact($width);
                let z = numbers.map(|bytes| $real::from_le_bytes(bytes.try_into().unwrap()));
                // A NaN is skipped here, and spreads to its whole row through the sum.
                let largest = z.clone().fold($real::NEG_INFINITY, $real::max);
                let powers: Vec<$real> = z.map(|z| (z - largest).exp()).collect();
                let sum: $real = powers.iter().sum();
                let mut gradient: Vec<$real> = powers.iter().map(|power| power / sum).collect();
                gradient[class] -= 1.0;
                answer.extend(gradient.into_iter().flat_map($real::to_le_bytes));
            }
            answer
        }
    };
}

gradient!(gradient_binary64, f64, 8);
gradient!(gradient_binary32, f32, 4);

fn class(index: &[u8]) -> usize {
    i64::from_le_bytes(index.try_into().unwrap()) as usize
}

fn main() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        // Keys, order and spacing are fixed, so the values lie between the same quotation marks.
        let cut: Vec<&str> = line.split('"').collect();
        let (quantity, format, shapes, targets) = (cut[3], cut[7], cut[10], cut[13]);
        let numbers = shapes.split(|c: char| !c.is_ascii_digit());
        let lengths: Vec<usize> = numbers.filter_map(|number| number.parse().ok()).collect();
        let (rows, n) = (lengths[0], lengths[1]);
        let width = match format {
            "binary64" => 8,
            "binary32" => 4,
            _ => 2,
        };
        let (indices, size) = (targets == "index", rows * n * width);
        // All arrays but class indices have the shape of the logits.
        let arrays = shapes.matches('[').count() - 1 - indices as usize;
        let mut logits = vec![0; size];
        let mut others = vec![0; (arrays - 1) * size + indices as usize * rows * 8];
        input.read_exact(&mut logits)?;
        input.read_exact(&mut others)?;
        if (quantity, targets) == ("dE/dz", "index") && width > 2 {
            let classes: Vec<usize> = others.chunks_exact(8).map(class).collect();
            let answer = match width {
                8 => gradient_binary64(&logits, &classes, n),
                _ => gradient_binary32(&logits, &classes, n),
            };
            writeln!(output, r#"{{"shape": [{rows}, {n}]}}"#)?;
            output.write_all(&answer)?;
        } else {
            let asked = format!("{quantity} of targets {targets} in {format}");
            writeln!(output, r#"{{"unsupported": "{asked}"}}"#)?;
        }
        output.flush()?;
        line.clear();
    }
    Ok(())
}
