//! The shared library of a release, which `tools/portable.sh` builds, strips and checks the symbols of.

use std::{env::consts::ARCH, fs, process::Command};

use crate::{conventions::root, programs::library};

/// The maximum size of the stripped shared library, which has about 5.9 MB in this version. A change that
/// raises it states the reason in the CHANGELOG.
const MAX_STRIPPED_BYTE_SIZE: u64 = 6_300_000;

#[test]
fn the_shipped_library_is_smaller_than_its_limit() {
    // `make test` builds it first. Without `make`, this test measures an existing build, or is skipped.
    let target = library().ancestors().nth(3).unwrap().to_owned();
    let shipped = target.join(format!("native/linux-{ARCH}/libtriton_client.so"));
    if !shipped.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing: `make test` builds it", shipped.display());
        eprintln!("skipped: {} is missing", shipped.display());
        return;
    }
    let byte_size = fs::metadata(&shipped).unwrap().len();
    assert!(byte_size < MAX_STRIPPED_BYTE_SIZE, "{byte_size} bytes");
}

#[test]
fn third_party_txt_names_every_linked_crate() {
    let text = fs::read_to_string(root().join("THIRD-PARTY.txt")).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = Command::new(cargo)
        .current_dir(root())
        .args(["tree", "--locked", "--offline", "--edges", "normal,no-proc-macro", "--features", "allocator"])
        .args(["--target", "x86_64-unknown-linux-gnu", "--prefix", "none", "--format", "{p}"])
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let mut count = 0;
    for line in tree.lines().filter(|line| !line.is_empty() && !line.starts_with("triton-client")) {
        let (name, version) = line.split_once(" v").unwrap();
        let entry = format!("\n  {name} {}\n", version.split(' ').next().unwrap());
        assert!(text.contains(&entry), "{line} is missing: run `make third-party`");
        count += 1;
    }
    assert!(count > 40, "only {count} crates were found");
}
