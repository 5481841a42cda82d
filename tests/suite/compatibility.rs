//! The table of docs/compatibility.md is complete, names existing make targets, and has the versions that are
//! used.

use std::{collections::BTreeSet, fs};

use triton_client::CallOptions;

use crate::{
    conventions::root,
    programs::host,
    server::{clients, is_embedded},
};

const HEADER: &str =
    "| server or proxy | version | protocol | run by | what was run | what differs, and why |";

fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Returns the cells of each row.
fn rows() -> Vec<[String; 6]> {
    let page = file("docs/compatibility.md");
    let (_, table) = page.split_once(HEADER).expect("the table's header");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells = row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
        cells.collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("not six cells: {row}"))
    })
    .collect()
}

#[test]
fn every_row_is_complete_and_names_an_existing_target() {
    let makefile = file("Makefile");
    let rows = rows();
    assert!(rows.len() >= 12, "{} rows", rows.len());
    for row in &rows {
        assert!(row.iter().all(|cell| !cell.is_empty()), "an empty cell: {row:?}");
        let [_, version, protocol, run_by, ..] = row;
        assert!(version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.'), "{row:?}");
        assert!(["HTTP", "gRPC"].contains(&protocol.as_str()), "{row:?}");
        let target = run_by.strip_prefix("`make ").and_then(|rest| rest.split('`').next());
        let target = target.unwrap_or_else(|| panic!("not run by a target: {row:?}"));
        assert!(makefile.lines().any(|line| line == format!("{target}:")), "no `make {target}`: {row:?}");
    }
    let names: BTreeSet<_> = rows.iter().map(|row| (&row[0], &row[2])).collect();
    assert_eq!(names.len(), rows.len(), "two rows for one server and protocol");
    assert!(file("README.md").contains("(docs/compatibility.md)"));
}

/// Returns the message of tests/compatible.sh, empty if the page has the version.
fn compatible(name: &str, version: &str) -> String {
    let output = host(root().join("tests/compatible.sh")).args([name, version]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.success(), message.is_empty(), "{message}");
    message
}

#[test]
fn the_running_server_has_the_version_of_the_table() {
    for row in rows() {
        assert_eq!(compatible(&row[0], &row[1]), "");
    }
    let message = compatible("Triton", "0.1.2");
    assert!(message.contains("'Triton' 0.1.2") && message.contains("2.51.0"), "{message}");
    assert!(compatible("Unknown", "1.0").contains("no row"));
    if is_embedded() {
        return;
    }
    for client in clients() {
        let version = client.server_metadata(&CallOptions::new()).unwrap().version;
        assert_eq!(compatible("Triton", &version), "");
    }
}
