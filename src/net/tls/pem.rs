//! Splits a PEM file into its blocks. Unlike the parser of rustls it reports blocks of any kind, cut ones
//! too, for messages that state what a file has instead of what was expected; and it leaves no copy of a key
//! behind.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// The maximum number of blocks that are read: the largest bundles of authorities have some hundreds.
const MAX_BLOCKS: usize = 10_000;

/// A block, from its BEGIN line to its END line.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// `CERTIFICATE`, `PRIVATE KEY` and others.
    pub label: &'a str,
    /// The lines between.
    body: &'a [u8],
    /// Has an END line with its label.
    pub is_complete: bool,
}

impl Block<'_> {
    /// Returns whether it is a key with the older form of encryption, which is declared in a header.
    pub(super) fn has_encryption_header(&self) -> bool {
        self.body
            .split(|byte| is_line_break(*byte))
            .any(|line| line.trim_ascii().starts_with(b"Proc-Type:") && contains(line, b"ENCRYPTED"))
    }

    /// Returns the decoded body; `None` if it is not Base64.
    pub(super) fn decode(&self) -> Option<Zeroizing<Vec<u8>>> {
        let engine = GeneralPurpose::new(
            &STANDARD,
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        let is_text = |byte: &&u8| !byte.is_ascii_whitespace();
        let mut text = Zeroizing::new(Vec::with_capacity(self.body.len()));
        text.extend(self.body.iter().filter(is_text));
        let mut decoded = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
        let size = engine.decode_slice(&*text, &mut decoded).ok().filter(|size| *size > 0)?;
        decoded.truncate(size);
        Some(decoded)
    }
}

/// Returns the blocks of a PEM file. Other text, such as `openssl x509 -text` writes before a block, is
/// skipped; lines may be indented and end in CR, LF or both.
pub(super) fn blocks(text: &[u8]) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    // The label of the open block, and where its body starts.
    let mut open: Option<(&str, usize)> = None;
    let mut at = 0;
    for line in text.split(|byte| is_line_break(*byte)) {
        let (start, next) = (at, (at + line.len() + 1).min(text.len()));
        at = next;
        let line = line.trim_ascii();
        let begin = line.strip_prefix(BEGIN);
        let end = line.strip_prefix(END);
        if begin.is_none() && end.is_none() {
            continue;
        }
        if let Some((label, body)) = open.take() {
            let is_complete = end.is_some_and(|end| strip_dashes(end) == Some(label.as_bytes()));
            blocks.push(Block { label, body: text.get(body..start).unwrap_or_default(), is_complete });
        }
        if let Some(begin) = begin {
            // A line that is cut off is an incomplete block.
            let label = strip_dashes(begin).unwrap_or(begin);
            open = Some((std::str::from_utf8(label).unwrap_or("?"), next));
        }
        if blocks.len() >= MAX_BLOCKS {
            return blocks;
        }
    }
    if let Some((label, body)) = open {
        blocks.push(Block { label, body: text.get(body..).unwrap_or_default(), is_complete: false });
    }
    blocks
}

fn strip_dashes(label: &[u8]) -> Option<&[u8]> {
    label.strip_suffix(DASHES)
}

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Returns whether a file has a BEGIN line, or the beginning of one.
pub(super) fn has_blocks(text: &[u8]) -> bool {
    contains(text, b"-----BEGIN")
}

pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<(&str, bool)> {
        blocks(text.as_bytes()).iter().map(|block| (block.label, block.is_complete)).collect()
    }

    #[test]
    fn blocks_are_found_between_other_text_and_with_any_line_ends() {
        let text = "text\n-----BEGIN A-----\nQUJD\nRA==\n-----END A-----\nmore\n\n-----BEGIN B C-----\nQQ==\n\
                    -----END B C-----";
        for text in [
            text.to_owned(),
            text.replace('\n', "\r\n"),
            text.replace('\n', "\r"),
            text.replace('\n', "\n   \t"),
            text.replace('\n', "  \n"),
            format!("{text}\n\n"),
        ] {
            assert_eq!(labels(&text), [("A", true), ("B C", true)], "{text:?}");
            let decoded: Vec<_> =
                blocks(text.as_bytes()).iter().map(|block| block.decode().unwrap().to_vec()).collect();
            assert_eq!(decoded, [b"ABCD".to_vec(), b"A".to_vec()], "{text:?}");
        }
        for text in ["", "\n", "text", "-----END A-----", "- BEGIN A -"] {
            assert_eq!(labels(text), [], "{text}");
        }
    }

    #[test]
    fn blocks_that_are_cut_off_are_incomplete() {
        for (text, expected) in [
            ("-----BEGIN A-----\nQUJD", &[("A", false)][..]),
            ("-----BEGIN A-----", &[("A", false)]),
            ("-----BEGIN CERTIF", &[("CERTIF", false)]),
            ("-----BEGIN A-----\nQUJD\n-----END", &[("A", false)]),
            ("-----BEGIN A-----\nQUJD\n-----END B-----", &[("A", false)]),
            (
                "-----BEGIN A-----\nQUJD\n-----BEGIN B-----\nQQ==\n-----END B-----",
                &[("A", false), ("B", true)],
            ),
        ] {
            assert_eq!(labels(text), expected, "{text:?}");
        }
    }

    #[test]
    fn bodies_that_are_not_base64_are_not_decoded() {
        for body in ["", "!!!!", "QUI", "QUJ", "Q", "QUJD=QUJD", "ö"] {
            let text = format!("-----BEGIN A-----\n{body}\n-----END A-----\n");
            let decoded = blocks(text.as_bytes())[0].decode();
            // Without its padding a body is the same.
            assert_eq!(decoded.is_some(), body == "QUI", "{body}");
        }
    }

    #[test]
    fn keys_with_the_older_encryption_are_recognized() {
        let encrypted = super::super::openssl_files::ENCRYPTED_BY_HEADER;
        assert!(blocks(encrypted.as_bytes())[0].has_encryption_header());
        assert!(blocks(encrypted.replace('\n', "\r").as_bytes())[0].has_encryption_header());
        assert!(!blocks(super::super::openssl_files::SEC1.as_bytes())[0].has_encryption_header());
    }

    #[test]
    fn the_number_of_blocks_is_limited() {
        let text = "-----BEGIN A-----\n".repeat(MAX_BLOCKS + 100);
        assert_eq!(blocks(text.as_bytes()).len(), MAX_BLOCKS);
    }
}
