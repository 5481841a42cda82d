//! Reads those fields of an X.509 certificate that messages name. What is trusted is decided by webpki alone.

use super::dates;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const BOOLEAN: u8 = 0x01;
const OBJECT_ID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The tag of the version, which is absent from certificates of version 1.
const VERSION: u8 = 0xA0;
const EXTENSIONS: u8 = 0xA3;
const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1D\x13";
const KEY_USAGE: &[u8] = b"\x55\x1D\x0F";
/// keyCertSign.
const SIGNS_CERTIFICATES: u8 = 0x04;
/// The maximum size of a name in a message, in characters.
const NAME_LENGTH: usize = 100;
/// The maximum size of a path in a message, which is that of a path.
const PATH_LENGTH: usize = 4096;
/// The maximum number of attributes of a name that are read.
const ATTRIBUTES: usize = 32;
/// rsaEncryption.
const RSA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01";

/// The attributes of a name that messages show, by their object identifiers.
const NAMES: [(&[u8], &str); 9] = [
    (b"\x55\x04\x03", "CN"),
    (b"\x55\x04\x06", "C"),
    (b"\x55\x04\x07", "L"),
    (b"\x55\x04\x08", "ST"),
    (b"\x55\x04\x0A", "O"),
    (b"\x55\x04\x0B", "OU"),
    (b"\x55\x04\x05", "serialNumber"),
    (b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x01", "emailAddress"),
    (b"\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x19", "DC"),
];

/// A certificate, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    /// `CN=localhost, O=Example`, without control characters, cut at 100 characters.
    pub subject: String,
    pub issuer: String,
    /// Encoded, as webpki has the subject of a trust anchor.
    pub subject_der: Vec<u8>,
    pub issuer_der: Vec<u8>,
    pub is_self_issued: bool,
    /// In UNIX seconds.
    pub not_before: u64,
    pub not_after: u64,
    /// The size of an RSA key in bits.
    pub rsa_bits: Option<usize>,
    /// Whether it may be the certificate of an authority. webpki does not check it of trusted ones.
    pub may_issue: bool,
}

impl Certificate {
    /// Reads a certificate; `None` if it is malformed.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let mut certificate = Der(Der(der).expect(SEQUENCE)?);
        let mut fields = Der(certificate.expect(SEQUENCE)?);
        let is_v3 = fields.0.first() == Some(&VERSION);
        if is_v3 {
            fields.next()?;
        }
        fields.expect(INTEGER)?;
        fields.expect(SEQUENCE)?;
        let issuer = fields.expect(SEQUENCE)?;
        let mut validity = Der(fields.expect(SEQUENCE)?);
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        let subject = fields.expect(SEQUENCE)?;
        let rsa_bits = fields.expect(SEQUENCE).and_then(rsa_bits);
        Some(Self {
            subject: name(subject),
            issuer: name(issuer),
            subject_der: subject.to_vec(),
            issuer_der: issuer.to_vec(),
            is_self_issued: subject == issuer,
            not_before,
            not_after,
            rsa_bits,
            may_issue: !is_v3 || extensions(fields).is_some_and(may_issue),
        })
    }
}

/// The extensions at the end of a certificate's fields.
fn extensions(mut fields: Der<'_>) -> Option<Der<'_>> {
    loop {
        // Unique identifiers of the issuer and the subject, which are not in use, may precede them.
        if let (EXTENSIONS, list) = fields.next()? {
            return Der(list).expect(SEQUENCE).map(Der);
        }
    }
}

/// Returns whether extensions declare an authority: by basicConstraints or, without them, by keyUsage, as
/// OpenSSL decides.
fn may_issue(mut extensions: Der<'_>) -> bool {
    let mut by_usage = false;
    while let Some(extension) = extensions.expect(SEQUENCE) {
        let mut extension = Der(extension);
        let id = extension.expect(OBJECT_ID);
        let Some(value) = extension.last().filter(|value| value.0 == OCTET_STRING).map(|value| value.1)
        else {
            continue;
        };
        if id == Some(BASIC_CONSTRAINTS) {
            let is_ca = Der(value).expect(SEQUENCE).and_then(|fields| Der(fields).expect(BOOLEAN));
            return is_ca.is_some_and(|is_ca| is_ca != [0]);
        }
        if id == Some(KEY_USAGE) {
            // The first byte is the number of unused bits.
            let bits = Der(value).expect(BIT_STRING).and_then(|bits| bits.get(1));
            by_usage = bits.is_some_and(|bits| bits & SIGNS_CERTIFICATES != 0);
        }
    }
    by_usage
}

/// Elements of DER, one after the other. Each read is within the bytes, whatever they claim.
pub(super) struct Der<'a>(pub &'a [u8]);

impl<'a> Der<'a> {
    /// Returns the tag and the content of the next element.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (size, rest) = match first {
            0..=0x7F => (usize::from(first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
                let size = bytes.iter().fold(0u64, |size, byte| size << 8 | u64::from(*byte));
                (usize::try_from(size).ok()?, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(size)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// Returns the content of the next element if it has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|element| element.0 == tag).map(|element| element.1)
    }

    /// Returns the last element.
    fn last(&mut self) -> Option<(u8, &'a [u8])> {
        let mut last = None;
        while let Some(element) = self.next() {
            last = Some(element);
        }
        last
    }

    /// Reads a UTCTime or GeneralizedTime of the one form that certificates may have, in UTC with seconds.
    fn time(&mut self) -> Option<u64> {
        let (tag, text) = self.next()?;
        let (digits, zone) = text.split_at_checked(text.len().checked_sub(1)?)?;
        if zone != b"Z" || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut pairs = digits
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')));
        let year = match (tag, digits.len()) {
            (UTC_TIME, 12) => match pairs.next()? {
                year @ 50.. => 1900 + year,
                year => 2000 + year,
            },
            (GENERALIZED_TIME, 14) => pairs.next()? * 100 + pairs.next()?,
            _ => return None,
        };
        dates::seconds([year, pairs.next()?, pairs.next()?, pairs.next()?, pairs.next()?, pairs.next()?])
    }
}

/// The size of the modulus of an RSA key.
fn rsa_bits(key: &[u8]) -> Option<usize> {
    let mut key = Der(key);
    let algorithm = Der(key.expect(SEQUENCE)?).expect(OBJECT_ID)?;
    let (unused_bits, key) = key.expect(BIT_STRING)?.split_first()?;
    if algorithm != RSA || *unused_bits != 0 {
        return None;
    }
    let modulus = Der(Der(key).expect(SEQUENCE)?).expect(INTEGER)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let modulus = modulus.get(zeros..)?;
    let first = modulus.first()?;
    Some(modulus.len() * 8 - first.leading_zeros() as usize)
}

/// A distinguished name as text.
fn name(der: &[u8]) -> String {
    let mut text = String::new();
    let mut sets = Der(der);
    let mut count = 0;
    while let Some(set) = sets.expect(SET) {
        let mut attributes = Der(set);
        while let Some(attribute) = attributes.expect(SEQUENCE) {
            count += 1;
            let mut attribute = Der(attribute);
            let id = attribute.expect(OBJECT_ID);
            let label = NAMES.iter().find(|row| Some(row.0) == id);
            if let (Some((_, label)), Some((tag, value))) = (label, attribute.next()) {
                let separator = if text.is_empty() { "" } else { ", " };
                text.push_str(&format!("{separator}{label}={}", string(tag, value)));
            }
        }
        if count >= ATTRIBUTES || text.chars().count() > NAME_LENGTH {
            break;
        }
    }
    printable(&text)
}

/// The text of one of ASN.1's string types.
fn string(tag: u8, value: &[u8]) -> String {
    match tag {
        // BMPString.
        0x1E => {
            let units =
                value.chunks_exact(2).map(|unit| unit.iter().fold(0, |all, b| all << 8 | u16::from(*b)));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        // T61String, which is Latin-1 in practice.
        0x14 => value.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(value).into_owned(),
    }
}

/// A text of a certificate for a message: control characters, and those that change the direction of text,
/// are escaped; cut at 100 characters.
pub(super) fn printable(text: &str) -> String {
    printable_within(text, NAME_LENGTH)
}

/// The same for a path.
pub(super) fn printable_path(path: &str) -> String {
    printable_within(path, PATH_LENGTH)
}

fn printable_within(text: &str, max: usize) -> String {
    let mut printable = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == max {
            printable.push('…');
            break;
        }
        let is_direction =
            matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || is_direction || matches!(c, '\u{2028}' | '\u{2029}') {
            // Not `escape_unicode`, whose braces read like code.
            printable.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            printable.push(c);
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use rcgen::{DnType, DnValue, IsCa, date_time_ymd};

    use super::{super::testing::*, *};

    fn read(params: &rcgen::CertificateParams) -> Certificate {
        Certificate::read(&Authority::new("Root").issue(params).chain[0]).unwrap()
    }

    #[test]
    fn the_fields_for_messages_are_read() {
        let mut params = params("localhost", &["localhost"]);
        params.distinguished_name.push(DnType::OrganizationName, "Let's Example");
        params.distinguished_name.push(DnType::CountryName, "DE");
        params.distinguished_name.push(DnType::CustomDnType(vec![1, 2, 3]), "unknown");
        params.not_before = date_time_ymd(1999, 12, 31);
        params.not_after = date_time_ymd(2050, 1, 1);
        let certificate = read(&params);
        assert_eq!(certificate.subject, "CN=localhost, O=Let's Example, C=DE");
        assert_eq!(certificate.issuer, "CN=Root");
        assert_eq!((certificate.not_before, certificate.not_after), (946_598_400, 2_524_608_000));
        assert!(!certificate.is_self_issued && certificate.rsa_bits.is_none());
        let root = Certificate::read(&Authority::new("Root").der).unwrap();
        assert!(root.is_self_issued && root.subject == "CN=Root");
        assert_eq!(root.subject_der, certificate.issuer_der);

        let mut empty = super::super::testing::params("", &["localhost"]);
        empty.distinguished_name = rcgen::DistinguishedName::new();
        assert_eq!(read(&empty).subject, "");
    }

    #[test]
    fn names_have_no_control_characters_and_a_limited_size() {
        let mut params = params("a\n\x1b[31m\0\u{202e}\u{2028}b", &[]);
        assert_eq!(read(&params).subject, "CN=a\\u000a\\u001b[31m\\u0000\\u202e\\u2028b");
        params.distinguished_name.push(DnType::OrganizationName, "ö".repeat(60_000));
        let subject = read(&params).subject;
        assert!(subject.chars().count() < 200 && subject.ends_with('…'), "{subject}");
        let mut params = super::super::testing::params("ignored", &[]);
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, DnValue::BmpString("bü€".try_into().unwrap()));
        params.distinguished_name.push(DnType::OrganizationName, DnValue::Ia5String("o".try_into().unwrap()));
        params.distinguished_name.push(DnType::LocalityName, DnValue::TeletexString("l".try_into().unwrap()));
        assert_eq!(read(&params).subject, "CN=bü€, O=o, L=l");
    }

    #[test]
    fn authorities_are_told_from_others() {
        let mut params = params("a", &[]);
        for (is_ca, may_issue) in
            [(IsCa::NoCa, false), (IsCa::ExplicitNoCa, false), (authority("").is_ca, true)]
        {
            params.is_ca = is_ca;
            params.key_usages.clear();
            assert_eq!(read(&params).may_issue, may_issue);
        }
        params.is_ca = IsCa::NoCa;
        params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
        assert!(read(&params).may_issue);
        params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
        assert!(!read(&params).may_issue);
        // An authority of version 1 has no extensions.
        let version_1 = decode(super::super::openssl_files::VERSION_1);
        assert!(Certificate::read(&version_1).unwrap().may_issue);
    }

    fn decode(pem: &str) -> Vec<u8> {
        super::super::pem::blocks(pem.as_bytes())[0].decode().unwrap().to_vec()
    }

    #[test]
    fn the_size_of_an_rsa_key_is_read() {
        let old = Certificate::read(&decode(super::super::openssl_files::RSA_1024_AUTHORITY)).unwrap();
        assert_eq!((old.rsa_bits, old.subject.as_str()), (Some(1024), "CN=Old CA"));
    }

    /// What a server sends may be anything.
    #[test]
    fn malformed_certificates_are_none_and_never_a_panic() {
        let root = Authority::new("Root");
        let good = [
            root.der.to_vec(),
            root.issue(&params("a", &["a.example", "127.0.0.1"])).chain[0].to_vec(),
            decode(super::super::openssl_files::VERSION_1),
            decode(super::super::openssl_files::RSA_1024_AUTHORITY),
        ];
        // A linear congruential generator: the same each time.
        let mut state = 1u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for der in &good {
            for end in 0..der.len() {
                assert_eq!(Certificate::read(&der[..end]), None);
            }
            for at in 0..der.len() {
                for value in [0, 1, 0x7F, 0x80, 0x84, 0xFF, der[at] ^ 1] {
                    let mut changed = der.clone();
                    changed[at] = value;
                    Certificate::read(&changed);
                    super::super::der::kind(&changed);
                }
            }
            for _ in 0..5000 {
                let mut changed = der.clone();
                for _ in 0..=random(8) {
                    let at = random(changed.len());
                    match random(3) {
                        0 => changed[at] = random(256) as u8,
                        1 => changed.insert(at, random(256) as u8),
                        _ => {
                            changed.remove(at);
                        }
                    }
                }
                if let Some(certificate) = Certificate::read(&changed) {
                    assert!(certificate.subject.len() < 1000);
                    dates::date(certificate.not_after, certificate.not_before);
                }
                super::super::der::kind(&changed);
            }
        }
        assert_eq!(Certificate::read(b""), None);
        assert_eq!(Certificate::read(b"\x30\x84\xff\xff\xff\xff"), None);
        assert_eq!(Certificate::read(b"\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff"), None);
    }
}
