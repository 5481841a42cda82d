//! Tests: handshakes with servers of rustls, in memory.

use std::sync::Arc;

use rcgen::{ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints, date_time_ymd};
use rustls::{
    CipherSuite, HandshakeKind, NamedGroup, ProtocolVersion,
    pki_types::{CertificateDer, pem::PemObject},
    version::{TLS12, TLS13},
};

use super::{TlsConfig, openssl_files, testing::*};
use crate::{
    error::{Origin, Status},
    options::{TlsOptions, TlsVersion},
    url::Url,
};

const URL: &str = "https://localhost";

/// Checks the message and the status of an error that no repetition changes.
#[track_caller]
fn expect(error: &crate::Error, status: Status, parts: &[&str]) {
    let text = error.full_message();
    check_text(&text);
    assert_eq!((error.status(), error.origin()), (status, Origin::Connection), "{text}");
    assert!(!error.is_retryable() && !error.is_in_doubt(), "{text}");
    for part in parts {
        assert!(text.contains(part), "no '{part}' in: {text}");
    }
}

#[test]
fn good_certificates_pass_in_both_versions_and_protocols() {
    let authority = Authority::new("Root");
    let intermediate = authority.intermediate(self::authority("Intermediate"));
    let identity =
        intermediate.issue(&params("ignored", &["localhost", "*.triton.example", "127.0.0.1", "::1"]));
    for (url, protocol) in [
        ("https://localhost", "http/1.1"),
        ("grpcs://LocalHost", "h2"),
        ("grpcs://localhost.", "h2"),
        ("https://a.triton.example/base", "http/1.1"),
        ("grpcs://127.0.0.1:8001", "h2"),
        ("https://[::1]", "http/1.1"),
        ("https://[::1%25lo]", "http/1.1"),
    ] {
        let tls = config(&options(Some(authority.source())), url).unwrap();
        for version in BOTH {
            let protocols = [protocol, "other"];
            let server = Server { versions: &[version], protocols: &protocols, ..Server::new(&identity) };
            let pair = connect(&tls, &server).unwrap();
            assert_eq!(pair.client.protocol_version(), Some(version.version), "{url}");
            assert_eq!(pair.client.alpn_protocol(), Some(protocol.as_bytes()), "{url}");
            // A server that selects none is accepted.
            let server = Server { versions: &[version], ..Server::new(&identity) };
            assert_eq!(connect(&tls, &server).unwrap().client.alpn_protocol(), None);
        }
    }
    // An intermediate authority may be the only one given.
    let tls = config(&options(Some(intermediate.source())), URL).unwrap();
    connect(&tls, &Server::new(&identity)).unwrap();
}

#[test]
fn sni_is_in_lower_case_and_absent_for_addresses() {
    let authority = Authority::new("Root");
    let identity = authority.issue(&params("a", &["localhost", "triton.example", "127.0.0.1"]));
    let sni = |url, name: Option<&str>| {
        let options =
            TlsOptions { server_name: name.map(str::to_owned), ..options(Some(authority.source())) };
        let pair = connect(&config(&options, url).unwrap(), &Server::new(&identity)).unwrap();
        pair.server.server_name().map(str::to_owned)
    };
    assert_eq!(sni("https://LOCALHOST", None).as_deref(), Some("localhost"));
    assert_eq!(sni("https://localhost.", None).as_deref(), Some("localhost"));
    assert_eq!(sni("https://127.0.0.1", None), None);
    assert_eq!(sni("https://127.0.0.1", Some("Triton.Example")).as_deref(), Some("triton.example"));
    assert_eq!(sni("https://localhost", Some("127.0.0.1")), None);
}

#[test]
fn names_that_no_certificate_is_checked_for_are_refused() {
    let with_name = |name: &str| TlsOptions {
        server_name: Some(name.to_owned()),
        verify_peer: false,
        ..TlsOptions::default()
    };
    for name in ["a b", "a..b", "-a", "*.x", ".", "[a]", "[]", "%lo", "bücher.example", "1.2.3", "a\nb"] {
        let error = config(&with_name(name), URL).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::InvalidArgument, Origin::Argument), "{name}");
        assert!(
            error.to_string().contains("tls_server_name") && !error.to_string().contains('\n'),
            "{error}"
        );
    }
    let error = config(&options(None), "https://127.1").unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    assert!(
        error.to_string().contains("'127.1'") && error.to_string().contains("tls_server_name"),
        "{error}"
    );
    for name in ["[::1]", "[fe80::1%lo]", "fe80::1%25lo", "xn--bcher-kva.example", "_x._y", "A.B."] {
        config(&with_name(name), URL).unwrap();
    }
}

#[test]
fn bad_certificates_are_refused_with_the_reason() {
    let authority = Authority::new("Root");
    let tls = config(&options(Some(authority.source())), URL).unwrap();
    let issue = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut params = params("leaf", &["localhost"]);
        change(&mut params);
        authority.issue(&params)
    };
    let expired = issue(&|params| params.not_after = date_time_ymd(2025, 2, 1));
    let early = issue(&|params| params.not_before = date_time_ymd(2097, 3, 1));
    let client = issue(&|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    let as_ca = issue(&|params| params.is_ca = self::authority("").is_ca);
    let mut expired_intermediate = self::authority("Intermediate");
    expired_intermediate.not_after = date_time_ymd(2024, 12, 31);
    let mut constrained = self::authority("Constrained");
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("triton.example".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let mut leaf_as_issuer = params("Leaf", &["localhost"]);
    leaf_as_issuer.is_ca = IsCa::ExplicitNoCa;
    let localhost = params("leaf", &["localhost"]);
    let today = super::dates::date(super::errors::now(), 0);
    for (identity, parts) in [
        (&expired, &["the server's certificate expired on 2025-02-01"][..]),
        (&early, &["the server's certificate is valid from 2097-03-01 only", "clock, which says", &today]),
        (&client, &["extended key usage lacks serverAuth", "client"]),
        (&as_ca, &["(CA:TRUE)", "openssl req -x509", "basicConstraints=CA:FALSE"]),
        (
            &authority.intermediate(expired_intermediate).issue(&localhost),
            &["the certificate of an authority", "expired on 2024-12-31"],
        ),
        (&authority.intermediate(constrained).issue(&localhost), &["invalid: name constraint violation"]),
        (&authority.intermediate(leaf_as_issuer).issue(&localhost), &["not of an authority (CA:FALSE)"]),
    ] {
        for version in BOTH {
            let server = Server { versions: &[version], ..Server::new(identity) };
            expect(&refused(&tls, &server), Status::Unavailable, parts);
        }
    }
}

#[test]
fn names_that_do_not_match_are_listed() {
    let authority = Authority::new("Root");
    for (url, names, parts) in [
        (
            "https://localhost",
            &["a.example", "*.b.example"][..],
            &["is for 'a.example', '*.b.example', not for 'localhost'", "set tls_server_name"][..],
        ),
        ("https://localhost", &[], &["no alternative name", "subjectAltName=DNS:localhost"]),
        ("https://127.0.0.1", &[], &["no alternative name", "subjectAltName=IP:127.0.0.1"]),
        (
            "https://127.0.0.1",
            &["localhost"],
            &["is for 'localhost', not for '127.0.0.1'", "no IP address", "connect by name"],
        ),
        ("https://[::1]", &["127.0.0.1", "10.0.0.1"], &["is for '127.0.0.1', '10.0.0.1', not for '::1'"]),
        ("https://b", &["a", "::1"], &["is for 'a', '::1', not for 'b'"]),
        ("https://localhost", &["127.0.0.1"], &["is for '127.0.0.1', not for 'localhost'"]),
        ("https://z", &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"], &["'h' and 2 more, not for 'z'"]),
    ] {
        let identity = authority.issue(&params("localhost", names));
        let tls = config(&options(Some(authority.source())), url).unwrap();
        expect(&refused(&tls, &Server::new(&identity)), Status::Unavailable, parts);
    }
}

#[test]
fn certificates_of_unknown_authorities_are_refused_with_their_issuer() {
    let authority = Authority::new("Root");
    let other = Authority::new("Other Root");
    let localhost = params("leaf", &["localhost"]);
    let folder = Folder::new();
    let tls = config(&options(Some(folder.file("ca.pem", authority.pem()))), URL).unwrap();
    let path = folder.0.join("ca.pem");
    let file = format!("CA file '{}'", path.display());

    let error = refused(&tls, &Server::new(&other.issue(&localhost)));
    let parts = ["('CN=leaf', issued by 'CN=Other Root')", &file, "if that is an intermediate authority"];
    expect(&error, Status::Unavailable, &parts);

    let intermediate = authority.intermediate(self::authority("Intermediate"));
    let mut identity = intermediate.issue(&localhost);
    identity.chain.truncate(1);
    let error = refused(&tls, &Server::new(&identity));
    expect(
        &error,
        Status::Unavailable,
        &["issued by 'CN=Intermediate'", "the server must send its certificate"],
    );

    let identity = other.intermediate(self::authority("Intermediate")).issue(&localhost);
    let error = refused(&tls, &Server::new(&identity));
    expect(&error, Status::Unavailable, &["issued by 'CN=Intermediate'", "root authority"]);
    assert!(!error.to_string().contains("must send"), "{error}");

    let error = refused(&tls, &Server::new(&Identity::self_signed(&localhost)));
    expect(&error, Status::Unavailable, &["('CN=leaf') is self-signed", &file, "add this certificate"]);

    // An authority that was replaced under its old name.
    let error = refused(&tls, &Server::new(&Authority::new("Root").issue(&localhost)));
    expect(&error, Status::Unavailable, &["does not match the key of 'CN=Root'", &file, "replaced"]);
}

/// rustls has no version of an error that carries the certificate: none of another connection may be named.
#[test]
fn a_message_names_the_certificate_of_its_own_connection() {
    let authority = Authority::new("Root");
    let tls = config(&options(Some(authority.source())), URL).unwrap();
    let localhost = |name| Identity::self_signed(&params(name, &["localhost"]));
    let (one, two) = (localhost("one"), localhost("two"));
    std::thread::scope(|scope| {
        for (identity, name) in [(&one, "CN=one"), (&two, "CN=two")] {
            let tls = &tls;
            scope.spawn(move || {
                for _ in 0..20 {
                    expect(&refused(tls, &Server::new(identity)), Status::Unavailable, &[name]);
                }
            });
        }
    });
    let good = authority.issue(&params("good", &["localhost"]));
    connect(&tls, &Server::new(&good)).unwrap();
    assert!(super::verifier::take_refused().is_none());
}

#[test]
fn the_server_learns_the_reason_by_the_alert() {
    use rustls::AlertDescription as A;

    let authority = Authority::new("Root");
    let tls = config(&options(Some(authority.source())), URL).unwrap();
    let mut expired = params("leaf", &["localhost"]);
    expired.not_after = date_time_ymd(2025, 2, 1);
    for (identity, alert) in [
        (Identity::self_signed(&params("a", &["localhost"])), A::UnknownCA),
        (authority.issue(&expired), A::CertificateExpired),
        (authority.issue(&params("a", &["b"])), A::BadCertificate),
    ] {
        let mut pair = Pair::new(&tls, address(1), &Server::new(&identity).config());
        pair.run().unwrap_err();
        assert_eq!(pair.server_error, Some(rustls::Error::AlertReceived(alert)));
    }
}

#[test]
fn a_servers_own_certificate_that_is_given_is_accepted_with_its_name_and_dates() {
    let kinds = [self::authority("").is_ca, IsCa::ExplicitNoCa, IsCa::NoCa];
    for is_ca in kinds {
        let make = |names: &[&str], year| {
            let mut params = params("self", names);
            params.is_ca = is_ca;
            params.not_after = date_time_ymd(year, 1, 1);
            Identity::self_signed(&params)
        };
        let good = make(&["localhost"], 2999);
        let tls = config(&options(Some(memory(good.pem()))), URL).unwrap();
        for version in BOTH {
            connect(&tls, &Server { versions: &[version], ..Server::new(&good) }).unwrap();
        }
        // In a bundle too.
        let bundle = [Authority::new("Root").pem(), good.pem()].concat();
        connect(&config(&options(Some(memory(bundle))), URL).unwrap(), &Server::new(&good)).unwrap();
        for (bad, part) in [
            (make(&["a.example"], 2999), "is for 'a.example', not for 'localhost'"),
            (make(&["localhost"], 2025), "expired on 2025-01-01"),
        ] {
            let tls = config(&options(Some(memory(bad.pem()))), URL).unwrap();
            expect(&refused(&tls, &Server::new(&bad)), Status::Unavailable, &[part]);
        }
        // Another one of the same name.
        let error = refused(&tls, &Server::new(&make(&["localhost"], 2999)));
        assert_eq!(error.status(), Status::Unavailable);
        check_text(&error.full_message());
    }
    // One that is issued by an authority which is not given.
    let leaf = Authority::new("Unknown").issue(&params("leaf", &["localhost"]));
    let tls = config(&options(Some(memory(pem("CERTIFICATE", &leaf.chain[0])))), URL).unwrap();
    connect(&tls, &Server::new(&leaf)).unwrap();
}

/// webpki accepts any certificate that is given as an authority's.
#[test]
fn a_servers_own_certificate_that_is_given_cannot_issue_others() {
    for is_ca in [IsCa::ExplicitNoCa, IsCa::NoCa] {
        let mut params = params("Server", &["localhost"]);
        params.is_ca = is_ca;
        let key = rcgen::KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap();
        let tls = config(&options(Some(memory(own.pem()))), URL).unwrap();
        let forged_key = rcgen::KeyPair::generate().unwrap();
        let forged = super::testing::params("forged", &["localhost"])
            .signed_by(&forged_key, &rcgen::Issuer::new(params, key))
            .unwrap();
        let forged =
            Identity { chain: vec![forged.der().clone(), own.der().clone()], key: der_of(&forged_key) };
        let error = refused(&tls, &Server::new(&forged));
        assert_eq!(error.status(), Status::Unavailable, "{error}");
        assert!(
            error.to_string().contains("not") && error.to_string().contains("of an authority"),
            "{error}"
        );
    }
}

#[test]
fn each_verification_can_be_switched_off_and_is_logged() {
    let authority = Authority::new("Root");
    let wrong_name = authority.issue(&params("a", &["a.example"]));
    let unknown = Identity::self_signed(&params("b", &["localhost"]));
    let unknown_wrong = Identity::self_signed(&params("c", &["a.example"]));
    for (verify_peer, verify_host, accepted) in [
        (true, true, [false; 3]),
        (false, true, [false, true, false]),
        (true, false, [true, false, false]),
        (false, false, [true; 3]),
    ] {
        let options = TlsOptions { verify_peer, verify_host, ..options(Some(authority.source())) };
        let (log, lines) = log();
        let tls = Arc::new(TlsConfig::new(&options, &Url::parse(URL).unwrap(), &log).unwrap());
        let warnings = lines.lock().unwrap().join("\n");
        assert_eq!(warnings.contains("tls_verify_peer"), !verify_peer, "{warnings}");
        assert_eq!(warnings.contains("tls_verify_host"), !verify_host, "{warnings}");
        assert!(warnings.is_empty() || warnings.contains("https://localhost:443"), "{warnings}");
        for (identity, is_accepted) in [&wrong_name, &unknown, &unknown_wrong].into_iter().zip(accepted) {
            for version in BOTH {
                let server = Server { versions: &[version], ..Server::new(identity) };
                assert_eq!(connect(&tls, &server).is_ok(), is_accepted, "{verify_peer} {verify_host}");
            }
        }
    }
    // Without verification, no authorities are read.
    let options = TlsOptions { verify_peer: false, ..options(None) };
    connect(&config(&options, URL).unwrap(), &Server::new(&unknown)).unwrap();
}

#[test]
fn a_server_that_requires_a_client_certificate_is_told_from_one_that_fails() {
    let authority = Authority::new("Root");
    let clients = Authority::new("Clients");
    let identity = authority.issue(&params("leaf", &["localhost"]));
    let plain = options(Some(authority.source()));
    let mut expired = client("expired");
    expired.not_after = date_time_ymd(2025, 2, 1);
    let expired = clients.issue(&expired);
    let stranger = Authority::new("Strangers").issue(&client("stranger"));
    let server_only = {
        let mut params = params("server", &[]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        clients.issue(&params)
    };
    for version in BOTH {
        let server =
            Server { versions: &[version], clients: Some((&clients, true)), ..Server::new(&identity) };
        let good = with_client(plain.clone(), &clients.issue(&client("client")));
        let pair = connect(&config(&good, URL).unwrap(), &server).unwrap();
        assert!(pair.moment().asked && pair.server.peer_certificates().is_some());
        for (options, part) in [
            (plain.clone(), "the server requires a client certificate: set one"),
            (with_client(plain.clone(), &stranger), "client certificate data: it is signed by no authority"),
            (with_client(plain.clone(), &expired), "client certificate data: it expired on 2025-02-01"),
            (with_client(plain.clone(), &server_only), "not for client authentication"),
        ] {
            let tls = config(&options, URL).unwrap();
            expect(&refused(&tls, &server), Status::Unauthenticated, &[part]);
            // Triton closes without an alert.
            let mut pair = Pair::new(&tls, address(1), &server.config());
            let _ = pair.run();
            assert!(pair.moment().asked);
            let error = tls.closed(pair.moment()).unwrap();
            let part = if options.client.is_some() { "client certificate data" } else { "requires" };
            expect(&error, Status::Unauthenticated, &[part]);
        }
        // A server that requests one and does not require it.
        let server = Server { clients: Some((&clients, false)), ..server };
        let pair = connect(&config(&plain, URL).unwrap(), &server).unwrap();
        assert!(pair.moment().asked && pair.server.peer_certificates().is_none());
        let server = Server { clients: None, ..server };
        let pair = connect(&config(&good, URL).unwrap(), &server).unwrap();
        assert!(!pair.moment().asked);
        let moment = super::Moment { in_handshake: false, ..pair.moment() };
        assert!(config(&plain, URL).unwrap().closed(moment).is_none());
    }
}

#[test]
fn sessions_are_resumed_at_each_address_of_a_name() {
    let authority = Authority::new("Root");
    let identity = authority.issue(&params("leaf", &["localhost"]));
    let clients = Authority::new("Clients");
    let plain = options(Some(authority.source()));
    let with_client = with_client(plain.clone(), &clients.issue(&client("client")));
    for version in BOTH {
        for options in [&plain, &with_client] {
            let clients = options.client.as_ref().map(|_| (&clients, true));
            let server = Server { versions: &[version], clients, ..Server::new(&identity) };
            // Two servers of one name, which do not accept the tickets of each other.
            let servers = [server.config(), server.config()];
            let tls = config(options, URL).unwrap();
            let connect = |number: u8| {
                let pair = connect_to(&tls, address(number), &servers[usize::from(number)]).unwrap();
                pair.client.handshake_kind()
            };
            assert_eq!([connect(0), connect(1)], [Some(HandshakeKind::Full); 2]);
            for _ in 0..6 {
                assert_eq!([connect(0), connect(1)], [Some(HandshakeKind::Resumed); 2], "{version:?}");
            }
            // Another client has its own.
            let other = config(options, URL).unwrap();
            let pair = connect_to(&other, address(0), &servers[0]).unwrap();
            assert_eq!(pair.client.handshake_kind(), Some(HandshakeKind::Full));
        }
    }
}

#[test]
fn sessions_are_kept_for_a_limited_number_of_addresses_and_for_those_in_use() {
    let authority = Authority::new("Root");
    let tls = config(&options(Some(authority.source())), URL).unwrap();
    let in_use = tls.for_address(address(0));
    let weak = |number| Arc::downgrade(&tls.for_address(address(number)));
    let first = weak(1);
    let kept = weak(2);
    for number in 3..64 {
        tls.for_address(address(number));
    }
    assert!(first.upgrade().is_some());
    tls.for_address(address(2));
    tls.for_address(address(64));
    assert!(first.upgrade().is_none() && kept.upgrade().is_some());
    for number in 65..200 {
        tls.for_address(address(number));
    }
    assert!(kept.upgrade().is_none());
    assert!(Arc::ptr_eq(&in_use, &tls.for_address(address(0))));
    assert_eq!(tls.addresses().configs.len(), super::MAX_ADDRESSES);
    // More connections than that.
    let all: Vec<_> = (0..100).map(|number| tls.for_address(address(number))).collect();
    assert!(
        all.iter().zip(0..).all(|(config, number)| Arc::ptr_eq(config, &tls.for_address(address(number))))
    );
}

/// As Triton 2.51.
#[test]
fn a_grpc_server_that_knows_only_p_256_takes_no_second_round_trip() {
    let authority = Authority::new("Root");
    let identity = authority.issue(&params("ignored", &["localhost"]));
    for (url, kind) in [
        ("grpcs://localhost", HandshakeKind::Full),
        ("https://localhost", HandshakeKind::FullWithHelloRetryRequest),
    ] {
        let tls = config(&options(Some(authority.source())), url).unwrap();
        let mut server = (*Server::new(&identity).config()).clone();
        let mut provider = (**server.crypto_provider()).clone();
        provider.kx_groups.retain(|group| group.name() == NamedGroup::secp256r1);
        let builder = rustls::ServerConfig::builder_with_provider(Arc::new(provider));
        let resolver = server.cert_resolver.clone();
        server = builder
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        let mut pair = Pair::new(&tls, address(1), &Arc::new(server));
        pair.run().unwrap();
        assert_eq!(pair.client.handshake_kind(), Some(kind), "{url}");
    }
}

#[test]
fn versions_protocols_and_suites_in_common_are_required() {
    let authority = Authority::new("Root");
    let identity = authority.issue(&params("leaf", &["localhost"]));
    let options = TlsOptions { min_version: TlsVersion::V1_3, ..options(Some(authority.source())) };
    let new_only = config(&options, URL).unwrap();
    let error = refused(&new_only, &Server { versions: &[&TLS12], ..Server::new(&identity) });
    let parts = ["no TLS version in common", "1.3 only (option tls_min_version)"];
    expect(&error, Status::Unavailable, &parts);
    connect(&new_only, &Server { versions: &[&TLS13], ..Server::new(&identity) }).unwrap();

    let options = TlsOptions { min_version: TlsVersion::V1_2, ..options };
    for (url, other, part) in [
        ("grpcs://localhost", "http/1.1", "does not offer HTTP/2 over TLS at this port"),
        ("https://localhost", "h2", "does not offer HTTP/1.1 over TLS at this port"),
    ] {
        for version in BOTH {
            let server = Server { versions: &[version], protocols: &[other], ..Server::new(&identity) };
            let error = refused(&config(&options, url).unwrap(), &server);
            expect(&error, Status::Unavailable, &[part]);
        }
    }
    // AES-128 is the client's first choice, which rustls's servers ignore.
    let tls = config(&options, URL).unwrap();
    let suites: Vec<_> = tls
        .base
        .crypto_provider()
        .cipher_suites
        .iter()
        .map(|suite| (suite.version().version, suite.suite()))
        .collect();
    let first = |version| suites.iter().find(|row| row.0 == version).map(|row| row.1);
    assert_eq!(first(ProtocolVersion::TLSv1_3), Some(CipherSuite::TLS13_AES_128_GCM_SHA256));
    assert_eq!(first(ProtocolVersion::TLSv1_2), Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256));
    assert_eq!(suites.len(), rustls::crypto::ring::ALL_CIPHER_SUITES.len());
}

#[test]
fn a_port_without_tls_is_recognized() {
    let authority = Authority::new("Root");
    let identity = authority.issue(&params("leaf", &["localhost"]));
    for (url, hint) in [
        ("https://localhost", "use an http:// URL; Triton's own HTTP port never has TLS"),
        ("grpcs://localhost", "use a grpc:// URL"),
    ] {
        let tls = config(&options(Some(authority.source())), url).unwrap();
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"[..],
            b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"220 mail.example ESMTP\r\n",
        ] {
            let mut pair = Pair::new(&tls, address(1), &Server::new(&identity).config());
            let error = pair.receive(bytes).unwrap_err();
            expect(&error, Status::Unavailable, &["does not speak TLS at this port", hint]);
        }
        // A server that restarts closes in the same way.
        let error = tls.closed(super::Moment::BEFORE).unwrap();
        check_text(error.full_message().trim_end_matches(')'));
        assert!(error.to_string().contains(hint) && error.to_string().contains("does this port speak TLS?"));
        assert_eq!((error.status(), error.is_retryable()), (Status::Unavailable, true));
        let moment = super::Moment { heard: true, ..super::Moment::BEFORE };
        let error = tls.closed(moment).unwrap();
        assert!(error.is_retryable() && !error.is_in_doubt() && !error.to_string().contains(hint), "{error}");
    }
}

#[test]
fn a_certificate_with_an_unsupported_signature_is_refused_with_its_name() {
    let authority = Authority::new("Root");
    let tls = config(&options(Some(authority.source())), URL).unwrap();
    let mut identity = authority.issue(&params("leaf", &["localhost"]));
    // ECDSA with SHA-256 becomes one with SHA-512.
    let mut der = identity.chain[0].to_vec();
    let (from, to) = (b"\x2A\x86\x48\xCE\x3D\x04\x03\x02", b"\x2A\x86\x48\xCE\x3D\x04\x03\x04");
    while let Some(at) = der.windows(from.len()).position(|window| window == from) {
        der[at..at + to.len()].copy_from_slice(to);
    }
    identity.chain[0] = der.into();
    let error = refused(&tls, &Server::new(&identity));
    expect(&error, Status::Unavailable, &["unsupported algorithm (ECDSA with SHA-512)"]);
}

/// webpki cannot parse certificates of version 1; they have no alternative names.
#[test]
fn a_certificate_of_version_1_is_refused_unless_nothing_is_verified() {
    let identity = Identity {
        chain: vec![CertificateDer::from_pem_slice(openssl_files::VERSION_1.as_bytes()).unwrap()],
        key: sec1_key(),
    };
    let authority = Authority::new("Root");
    let mut options = options(Some(authority.source()));
    for version in BOTH {
        let server = Server { versions: &[version], ..Server::new(&identity) };
        let error = refused(&config(&options, URL).unwrap(), &server);
        expect(&error, Status::Unavailable, &["not of X.509 version 3"]);
    }
    (options.verify_peer, options.verify_host) = (false, false);
    for version in BOTH {
        let server = Server { versions: &[version], ..Server::new(&identity) };
        connect(&config(&options, URL).unwrap(), &server).unwrap();
    }
}
