//! Recognizes the kinds of files that begin with a DER sequence: certificates, keys, and containers of them.

use super::certificate::{Certificate, Der};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
/// 1.2.840.113549.1.7, of PKCS#7.
const PKCS7: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07";
/// 1.2.840.113549.1.5 and 1.2.840.113549.1.12.1, of encryption by a password.
const PASSWORD_BASED: [&[u8]; 2] =
    [b"\x2A\x86\x48\x86\xF7\x0D\x01\x05", b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x01"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Certificate,
    Pkcs8,
    Pkcs1,
    Sec1,
    EncryptedKey,
    PublicKey,
    Pkcs7,
    Pkcs12,
}

/// Returns whether a file begins like DER.
pub(super) fn is_der(bytes: &[u8]) -> bool {
    bytes.first() == Some(&SEQUENCE)
}

/// Returns what a DER file is; `None` if it is none of these, or cut off.
pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    if Certificate::read(bytes).is_some() {
        return Some(Kind::Certificate);
    }
    let mut all = Der(outer(bytes)?);
    let (first_tag, first) = all.next()?;
    match first_tag {
        OBJECT_ID => first.starts_with(PKCS7).then_some(Kind::Pkcs7),
        SEQUENCE => {
            let algorithm = Der(first).expect(OBJECT_ID)?;
            match all.next()?.0 {
                OCTET_STRING if PASSWORD_BASED.iter().any(|id| algorithm.starts_with(id)) => {
                    Some(Kind::EncryptedKey)
                }
                BIT_STRING => Some(Kind::PublicKey),
                _ => None,
            }
        }
        INTEGER => {
            // A container may be in BER, of indefinite size: its tag is enough.
            let second = *all.0.first()?;
            match (first, second) {
                ([3], SEQUENCE) => Some(Kind::Pkcs12),
                (_, SEQUENCE) => Some(Kind::Pkcs8),
                (_, INTEGER) => Some(Kind::Pkcs1),
                (_, OCTET_STRING) => Some(Kind::Sec1),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The content of the outer sequence, which may be of indefinite size.
fn outer(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [SEQUENCE, 0x80, rest @ ..] => Some(rest),
        _ => Der(bytes).expect(SEQUENCE),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{openssl_files as files, pem, testing},
        *,
    };

    #[test]
    fn files_of_openssl_are_recognized() {
        let decode = |pem: &str| pem::blocks(pem.as_bytes()).last().unwrap().decode().unwrap().to_vec();
        for (der, expected) in [
            (decode(files::VERSION_1), Kind::Certificate),
            (decode(files::RSA_1024_AUTHORITY), Kind::Certificate),
            (testing::Authority::new("Root").der.to_vec(), Kind::Certificate),
            (decode(files::SEC1), Kind::Sec1),
            (decode(files::SEC1_WITH_PARAMETERS), Kind::Sec1),
            (decode(files::PKCS1), Kind::Pkcs1),
            (rcgen::KeyPair::generate().unwrap().serialize_der(), Kind::Pkcs8),
            (decode(files::ENCRYPTED), Kind::EncryptedKey),
            (testing::from_base64(files::ENCRYPTED_DER), Kind::EncryptedKey),
            (decode(files::PUBLIC_KEY), Kind::PublicKey),
            (decode(files::PKCS7), Kind::Pkcs7),
            (testing::from_base64(files::PKCS7_DER), Kind::Pkcs7),
            (testing::from_base64(files::PKCS12), Kind::Pkcs12),
        ] {
            assert_eq!(kind(&der), Some(expected));
            assert!(is_der(&der));
            for end in 0..der.len() {
                assert_eq!(kind(&der[..end]), None, "{expected:?} cut off");
            }
        }
        assert_eq!(kind(&decode(files::REQUEST)), None);
        // Indefinite sizes, as older tools write them.
        let mut indefinite = testing::from_base64(files::PKCS12);
        indefinite.splice(1..4, [0x80]);
        assert_eq!(kind(&indefinite), Some(Kind::Pkcs12));
    }
}
