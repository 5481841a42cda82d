//! Credentials appear in no log message, error or debug string, whatever becomes of a call.

use std::{
    collections::BTreeSet,
    fmt::Debug,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, Engine};
use prost::Message;
use triton_client::{
    CallHeaders, CallOptions, CancelToken, Client, ClientOptions, Error, LogLevel, StreamOptions,
};

use crate::{
    authentication::{request, run_stream, ways},
    support::{
        embedded::inference::ModelInferResponse,
        fault::{Grpc, GrpcResponse, Http, Response, refused_address, response},
    },
};

const TOKEN: &str = "Secret-of-the-default-token";
const USER: &str = "Secret-of-the-user";
const PASSWORD: &str = "Secret-of-the-password";
const COOKIE: &str = "Secret-of-the-cookie";
const PROXY: &str = "Secret-of-the-proxy";
const API_KEY: &str = "Secret-of-the-api-key";
const OTHER: &str = "Secret-of-another-header";
const BINARY: &str = "Secret-of-a-binary-header";
const KEY: &str = "Secret-of-the-restricted-key";
const QUERY: &str = "Secret-of-the-query";
const CALLBACK: &str = "Secret-of-the-callback";
const AGAIN: &str = "Secret-of-the-second-callback";
const PRIVATE: &str = "Secret-of-the-private-key";
const SET: &str = "Secret-of-the-servers-cookie";
const SECRETS: [&str; 14] =
    [TOKEN, USER, PASSWORD, COOKIE, PROXY, API_KEY, OTHER, BINARY, KEY, QUERY, CALLBACK, AGAIN, PRIVATE, SET];

/// All that the library has written.
#[derive(Clone, Default)]
struct Texts(Arc<Mutex<BTreeSet<String>>>);

impl Texts {
    fn add(&self, text: impl Into<String>) {
        self.0.lock().unwrap().insert(text.into());
    }

    fn debug(&self, value: &impl Debug) {
        self.add(format!("{value:?}"));
        self.add(format!("{value:#?}"));
    }

    fn error(&self, error: &Error) {
        self.add(error.to_string());
        self.add(error.full_message());
        self.debug(error);
        self.debug(&error.headers());
    }

    /// Asserts that no text contains a secret in any of the forms in which it could be written.
    fn expect_none(&self) {
        let texts = self.0.lock().unwrap();
        for secret in SECRETS {
            let mut forms = vec![secret.to_owned(), format!("{:?}", secret.as_bytes())];
            // Alone, and after a user and a colon.
            for plain in [secret.to_owned(), format!("{USER}:{PASSWORD}")] {
                for engine in [&BASE64_STANDARD, &BASE64_STANDARD_NO_PAD, &BASE64_URL_SAFE] {
                    forms.push(engine.encode(&plain));
                }
            }
            for text in &*texts {
                let found = forms.iter().find(|form| text.to_lowercase().contains(&form.to_lowercase()));
                assert_eq!(found, None, "{text}");
            }
        }
    }
}

/// What the server does with a request.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Accept,
    Refuse,
    Forbid,
    Redirect,
    Close,
    Garble,
    Silence,
}

const FATES: [Fate; 7] =
    [Fate::Accept, Fate::Refuse, Fate::Forbid, Fate::Redirect, Fate::Close, Fate::Garble, Fate::Silence];

fn http(fate: Fate, path: &str) -> Response {
    let json: &[u8] = match path.contains("/infer") {
        true => br#"{"model_name":"m","outputs":[]}"#,
        false => br#"{"a":1}"#,
    };
    let cookie = ("Set-Cookie", SET);
    match fate {
        Fate::Accept if path.contains("generate_stream") => {
            Response::Bytes(response(200, &[("Content-Type", "text/event-stream"), cookie], b"data: {}\n\n"))
        }
        Fate::Accept => Response::Bytes(response(200, &[("Content-Type", "application/json"), cookie], json)),
        Fate::Refuse => Response::Bytes(response(401, &[cookie], br#"{"error":"who are you?"}"#)),
        Fate::Forbid => Response::Bytes(response(403, &[cookie], b"<html>no</html>")),
        Fate::Redirect => Response::Bytes(response(302, &[("Location", "/login"), cookie], b"")),
        Fate::Close => Response::Close,
        Fate::Garble => Response::BytesThenClose(b"\x16\x03\x01 what?\r\n\r\n".to_vec()),
        Fate::Silence => Response::Silence,
    }
}

fn grpc(fate: Fate) -> GrpcResponse {
    let refused = |status| GrpcResponse::TrailersOnly { status, message: "no".into() };
    match fate {
        Fate::Accept => {
            let message = ModelInferResponse { model_name: "m".into(), ..Default::default() }.encode_to_vec();
            GrpcResponse::Headers { headers: vec![("set-cookie".into(), SET.into())], message }
        }
        Fate::Refuse => refused(16),
        Fate::Forbid => refused(7),
        Fate::Redirect => {
            GrpcResponse::HttpError { status: 302, content_type: "text/html".into(), body: b"<a>".to_vec() }
        }
        Fate::Close => GrpcResponse::CloseConnection,
        Fate::Garble => GrpcResponse::Raw { frames: vec![vec![0xff; 20]], trailers: Vec::new() },
        Fate::Silence => GrpcResponse::Silence,
    }
}

fn client_options(texts: &Texts) -> ClientOptions {
    let mut defaults = CallOptions::new();
    defaults.set_bearer_token(TOKEN).unwrap().add_header("x-other", OTHER).unwrap();
    defaults.add_header("x-other-bin", BINARY).unwrap().add_restricted_key("key", KEY).unwrap();
    texts.debug(&defaults);
    let mut options = ClientOptions::new();
    let log = texts.clone();
    options.set_log_callback(
        LogLevel::Trace,
        Arc::new(move |_, target: &str, text: &str| log.add(format!("{target}: {text}"))),
    );
    options.set_call_options(defaults).unwrap();
    options.set_tls_client_certificate(PRIVATE.as_bytes(), PRIVATE.as_bytes());
    options
}

fn call_options() -> CallOptions {
    let mut options = CallOptions::new();
    options.set_basic_auth(USER, PASSWORD).unwrap().add_header("Cookie", COOKIE).unwrap();
    options.add_header("Proxy-Authorization", PROXY).unwrap().add_header("X-Api-Key", API_KEY).unwrap();
    options.set_timeout(Some(Duration::from_millis(60))).unwrap();
    options
}

#[test]
fn no_secret_appears_in_logs_errors_and_debug_strings() {
    let texts = Texts::default();
    let fate = Arc::new(AtomicUsize::new(0));
    let received: Arc<Mutex<String>> = Arc::default();
    let (own, note) = (fate.clone(), received.clone());
    let http = Http::start(move |request| {
        *note.lock().unwrap() += &format!("{} {:?}", request.path, request.headers);
        http(FATES[own.load(Ordering::SeqCst)], &request.path)
    });
    let (own, note) = (fate.clone(), received.clone());
    let grpc = Grpc::start_with_metadata(move |_, metadata, _| {
        for (name, value) in metadata {
            *note.lock().unwrap() += &format!("{name}: {}", value.to_str().unwrap());
        }
        grpc(FATES[own.load(Ordering::SeqCst)])
    });
    let urls = [format!("http://{}", http.address()), format!("grpc://{}", grpc.address())];
    let refused = refused_address();
    for url in urls.iter().cloned().chain([format!("http://{refused}"), format!("grpc://{refused}")]) {
        let seen = texts.clone();
        let callback = move |headers: &mut CallHeaders<'_>| {
            headers.add("x-callback", if headers.was_refused() { AGAIN } else { CALLBACK })?;
            seen.debug(headers);
            Ok(())
        };
        let mut with_callback = client_options(&texts);
        with_callback.set_header_callback(Arc::new(callback));
        let mut failing = client_options(&texts);
        failing.set_header_callback(Arc::new(|headers| headers.add("x-callback\n", CALLBACK).map(drop)));
        let mut invalid = client_options(&texts);
        invalid
            .set_header_callback(Arc::new(|headers| headers.add("x-a", format!("{CALLBACK}\n")).map(drop)));
        for (is_sent, options) in
            [(true, client_options(&texts)), (true, with_callback), (false, failing), (false, invalid)]
        {
            texts.debug(&options);
            let client = Client::with_options(&url, &options).unwrap();
            texts.debug(&client);
            let mut options = call_options();
            if url.starts_with("http") {
                options.add_query_parameter("key", QUERY).unwrap();
            }
            texts.debug(&options);
            let reaches = is_sent && !url.ends_with(&refused.to_string());
            for at in 0..(if reaches { FATES.len() } else { 1 }) {
                fate.store(at, Ordering::SeqCst);
                for (_, call) in ways(&url) {
                    if let Err(error) = call(&client, &options) {
                        texts.error(&error);
                    }
                }
                match client.infer_with(&request(), &options) {
                    Ok(result) => texts.debug(&result),
                    Err(error) => texts.error(&error),
                }
                if let Ok(call) = client.infer_async(&request(), &options) {
                    texts.debug(&call);
                }
                if url.starts_with("grpc") {
                    let mut stream = StreamOptions::new();
                    texts.debug(stream.set_call_options(options.clone()).unwrap());
                    if let Err(error) = run_stream(&client, &options) {
                        texts.error(&error);
                    }
                }
                texts.debug(&client);
            }
            let token = CancelToken::new();
            token.cancel();
            options.set_cancel_token(Some(&token));
            for (_, call) in ways(&url) {
                texts.error(&call(&client, &options).unwrap_err());
            }
        }
    }
    for text in [
        format!("http://{USER}:{PASSWORD}@host"),
        format!("grpcs://{USER}:{PASSWORD}@host:1/?{QUERY}"),
        format!("{USER}:{PASSWORD}@host"),
        format!("http://host?key={QUERY}"),
    ] {
        texts.error(&Client::new(&text).unwrap_err());
        texts.error(&ClientOptions::new().set_metrics_url(&text).unwrap_err());
        texts.error(&ClientOptions::new().set_authority(&text).unwrap_err());
    }
    let mut options = CallOptions::new();
    let with_line_feed = |secret: &str| format!("{secret}\n");
    texts.error(&options.set_bearer_token(&with_line_feed(TOKEN)).unwrap_err());
    texts.error(&options.set_basic_auth(&with_line_feed(USER), PASSWORD).unwrap_err());
    texts.error(&options.set_basic_auth(USER, &with_line_feed(PASSWORD)).unwrap_err());
    texts.error(&options.add_header("cookie", with_line_feed(COOKIE)).unwrap_err());
    texts.error(&options.add_header("user-agent", OTHER).unwrap_err());
    texts.error(&options.add_header(&format!("cookie: {COOKIE}"), "").unwrap_err());
    texts.error(&options.add_restricted_key("key", &with_line_feed(KEY)).unwrap_err());
    texts.error(&options.set_http_path(&format!("/x?key={QUERY}")).unwrap_err());
    #[cfg(feature = "tls")]
    for url in ["https://host", "grpcs://host"] {
        texts.error(&Client::with_options(url, &client_options(&texts)).unwrap_err());
    }

    // All that were to be sent were.
    let received = received.lock().unwrap();
    let basic = BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"));
    for sent in [COOKIE, PROXY, API_KEY, OTHER, KEY, QUERY, CALLBACK, AGAIN, &basic] {
        assert!(received.contains(sent), "{sent}");
    }
    assert!(received.contains(&BASE64_STANDARD_NO_PAD.encode(BINARY)));
    let written = texts.0.lock().unwrap().len();
    assert!(written > 200, "{written}");
    texts.expect_none();
}
