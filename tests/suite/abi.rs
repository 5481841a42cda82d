//! The ABI is frozen: `tests/abi.txt` has every function with the types of its parameters, every number of an
//! enum, every public struct with the places of its members, and every constant. Lines may be added; a line
//! that changes or goes needs its name in CHANGELOG.md.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use crate::conventions::root;

/// A function or callback of the header: `int f(const char *name)`.
pub(crate) struct Function {
    pub name: String,
    pub result: String,
    /// Type and name.
    pub parameters: Vec<(String, String)>,
    pub is_nodiscard: bool,
}

/// What the header declares, in its order.
#[derive(Default)]
pub(crate) struct Declarations {
    pub functions: Vec<Function>,
    pub callbacks: Vec<Function>,
    /// Name, and its members' types and names.
    pub structs: Vec<(String, Vec<(String, String)>)>,
    pub opaque: Vec<String>,
    /// Name, and its members' names and numbers.
    pub enums: Vec<(String, Vec<(String, String)>)>,
    /// Name and value, as it is written.
    pub constants: Vec<(String, String)>,
}

/// Splits `const char *name` into type and name.
fn typed(declaration: &str) -> (String, String) {
    let declaration = declaration.trim();
    let cut =
        declaration.rfind([' ', '*']).unwrap_or_else(|| panic!("'{declaration}' is not a declaration")) + 1;
    (declaration[..cut].trim().to_owned(), declaration[cut..].to_owned())
}

/// Splits `const char *name(size_t index)`.
fn function(head: &str, list: &str) -> Function {
    let (result, name) = typed(head);
    let is_nodiscard = result.starts_with("TRITON_NODISCARD");
    let result = result.trim_start_matches("TRITON_NODISCARD").trim().to_owned();
    let parameters =
        list.split(',').map(str::trim).filter(|parameter| *parameter != "void").map(typed).collect();
    Function { name, result, parameters, is_nodiscard }
}

/// Parses the header as the generator writes it.
pub(crate) fn parse(header: &str) -> Declarations {
    let mut all = Declarations::default();
    let mut code = String::new();
    let mut rest = header;
    while let Some((before, comment)) = rest.split_once("/*") {
        code += before;
        rest = comment.split_once("*/").expect("a comment ends").1;
    }
    code += rest;
    let code =
        code.split("extern \"C\" {\n#endif").nth(1).unwrap().split("#ifdef __cplusplus").next().unwrap();
    let mut plain = String::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let Some(define) = line.strip_prefix("#define ") else {
            assert!(!line.starts_with('#'), "{line}");
            plain += line;
            plain.push(' ');
            continue;
        };
        if line.ends_with('\\') {
            lines.next();
        }
        let (name, value) = define.split_once(' ').unwrap();
        if !name.contains('(') {
            all.constants.push((name.to_owned(), value.to_owned()));
        }
    }
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = plain.as_str();
    while !rest.trim().is_empty() {
        rest = rest.trim();
        if let Some((name, members)) =
            rest.strip_prefix("TRITON_ENUM(").and_then(|rest| rest.split_once(") {"))
        {
            let (members, after) = members.split_once("};").unwrap();
            let members = members.split(',').map(str::trim).filter(|member| !member.is_empty());
            let members = members.map(|member| member.split_once(" = ").unwrap());
            all.enums.push((name.to_owned(), members.map(|(a, b)| (a.to_owned(), b.to_owned())).collect()));
            rest = after;
            continue;
        }
        let (statement, after) = rest.split_once(';').unwrap();
        rest = after;
        if let Some(body) = statement.strip_prefix("typedef struct ") {
            if let Some((name, first)) = body.split_once(" {") {
                let (members, end) = rest.split_once('}').unwrap();
                let members = format!("{first};{members}");
                let members = members.split(';').filter(|member| !member.trim().is_empty()).map(typed);
                all.structs.push((name.to_owned(), members.collect()));
                rest = end.split_once(';').unwrap().1;
            } else {
                all.opaque.push(body.split(' ').next().unwrap().to_owned());
            }
        } else if let Some(body) = statement.strip_prefix("typedef ") {
            let (result, body) = body.split_once("(*").unwrap_or_else(|| panic!("{body}"));
            let (name, list) = body.split_once(")(").unwrap();
            all.callbacks.push(function(&format!("{result} {name}"), list.trim_end_matches(')')));
        } else {
            let (head, list) = statement.split_once('(').unwrap_or_else(|| panic!("{statement}"));
            all.functions.push(function(head, list.trim_end_matches(')')));
        }
    }
    all
}

/// The declarations of the header as it is checked in.
pub(crate) fn declarations() -> Declarations {
    parse(&fs::read_to_string(root().join("include/triton_client.h")).unwrap())
}

fn signature(function: &Function) -> String {
    let types: Vec<&str> = function.parameters.iter().map(|(kind, _)| kind.as_str()).collect();
    let types = if types.is_empty() { "void".to_owned() } else { types.join(", ") };
    format!("{} {} ({types})", function.name, function.result)
}

/// The lines of tests/abi.txt for a header, on LP64. The second word of each is the name that it is about.
pub(crate) fn describe(header: &str) -> Vec<String> {
    let all = parse(header);
    // Sizes and places are the compiler's to say.
    let mut program = String::from("#include <stdio.h>\n#include <triton_client.h>\nint main(void) {\n");
    for (name, members) in &all.structs {
        program += &format!("printf(\"struct {name} size %zu\\n\", sizeof({name}));\n");
        for (kind, member) in members {
            program += &format!(
                "printf(\"member {name}.{member} offset %zu, {kind}\\n\", offsetof({name}, {member}));\n"
            );
        }
    }
    for (name, _) in all.constants.iter().filter(|(name, _)| !name.starts_with("TRITON_VERSION_")) {
        program += &format!("printf(\"constant {name} = %llu\\n\", (unsigned long long){name});\n");
    }
    program += "return 0; }\n";
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("abi_{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("triton_client.h"), header).unwrap();
    fs::write(dir.join("abi.c"), program).unwrap();
    let output = Command::new("cc")
        .arg("-I")
        .arg(&dir)
        .arg(dir.join("abi.c"))
        .arg("-o")
        .arg(dir.join("abi"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = Command::new(dir.join("abi")).output().unwrap();
    fs::remove_dir_all(&dir).unwrap();

    let mut lines: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    lines.extend(all.opaque.iter().map(|name| format!("handle {name}")));
    for (name, members) in &all.enums {
        lines.extend(members.iter().map(|(member, number)| format!("enum {member} = {number}, {name}")));
    }
    lines.extend(all.callbacks.iter().map(|function| format!("callback {}", signature(function))));
    lines.extend(all.functions.iter().map(|function| format!("function {}", signature(function))));
    lines.sort();
    lines
}

/// What the changelog says of the version that is not released yet.
fn unreleased() -> String {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let section = changelog.split("\n## ").nth(1).unwrap_or_default();
    assert!(
        section.lines().next().unwrap_or_default().contains("unreleased"),
        "CHANGELOG.md begins with a version that is released"
    );
    section.to_owned()
}

/// The old lines that changed or went without a line of the changelog that has their name.
fn unannounced(old: &[String], new: &[String], changelog: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let words: BTreeSet<&str> = changelog
        .split(|c| !is_word(c))
        .map(|word| word.trim_matches('.'))
        .filter(|word| !word.is_empty())
        .collect();
    let went = old.iter().filter(|line| !new.contains(line));
    went.filter(|line| !words.contains(line.split(' ').nth(1).unwrap_or_default())).cloned().collect()
}

fn frozen() -> Vec<String> {
    let text = fs::read_to_string(root().join("tests/abi.txt")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Writes tests/abi.txt anew, unless a line changed or went that the changelog does not name.
pub(crate) fn update(lines: &[String]) {
    let missing = unannounced(&frozen(), lines, &unreleased());
    assert!(
        missing.is_empty(),
        "the ABI is frozen. These lines of tests/abi.txt change or go; name each in CHANGELOG.md under the unreleased version:\n{}",
        missing.join("\n")
    );
    fs::write(root().join("tests/abi.txt"), lines.join("\n") + "\n").unwrap();
}

#[test]
fn the_abi_is_what_abi_txt_says_and_a_change_needs_a_line_in_the_changelog() {
    let lines = describe(&fs::read_to_string(root().join("include/triton_client.h")).unwrap());
    let frozen = frozen();
    let missing = unannounced(&frozen, &lines, &unreleased());
    assert!(missing.is_empty(), "changed without a line in CHANGELOG.md:\n{}", missing.join("\n"));
    assert!(lines == frozen, "tests/abi.txt is out of date: run `make header`");
}

#[test]
fn a_line_that_changes_or_goes_is_refused_until_the_changelog_names_it() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let old = lines(
        "function triton_a void (int)\nfunction triton_b void (void)\nmember triton_s.x offset 0, size_t",
    );
    assert!(unannounced(&old, &lines(&(old.join("\n") + "\nfunction triton_c void (void)")), "").is_empty());
    let changed = lines("function triton_a void (long)\nmember triton_s.x offset 8, size_t");
    assert_eq!(unannounced(&old, &changed, "- triton_ab and triton_s"), old);
    assert!(
        unannounced(&old, &changed, "- `triton_a` takes a long, triton_b is dropped. triton_s.x moves.")
            .is_empty()
    );
}

#[test]
fn the_declarations_that_the_tests_read_are_all_of_the_header() {
    let all = declarations();
    let names: BTreeSet<String> = all.functions.iter().map(|function| function.name.clone()).collect();
    assert_eq!(names, crate::conventions::declared());
    for function in &all.functions {
        let can_fail = function.parameters.last().is_some_and(|(_, name)| name == "error_out");
        assert_eq!(function.is_nodiscard, can_fail || function.name.ends_with("_clone"), "{}", function.name);
    }
}
