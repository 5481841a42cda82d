#!/bin/bash
# half 2.7.1 (crates.io), FP16 and BF16 for Rust: from_f64 does not round a double to the nearest number.
#
# If a double is slightly above the midpoint between two FP16 (or BF16) numbers, the upper one is the nearest. The crate's
# conversion keeps only the upper 32 bits of the double, so the remaining bits are lost before the tie is resolved:
# 1 + 2^-11 + 2^-40 becomes 1 (ties to even) instead of 1 + 2^-10, and 1 + 2^-8 + 2^-40 becomes 1 as BF16 instead of
# 1 + 2^-7. From f32 the crate correctly rounds to nearest, ties to even.
#
# Effect on a Triton client: elements of FP16 and BF16 tensors that other servers write as JSON numbers are decimals. They are
# parsed as doubles, and must be rounded once.
#
# Needs cargo, and the crate from crates.io. Exit status 0: reproduced as described.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/src"
cat > "$dir/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"
[dependencies]
half = { version = "=2.7.1", default-features = false }
TOML
cat > "$dir/src/main.rs" <<'RUST'
use half::{bf16, f16};

fn main() {
    let beyond = 2f64.powi(-40);
    let (fp16, brain) = (1.0 + 2f64.powi(-11) + beyond, 1.0 + 2f64.powi(-8) + beyond);
    let seen = [f16::from_f64(fp16).to_f64(), bf16::from_f64(brain).to_f64()];
    let nearest = [1.0 + 2f64.powi(-10), 1.0 + 2f64.powi(-7)];
    println!("FP16 {:?}, nearest {:?}; BF16 {:?}, nearest {:?}", seen[0], nearest[0], seen[1], nearest[1]);
    assert_eq!(seen, [1.0, 1.0]);
    // A float above the tie is rounded up.
    assert_eq!(f16::from_f32(1.0 + 2f32.powi(-11) + 2f32.powi(-20)).to_f64(), nearest[0]);
    assert_eq!(bf16::from_f32(1.0 + 2f32.powi(-8) + 2f32.powi(-20)).to_f64(), nearest[1]);
}
RUST
cd "$dir"
cargo run -q 2> log || { cat log; echo "CHANGED: half does not behave as described"; exit 1; }
echo "half $(sed -n '/^name = "half"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock), $(rustc --version), $(uname -m): as described"
