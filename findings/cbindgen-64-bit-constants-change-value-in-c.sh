#!/bin/bash
# cbindgen 0.29.4: integer constants of 64 bits have other values in C than in Rust, or are missing.
#
# cbindgen copies the expression of a Rust constant and drops its type. A literal or an operator then has the
# type that C gives it, which is int where Rust infers u64 or i64:
#   pub const A: u64 = 1 << 40          #define A (1 << 40)                a shift beyond int: 0 or 256, gcc warns
#   pub const B: u64 = !0               #define B ~0                       int -1, which is not greater than 0
#   pub const C: i64 = -(2^63)          #define C -9223372036854775808ull  unsigned, and so positive
#   pub const D: usize = usize::MAX     nothing at all, with a warning that is not shown by default
# u64::MAX and i64::MIN are known by name and become UINT64_MAX and INT64_MIN.
#
# Effect on a library with a generated header: a timeout or a flag of 64 bits that is written as an expression is
# silently another number in C. Constants are written as TYPE::MAX, or as literals that fit an int, and a test
# compares each with its Rust value in C.
#
# Needs cargo, crates.io and cc. Exit status 0: as described. Output:
#     cbindgen 0.29.4
#     A: 1099511627776 in Rust, `(1 << 40)` in C, where it equals that: 0
#     B: 18446744073709551615 in Rust, `~0` in C, where it is greater than 0: 0
#     C: -9223372036854775808 in Rust, `-9223372036854775808ull` in C, where it is less than 0: 0
#     D: 18446744073709551615 in Rust, `` in C
#     E: 18446744073709551615 in Rust, `UINT64_MAX` in C, where it equals that: 1
set -euo pipefail
script=$(realpath "${BASH_SOURCE[0]}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cargo install --quiet --locked --version 0.29.4 --root "$dir" cbindgen > install.log 2>&1 || { cat install.log >&2; exit 1; }
version=$(bin/cbindgen --version)
echo "$version"
cat > constants.rs <<'RUST'
pub const A: u64 = 1 << 40;
pub const B: u64 = !0;
pub const C: i64 = -9223372036854775808;
pub const D: usize = usize::MAX;
pub const E: u64 = u64::MAX;
RUST
bin/cbindgen --lang c constants.rs -o constants.h 2> /dev/null
of() { sed -n "s/^#define $1 //p" constants.h; }
# holds CONDITION: whether it is true in C.
holds() {
    printf '#include "constants.h"\n#include <stdio.h>\nint main(void) { printf("%%d", (int)(%s)); return 0; }\n' "$1" > c.c
    cc -w c.c -o c && ./c
}
seen=$(
    echo "A: 1099511627776 in Rust, \`$(of A)\` in C, where it equals that: $(holds 'A == 1099511627776')"
    echo "B: 18446744073709551615 in Rust, \`$(of B)\` in C, where it is greater than 0: $(holds 'B > 0')"
    echo "C: -9223372036854775808 in Rust, \`$(of C)\` in C, where it is less than 0: $(holds 'C < 0')"
    echo "D: 18446744073709551615 in Rust, \`$(of D)\` in C"
    echo "E: 18446744073709551615 in Rust, \`$(of E)\` in C, where it equals that: $(holds 'E == 18446744073709551615u')"
)
echo "$seen"
expected=$(sed -n 's/^#     \([A-E]: .*\)/\1/p' "$script")
[ "$version" = "cbindgen 0.29.4" ] && [ "$seen" = "$expected" ] || { echo "CHANGED: expected"; echo "$expected"; exit 1; }
