//! C programs, compiled by plain `cc` against the library and run.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use crate::conventions::root;

/// The shared library that cargo built beside this test binary.
pub(crate) fn library() -> PathBuf {
    let deps = std::env::current_exe().unwrap();
    let profile = deps.parent().and_then(Path::parent).unwrap().to_owned();
    let library = profile.join("libtriton_client.so");
    assert!(library.exists(), "{} is not there", library.display());
    library
}
