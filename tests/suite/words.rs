//! The header and the messages of errors and logs are written in the field's own words: the commonest others
//! are kept out.

use std::{fs, path::Path};

use crate::conventions::root;

/// Each stands for every word that begins so, unless it ends in `$`.
const PATTERNS: [&str; 13] = [
    "answer",
    "told$",
    "held against",
    "nobody",
    "somebody",
    "is no ",
    "looked at",
    "the most$",
    "the least$",
    "gone$",
    "skin$",
    "stretch",
    "time limit",
];

/// The patterns in a text, with the words around them.
fn patterns(text: &str) -> Vec<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for pattern in PATTERNS {
        let word = pattern.trim_end_matches('$');
        for (at, _) in lower.match_indices(word) {
            let (before, after) = (&lower[..at], &lower[at + word.len()..]);
            let is_inside = |text: Option<char>| text.is_some_and(|c| c.is_alphanumeric() || c == '_');
            let is_longer = pattern.ends_with('$') && is_inside(after.chars().next());
            // "there is no", and "is no 7" of a number.
            let is_allowed = word == "is no "
                && (before.ends_with("there ") || !after.starts_with(|c: char| c.is_ascii_lowercase()));
            if is_inside(before.chars().next_back()) || is_longer || is_allowed {
                continue;
            }
            let start = before.char_indices().rev().nth(30).map_or(0, |(at, _)| at);
            let end = after.char_indices().nth(30).map_or(lower.len(), |(more, _)| at + word.len() + more);
            found.push(format!("{word}: ...{}...", &text[start..end]));
        }
    }
    found
}

/// The string literals of a source file with their lines, without those of its tests.
fn literals(source: &str) -> Vec<(usize, String)> {
    let source = source.split("#[cfg(test)]").next().unwrap();
    let mut found = Vec::new();
    let mut rest = source;
    let line = |rest: &str| source[..source.len() - rest.len()].matches('\n').count() + 1;
    while let Some(next) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, after)| after);
        } else if rest.starts_with("r\"") || rest.starts_with("r#") {
            let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
            let Some(body) = rest[1 + hashes..].strip_prefix('"') else {
                rest = &rest[1..]; // r#name
                continue;
            };
            let end = format!("\"{}", "#".repeat(hashes));
            let (text, after) = body.split_once(&end).expect("a raw string ends");
            found.push((line(rest), text.to_owned()));
            rest = after;
        } else if next == '"' {
            let body = &rest[1..];
            let mut is_escaped = false;
            let end = body.find(|c| {
                let ends = c == '"' && !is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                ends
            });
            let end = end.expect("a string ends");
            // A backslash at the end of a line leaves the break and the indentation out.
            found.push((line(rest), body[..end].replace("\\\n", "")));
            rest = &body[end + 1..];
        } else if next == '\'' {
            // A character, or a lifetime.
            let mut characters = rest.char_indices().skip(1);
            let (_, first) = characters.next().unwrap_or_default();
            let length = if first == '\\' { rest[3..].find('\'').map(|at| at + 4) } else { None };
            let length =
                length.or_else(|| characters.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 1));
            rest = &rest[length.unwrap_or(1)..];
        } else {
            rest = &rest[next.len_utf8()..];
        }
    }
    found
}

fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

#[test]
fn the_header_and_the_messages_speak_the_words_of_the_field() {
    let mut found = Vec::new();
    // The comments of the header, each as one text: a pattern may stand on two lines.
    let header = fs::read_to_string(root().join("include/triton_client.h")).unwrap();
    let mut line = 1;
    for (at, part) in header.split("/*").enumerate() {
        let comment = part.split("*/").next().unwrap();
        let text: String =
            comment.lines().map(|line| format!("{} ", line.trim_start().trim_start_matches('*'))).collect();
        if at > 0 {
            found.extend(
                patterns(&text)
                    .into_iter()
                    .map(|pattern| format!("include/triton_client.h:{line}: {pattern}")),
            );
        }
        line += part.matches('\n').count();
    }
    for path in files(&root().join("src")) {
        let source = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        for (line, text) in literals(&source) {
            found.extend(patterns(&text).into_iter().map(|pattern| format!("{name}:{line}: {pattern}")));
        }
    }
    assert!(found.is_empty(), "{} times:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_patterns_are_found_where_they_are_and_only_there() {
    assert_eq!(patterns("The\n answers; unless told. GONE").len(), 3);
    assert_eq!(
        patterns("the answer is no gRPC, and there is no such model, mostly untold, bygones, is no 7").len(),
        2
    );
    let source = "let a = 'x'; // \"told\"\n\
                  fn f<'a>() -> &'a str { \"one \\\" two\" } let q = '\"'; let e = '\\''; \
                  r#\"raw \"told\" \"#; c\"c\" /* \"no\" */ \"three\\\n   four\"\n#[cfg(test)] \"test\"";
    let texts: Vec<String> = literals(source).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["one \\\" two", "raw \"told\" ", "c", "three   four"]);
}
