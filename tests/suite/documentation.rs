//! The code in the pages of `docs` is that of tested programs, what they name exists, links lead somewhere.

use std::{fs, path::PathBuf};

use crate::conventions::root;

/// The pages for users of every language; those of Java are tested in Java.
fn pages() -> Vec<(PathBuf, String)> {
    let files = files("docs", "md");
    let pages: Vec<_> =
        files.into_iter().filter(|(path, _)| !path.to_str().unwrap().contains("docs/java")).collect();
    assert!(pages.len() >= 2, "{} pages", pages.len());
    pages
}

/// The files of a folder with an extension, and their texts.
fn files(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let paths = root().join(folder).read_dir().unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|e| e == extension));
    paths.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The blocks of code in a language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The lines of a text without indentation.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).collect()
}

#[test]
fn the_code_in_the_pages_is_that_of_tested_programs() {
    let programs = [
        ("c", [files("c_examples", "c"), files("tests/c", "c")].concat()),
        ("rust", [files("examples", "rs"), files("tests/suite", "rs")].concat()),
    ];
    for (language, programs) in programs {
        let mut count = 0;
        let mut pages = pages();
        if language == "c" {
            pages.extend(files("", "md"));
        }
        for (path, page) in pages {
            for block in blocks(&page, language) {
                let block = lines(block);
                let is_tested = programs
                    .iter()
                    .any(|(_, program)| lines(program).windows(block.len()).any(|window| window == block));
                assert!(is_tested, "{}: in no tested program: {block:#?}", path.display());
                count += 1;
            }
        }
        assert!(count > 0, "no block of {language}");
    }
}

#[test]
fn the_functions_and_options_in_the_pages_exist() {
    let header = fs::read_to_string(root().join("include/triton_client.h")).unwrap();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut count = 0;
    for (path, page) in pages() {
        for name in page.split('`').skip(1).step_by(2) {
            // `set_x` is the end of the names of options.
            let function = match name {
                _ if !name.chars().all(is_word) || name.ends_with('_') => continue,
                _ if name.starts_with("triton_c") => format!(" {name}("),
                _ if name.starts_with("set_") => format!("_{name}("),
                _ => continue,
            };
            assert!(header.contains(&function), "{}: '{name}'", path.display());
            count += 1;
        }
    }
    assert!(count >= 10, "{count} names");
}

#[test]
fn the_links_in_the_pages_lead_somewhere() {
    let mut count = 0;
    for (path, page) in pages() {
        for link in page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if file.contains(':') {
                continue;
            }
            let target = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
            assert!(target.exists(), "{}: '{link}'", path.display());
            count += 1;
            if anchor.is_empty() {
                continue;
            }
            let text = fs::read_to_string(&target).unwrap();
            let is_kept = |c: &char| c.is_alphanumeric() || " _-".contains(*c);
            let mut anchors = text.lines().filter(|line| line.starts_with('#')).map(|line| {
                let title = line.trim_start_matches('#').trim().to_lowercase();
                title.chars().filter(is_kept).collect::<String>().replace(' ', "-")
            });
            assert!(anchors.any(|known| known == anchor), "{}: '{link}'", path.display());
        }
    }
    assert!(count > 10, "{count} links");
}
