//! Extracts the reason from the body of an HTTP error, for the formats of Triton, other servers of the
//! protocol and proxies.
//!
//! The member `input` of FastAPI's errors is never shown: it repeats the caller's tensor.

use std::borrow::Cow;

use jiter::{Jiter, JiterResult, Peek};

use crate::{
    error::{Excerpt, REASON_BYTE_SIZE},
    proto::without_bom,
};

/// The maximum number of bytes read of an error's body. FastAPI's errors repeat the request before or after
/// the reason.
pub(crate) const READ_BYTE_SIZE: u64 = 1 << 20;

/// The maximum depth of a reason in JSON.
const MAX_DEPTH: usize = 4;

/// The maximum number of characters shown of a page or of an unexpected body.
const FIRST_WORDS: usize = 200;

/// Returns the reason in a body; blank if there is none. It is slightly longer than the maximum that is
/// shown, so that truncation is marked. A body of an unknown format is returned as the reason, on one line.
pub(crate) fn reason(body: &[u8]) -> String {
    let text = start_of(body);
    if let Some(page) = page(&text) {
        return page;
    }
    if let Some(reason) = in_json(&text).or_else(|| traceback(&text)) {
        return reason;
    }
    let start = text.trim();
    let is_cut = body.len() as u64 >= READ_BYTE_SIZE;
    if start.starts_with(['{', '[']) && (is_cut || start.contains(INPUT)) {
        let bytes = body.len();
        let start = Excerpt::of(before_input(start), FIRST_WORDS);
        return format!("no reason within the first {bytes} bytes of the response: {start}");
    }
    one_line(start, REASON_BYTE_SIZE + 1)
}

/// Describes an unexpected body, for a message "expected X, got Y".
pub(crate) fn describe(body: &[u8]) -> String {
    let text = start_of(body);
    let text = text.trim();
    if let Some(page) = page(text) {
        return format!("an HTML page: '{page}'");
    }
    let what = match text.as_bytes().first() {
        None => return "an empty body".to_owned(),
        Some(b'{') => "the JSON object ",
        Some(b'[') => "the JSON array ",
        Some(_) => "",
    };
    let shown = before_input(text);
    let start = one_line(shown, FIRST_WORDS + 1);
    let end = if shown.len() < text.len() { "…" } else { "" };
    format!("{what}'{}{end}'", Excerpt::of(&start, FIRST_WORDS))
}

/// Returns the reason in JSON that may be cut, at most a little more than [`REASON_BYTE_SIZE`] bytes of it;
/// `None` if there is none. It is the member `error` (Triton), `message` (TorchServe) or `detail` (FastAPI,
/// each entry of a list as `loc: msg`), or else a member that other servers use. If `error` is blank or only
/// an HTTP reason phrase (Spring), `message` takes precedence.
pub(crate) fn in_json(json: &str) -> Option<String> {
    let mut walk = Walk { json, reader: Jiter::new(json.as_bytes()).with_allow_inf_nan(), is_over: false };
    match walk.step(|reader| reader.peek())? {
        Peek::Object => walk.object(0),
        Peek::Array => walk.list(0).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// Returns the reason of a JSON object that is an error in one of the usual forms and nothing else. An output
/// named `error` has `model_name` beside it.
pub(crate) fn embedded_error(json: &[u8]) -> Option<String> {
    const USUAL: [&str; 21] = [
        "error",
        "errors",
        "error_code",
        "error_type",
        "type",
        "code",
        "status",
        "status_code",
        "statusCode",
        "message",
        "detail",
        "details",
        "object",
        "param",
        "timestamp",
        "path",
        "id",
        "request_id",
        "requestId",
        "title",
        "reason",
    ];
    let json = str::from_utf8(without_bom(json)).ok()?;
    let (mut is_usual, mut is_marked) = (true, false);
    let (mut has_error, mut has_nested, mut has_detail, mut has_message) = (false, false, false, false);
    let mut reader = Jiter::new(json.as_bytes()).with_allow_inf_nan();
    let mut next = reader.next_object().ok()?.map(str::to_owned);
    while let Some(name) = next {
        let peek = reader.peek().ok()?;
        let start = reader.current_index();
        reader.known_skip(peek).ok()?;
        let value = json.get(start..reader.current_index())?;
        match name.as_str() {
            "error" if peek == Peek::String => has_error = true,
            "error" if peek == Peek::Object => has_nested = in_json(value).is_some(),
            "error" => is_marked |= peek == Peek::True,
            "errors" => has_detail = peek == Peek::Array && in_json(value).is_some(),
            "detail" => has_detail = matches!(peek, Peek::String | Peek::Array | Peek::Object),
            "message" => has_message = peek == Peek::String,
            "object" | "type" => is_marked |= value == "\"error\"",
            "code" | "status" | "status_code" | "statusCode" => {
                let number = value.trim_matches('"');
                is_marked |=
                    value == "\"error\"" || number.parse().is_ok_and(|code: u16| (400..600).contains(&code));
            }
            "model_name" | "outputs" => return None,
            _ => {}
        }
        is_usual &= USUAL.contains(&name.as_str());
        next = reader.next_key().ok()?.map(str::to_owned);
    }
    reader.finish().ok()?;
    let is_error = has_nested || is_usual && (has_error || has_detail || has_message && is_marked);
    is_error.then(|| in_json(json).unwrap_or_default())
}

/// Returns whether a JSON object has a member `error` that is a string or an object.
pub(crate) fn has_error(json: &[u8]) -> bool {
    let mut reader = Jiter::new(json).with_allow_inf_nan();
    let mut has_error = || {
        let mut next = reader.next_object()?.map(|name| name == "error");
        while let Some(is_error) = next {
            let peek = reader.peek()?;
            if is_error && matches!(peek, Peek::String | Peek::Object) {
                return Ok(true);
            }
            reader.known_skip(peek)?;
            next = reader.next_key()?.map(|name| name == "error");
        }
        JiterResult::Ok(false)
    };
    has_error().unwrap_or(false)
}

/// A reader of JSON that may be cut or malformed.
struct Walk<'j> {
    json: &'j str,
    reader: Jiter<'j>,
    /// Whether the end was reached, or enough was read.
    is_over: bool,
}

/// The meaning of a member of an error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Error,
    Message,
    Detail,
    Location,
    Kind,
    /// OAuth's `error_description`, beside the code in `error`.
    Description,
    /// A member of problem details (RFC 9457), Elasticsearch, AWS and others; used only without any other
    /// reason.
    Title,
    /// An object that contains the reason, as in Seldon and Apigee; any other value is ignored.
    Within,
    Other,
}

impl Member {
    fn from(name: &str) -> Self {
        match name {
            "error" => Self::Error,
            "message" | "msg" => Self::Message,
            "detail" | "errors" => Self::Detail,
            "loc" => Self::Location,
            "type" => Self::Kind,
            "error_description" => Self::Description,
            "title" | "reason" | "description" | "Message" | "error_message" | "error_msg" | "info"
            | "faultstring" => Self::Title,
            "status" | "fault" => Self::Within,
            _ => Self::Other,
        }
    }
}

impl<'j> Walk<'j> {
    /// Advances the reader; `None` at the end of the readable JSON.
    fn step<T>(&mut self, step: impl FnOnce(&mut Jiter<'j>) -> JiterResult<T>) -> Option<T> {
        let outcome = step(&mut self.reader).ok();
        self.is_over |= outcome.is_none();
        outcome
    }

    /// Reads the text of a value: a string's content, or the reason in an array or object.
    fn value(&mut self, depth: usize) -> Option<String> {
        let peek = self.step(|reader| reader.peek())?;
        let start = self.reader.current_index();
        let text = match peek {
            Peek::Object if depth < MAX_DEPTH => self.object(depth + 1),
            Peek::Array if depth < MAX_DEPTH => self.list(depth + 1).filter(|text| !text.is_empty()),
            peek => {
                self.step(|reader| reader.known_skip(peek));
                None
            }
        };
        let whole = match self.is_over {
            true => &self.json[start..],
            false => self.json.get(start..self.reader.current_index())?,
        };
        match peek {
            _ if text.is_some() => text,
            Peek::String => {
                let text = unescaped(&whole[1..]);
                Some(traceback(&text).unwrap_or(text))
            }
            Peek::Array | Peek::Object if whole.contains(INPUT) => None,
            Peek::Array | Peek::Object => Some(Excerpt::of(whole, REASON_BYTE_SIZE).to_string()),
            peek if peek.is_num() => Some(Excerpt::of(whole, REASON_BYTE_SIZE).to_string()),
            _ => None,
        }
    }

    /// Reads the reason in an object.
    fn object(&mut self, depth: usize) -> Option<String> {
        let (mut error, mut message, mut detail, mut location, mut kind) = (None, None, None, None, None);
        let (mut description, mut title) = (None, None);
        let mut next = self.step(|reader| Ok(reader.next_object()?.map(Member::from))).flatten();
        while let Some(member) = next {
            let (to, value) = match member {
                Member::Error => (&mut error, self.value(depth)),
                Member::Message => (&mut message, self.value(depth)),
                Member::Detail => (&mut detail, self.value(depth)),
                Member::Kind => (&mut kind, self.value(MAX_DEPTH)),
                Member::Location => (&mut location, self.location()),
                Member::Description => (&mut description, self.value(depth)),
                Member::Title => (&mut title, self.value(depth)),
                Member::Within => (&mut title, self.within(depth)),
                Member::Other => {
                    self.step(|reader| reader.next_skip());
                    (&mut kind, None)
                }
            };
            if to.is_none() {
                *to = value;
            }
            if self.is_over {
                break;
            }
            next = self.step(|reader| Ok(reader.next_key()?.map(Member::from))).flatten();
        }
        let is_vague = |text: &String| matches!(text.trim(), "" | "{}" | "[]") || is_reason_phrase(text);
        let text = match (error, description) {
            (Some(error), Some(description)) => Some(format!("{error}: {description}")),
            (error, description) => error.or(description),
        };
        let text = match text {
            Some(error) if is_vague(&error) => message.or(detail).or(Some(error)),
            text => text.or(message).or(detail).or(title),
        };
        match location {
            None => text,
            Some(location) => text.or(kind).map(|text| format!("{location}: {text}")),
        }
    }

    /// Reads the reason in a value that is an object; `None` for any other value.
    fn within(&mut self, depth: usize) -> Option<String> {
        match self.step(|reader| reader.peek())? {
            Peek::Object if depth < MAX_DEPTH => self.object(depth + 1),
            peek => {
                self.step(|reader| reader.known_skip(peek));
                None
            }
        }
    }

    /// Reads the reasons in a list, joined.
    fn list(&mut self, depth: usize) -> Option<String> {
        let mut texts = String::new();
        let mut next = self.step(|reader| reader.next_array())?;
        while next.is_some() {
            if let Some(text) = self.value(depth) {
                texts.push_str(if texts.is_empty() { "" } else { "; " });
                texts.push_str(&text);
            }
            self.is_over |= texts.len() > REASON_BYTE_SIZE;
            if self.is_over {
                break;
            }
            next = self.step(|reader| reader.array_step()).flatten();
        }
        Some(texts)
    }

    /// Reads FastAPI's `loc`: `["body", "inputs", 0]` becomes `body.inputs.0`.
    fn location(&mut self) -> Option<String> {
        if self.step(|reader| reader.peek())? != Peek::Array {
            return self.value(MAX_DEPTH);
        }
        let mut path = String::new();
        let mut next = self.step(|reader| reader.next_array())?;
        while next.is_some() {
            let part = self.value(MAX_DEPTH).unwrap_or_default();
            path.push_str(if path.is_empty() { "" } else { "." });
            path.push_str(&Excerpt::of(&part, FIRST_WORDS).to_string());
            self.is_over |= path.len() > REASON_BYTE_SIZE;
            if self.is_over {
                break;
            }
            next = self.step(|reader| reader.array_step()).flatten();
        }
        Some(path).filter(|path| !path.is_empty())
    }
}

/// Returns whether a text is only an HTTP reason phrase, such as `Internal Server Error`.
fn is_reason_phrase(text: &str) -> bool {
    let phrase = |status| http::StatusCode::from_u16(status).ok()?.canonical_reason();
    (400..600).filter_map(phrase).any(|phrase| phrase.eq_ignore_ascii_case(text.trim()))
}

/// The member of FastAPI's errors that repeats the request.
const INPUT: &str = "\"input\"";

/// Returns a text up to the member that repeats the request.
fn before_input(text: &str) -> &str {
    text.split(INPUT).next().unwrap_or_default()
}

/// Returns the first `max` characters of a text on one line, with non-printable ones escaped.
fn one_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    for c in text.chars().take(max) {
        match c {
            '"' | '\'' | '\\' => line.push(c),
            c => line.extend(c.escape_debug()),
        }
    }
    line
}

/// Unescapes a JSON string from after its opening quote to its closing quote, or as far as it arrived.
fn unescaped(json: &str) -> String {
    let mut text = String::new();
    let mut chars = json.chars();
    // Slightly more than is shown, so that truncation is marked. A traceback has its reason at the end.
    let max = if json.starts_with(TRACEBACK) { usize::MAX } else { REASON_BYTE_SIZE };
    while text.len() <= max {
        match chars.next() {
            None | Some('"') => break,
            Some('\\') => match chars.next() {
                None => break,
                Some('u') => match unicode(&mut chars) {
                    Some(character) => text.push(character),
                    None => break,
                },
                Some('b') => text.push('\u{8}'),
                Some('f') => text.push('\u{c}'),
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
            },
            Some(other) => text.push(other),
        }
    }
    text
}

/// Reads the character of `\uXXXX` or of a surrogate pair. A lone surrogate becomes U+FFFD; `None` if it is
/// cut.
fn unicode(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let unit = |chars: &mut std::str::Chars<'_>| {
        let digits = chars.as_str().get(..4)?;
        *chars = chars.as_str()[4..].chars();
        u32::from_str_radix(digits, 16).ok()
    };
    let first = unit(chars)?;
    let mut code = first;
    if let (0xd800..0xdc00, Some(rest)) = (first, chars.as_str().strip_prefix("\\u")) {
        let mut after = rest.chars();
        let second = unit(&mut after)?;
        if let 0xdc00..0xe000 = second {
            code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            *chars = after;
        }
    }
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// The first line of a Python traceback.
const TRACEBACK: &str = "Traceback (most recent call last):";

/// Returns a Python traceback on one line, with the exception (its last line) first.
fn traceback(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.starts_with(TRACEBACK) {
        return None;
    }
    // The exception follows the last frame, whose code is indented further.
    let frame = text.rfind("\n  File \"").map_or(TRACEBACK.len(), |at| at + 1);
    let mut exception = frame;
    for (number, line) in text[frame..].split_inclusive('\n').enumerate() {
        if number > 0 && !line.starts_with("    ") {
            break;
        }
        exception += line.len();
    }
    if text[exception..].trim().is_empty() {
        exception = text.rfind('\n').map_or(0, |at| at + 1);
    }
    let (rest, exception) = text.split_at(exception);
    let mut line = words(exception, REASON_BYTE_SIZE + 1);
    if !rest.is_empty() && line.len() <= REASON_BYTE_SIZE {
        line.push_str("; ");
        line.push_str(&words(rest, REASON_BYTE_SIZE + 1));
    }
    Some(line)
}

/// Returns a text on one line, shortened to about `max` bytes.
fn words(text: &str, max: usize) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if line.len() > max {
            break;
        }
        line.push_str(if line.is_empty() { "" } else { " " });
        line.push_str(word);
    }
    line
}

/// Returns the title of an HTML page, or its first words if it has none; `None` for any other text.
fn page(text: &str) -> Option<String> {
    let text = text.trim_start();
    let after = text.strip_prefix('<')?.chars().next()?;
    if !after.is_ascii_alphabetic() && !matches!(after, '!' | '?' | '/') {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let within = |name: &str| {
        let open = lower.find(&format!("<{name}"))?;
        let start = open + lower[open..].find('>')? + 1;
        let end = lower[start..].find("</").map_or(lower.len(), |at| start + at);
        Some(content(&text[start..end])).filter(|text| !text.is_empty())
    };
    let shown = within("title").or_else(|| within("h1")).unwrap_or_else(|| content(text));
    Some(match shown.is_empty() {
        true => "an empty page".to_owned(),
        false => Excerpt::of(&shown, FIRST_WORDS).to_string(),
    })
}

/// Returns the first words of markup, without tags, on one line.
fn content(markup: &str) -> String {
    const HIDDEN: [&str; 2] = ["script", "style"];
    let mut text = String::new();
    let mut rest = markup;
    while text.len() <= FIRST_WORDS * 8 {
        let Some((before, tag)) = rest.split_once('<') else {
            text.push_str(rest);
            break;
        };
        text.push_str(before);
        text.push(' ');
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some((tag, after)) = tag.split_once('>') else { break };
        rest = after;
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if HIDDEN.iter().any(|hidden| name.eq_ignore_ascii_case(hidden)) {
            rest = after.find("</").map_or("", |end| &after[end..]);
        }
    }
    let text = words(&text, FIRST_WORDS);
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
        .iter()
        .fold(text, |text, (entity, character)| text.replace(entity, character))
}

/// Returns the start of a body with invalid UTF-8 replaced by U+FFFD, without an incomplete character at its
/// end.
fn start_of(body: &[u8]) -> Cow<'_, str> {
    let max = usize::try_from(READ_BYTE_SIZE).unwrap_or(usize::MAX);
    let bytes = without_bom(&body[..body.len().min(max)]);
    let end = (1..=3.min(bytes.len())).map(|back| bytes.len() - back).find(|at| {
        str::from_utf8(&bytes[*at..])
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    });
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_cut_body_is_read_as_far_as_it_arrived() {
        let whole = r#"{"code":[1,{"a":null}],"error":"a \"b\"\n\u00e4\ud83d\ude00 end","x":1}"#;
        assert_eq!(in_json(whole).unwrap(), "a \"b\"\n\u{e4}\u{1f600} end");
        let begin = whole.find("a \\").unwrap();
        for cut in begin..whole.len() {
            let reason = in_json(&whole[..cut]).unwrap();
            assert!(
                "a \"b\"\n\u{e4}\u{1f600} end".starts_with(reason.trim_end_matches('\u{fffd}')),
                "{reason}"
            );
        }
        for cut in 0..begin - 1 {
            assert_eq!(in_json(&whole[..cut]), None, "{cut}");
        }
        for (json, reason) in [
            (r#"{"detail":"d","error":"e"}"#, "e"),
            (r#"{"detail":"d","error":null}"#, "d"),
            (r#"{"detail":[{"msg":"m"}]}"#, "m"),
            (r#"{"detail":[]}"#, "[]"),
            (r#"{"error":5}"#, "5"),
            (r#"{"error":{"a":[1]}}"#, r#"{"a":[1]}"#),
            (r#"{"error":"\ud83dx\ude00"}"#, "\u{fffd}x\u{fffd}"),
        ] {
            assert_eq!(in_json(json).as_deref(), Some(reason), "{json}");
        }
        for none in ["", "null", "[]", "<html>", r#""error""#, r#"{"x":"m"}"#, r#"{"error":}"#, "{}", "{"] {
            assert_eq!(in_json(none), None, "{none}");
        }
        let long = format!(r#"{{"error":"{}"#, "\u{e4}".repeat(100_000));
        assert_eq!(in_json(&long).unwrap().len(), REASON_BYTE_SIZE + 2);
    }

    #[test]
    fn the_reason_is_read_from_the_forms_of_other_servers() {
        for (json, reason) in [
            // TorchServe's, with its line ends.
            (
                "{\n  \"code\": 404,\n  \"type\": \"T\",\n  \"message\": \"Model not found: nope\"\n}\n",
                "Model not found: nope",
            ),
            // OpenAI's.
            (r#"{"error":{"message":"why","type":"BadRequestError","param":null,"code":400}}"#, "why"),
            (r#"{"object":"error","message":"why","type":"NotFoundError","code":404}"#, "why"),
            // Spring Boot's, with a reason and without.
            (
                r#"{"timestamp":"t","status":500,"error":"Internal Server Error","message":"why","path":"/v2"}"#,
                "why",
            ),
            (r#"{"timestamp":"t","status":404,"error":"Not Found","path":"/v2"}"#, "Not Found"),
            // OAuth's, problem details with and without a detail, Elasticsearch's, AWS's, Apigee's, Seldon's.
            (r#"{"error":"invalid_token","error_description":"expired"}"#, "invalid_token: expired"),
            (r#"{"type":"about:blank","title":"Forbidden","status":403}"#, "Forbidden"),
            (r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"why"}"#, "why"),
            (r#"{"error":{"type":"x","reason":"why"},"status":400}"#, "why"),
            (r#"{"Message":"why"}"#, "why"),
            (r#"{"fault":{"faultstring":"why"}}"#, "why"),
            (r#"{"status":{"code":500,"info":"why","status":1}}"#, "why"),
            // Blank errors beside a reason.
            (r#"{"error":"","message":"why"}"#, "why"),
            (r#"{"error":{},"message":"why"}"#, "why"),
            // FastAPI's.
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            (
                r#"{"detail":[{"type":"missing","loc":["body","inputs",0,"name"],"msg":"Field required","input":{"x":1}},{"type":"t","loc":["body"],"msg":"second"}]}"#,
                "body.inputs.0.name: Field required; body: second",
            ),
            (r#"[{"input":[1,2],"loc":["body"],"msg":"why"}]"#, "body: why"),
            (r#"{"errors":[{"msg":"why"}]}"#, "why"),
            (r#"{"detail":{"message":"why","input":"secret"}}"#, "why"),
            (r#"{"detail":[{"type":"missing","loc":["body"],"input":"secret"}]}"#, "body: missing"),
        ] {
            assert_eq!(in_json(json).as_deref(), Some(reason), "{json}");
        }
    }

    #[test]
    fn the_request_that_fastapi_repeats_is_never_shown() {
        for count in [10, 5000, 50_000] {
            let input = "\\u0000".repeat(count);
            for entry in [
                format!(
                    r#"{{"type":"model_attributes_type","loc":["body"],"msg":"not a dictionary","input":"{input}"}}"#
                ),
                format!(r#"{{"input":"{input}","loc":["body"],"msg":"not a dictionary","type":"x"}}"#),
                format!(r#"{{"loc":["body"],"input":{{"a":"{input}"}},"msg":"not a dictionary"}}"#),
            ] {
                for body in [
                    format!(r#"{{"detail":[{entry}]}}"#),
                    format!("[{entry}]"),
                    format!(r#"{{"x":{entry}}}"#),
                ] {
                    for cut in [60, 1000, 8 << 10, 64 << 10, body.len() - 2, body.len()] {
                        let cut = &body.as_bytes()[..cut.min(body.len())];
                        let shown = reason(cut);
                        assert!(!shown.contains("u0000") && !shown.contains('\0'), "{count}: {shown:.300}");
                        assert!(shown.len() < 400, "{count}: {shown:.300}");
                    }
                    if !body.starts_with("{\"x\"") {
                        assert_eq!(reason(body.as_bytes()), "body: not a dictionary");
                    }
                }
            }
        }
    }

    #[test]
    fn the_exception_comes_before_its_traceback() {
        let text = "Traceback (most recent call last):\n  File \"/a/b.py\", line 3, in f\n    x = g()\n        ^^^\n  \
                    File \"/a/c.py\", line 4, in g\n    raise E\nUnicodeDecodeError: 'utf-8' codec can't decode\n";
        let shown = reason(text.as_bytes());
        assert!(
            shown.starts_with("UnicodeDecodeError: 'utf-8' codec can't decode; Traceback (most"),
            "{shown}"
        );
        assert!(shown.contains("line 3, in f x = g()") && !shown.contains('\n'), "{shown}");
        let json = serde_json::json!({ "error": text }).to_string();
        assert_eq!(reason(json.as_bytes()), shown);
        // An exception of several lines, and a traceback without one.
        let several = text.replace("UnicodeDecodeError: ", "E: first\n  second\n");
        assert!(
            reason(several.as_bytes()).starts_with("E: first second 'utf-8'"),
            "{}",
            reason(several.as_bytes())
        );
        assert_eq!(reason(b"Traceback (most recent call last):\n"), "Traceback (most recent call last):");
        let deep = text.replace("    x = g()\n", &format!("    {}\n", "x".repeat(20_000)));
        for body in [deep.clone(), serde_json::json!({ "error": deep, "code": 500 }).to_string()] {
            assert!(reason(body.as_bytes()).starts_with("UnicodeDecodeError"), "{}", body.len());
        }
        let cut = &text[..text.len() - 60];
        assert!(!reason(cut.as_bytes()).is_empty());
    }

    #[test]
    fn an_html_page_is_shown_by_its_title_or_its_first_words() {
        for (page, shown) in [
            (
                "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>x</h1>",
                "502 Bad Gateway",
            ),
            (
                "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<TITLE lang=en>\n 503  A &amp; B\n</TITLE>",
                "503 A & B",
            ),
            (
                "<html><body><h1>503 Service Unavailable</h1>\nNo server is available",
                "503 Service Unavailable",
            ),
            (
                "<html><style>p { x }</style><!-- <p> --><script>a < b;</script><p>Bad<br>Gateway</p>",
                "Bad Gateway",
            ),
            (
                "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>why</Message></Error>",
                "NoSuchKey why",
            ),
            ("<p>\r\n", "an empty page"),
            ("<title>", "an empty page"),
            ("<html><title></title>words", "words"),
        ] {
            assert_eq!(reason(page.as_bytes()), shown, "{page}");
        }
        let long = reason(format!("<html>{}", "words ".repeat(100_000)).as_bytes());
        assert!(long.starts_with("words words") && long.len() < 250, "{long}");
        // Not pages.
        assert_eq!(reason(b"<3 errors"), "<3 errors");
        assert_eq!(reason(b"a <b> c\n"), "a <b> c");
    }

    #[test]
    fn an_error_in_a_success_is_recognized_by_its_usual_forms() {
        for (json, text) in [
            (r#"{"error":"why"}"#, "why"),
            (r#"{"error":"why","error_type":"generation"}"#, "why"),
            (r#"{"error":{"message":"why","type":"x","code":400}}"#, "why"),
            (r#"{"id":"cmpl-1","created":5,"error":{"message":"why"}}"#, "why"),
            (r#"{"object":"error","message":"why","type":"x","param":null,"code":40001}"#, "why"),
            (r#"{"code":503,"type":"x","message":"why"}"#, "why"),
            (r#"{"code":"503","message":"why"}"#, "why"),
            (r#"{"type":"error","message":"why"}"#, "why"),
            (r#"{"status":"error","message":"why"}"#, "why"),
            (r#"{"error":true,"message":"why"}"#, "why"),
            (r#"{"errors":[{"message":"why"}]}"#, "why"),
            (r#"{"detail":"why"}"#, "why"),
            (r#"{"detail":[{"loc":["body"],"msg":"why","input":1}]}"#, "body: why"),
            (r#"{"error":""}"#, ""),
        ] {
            assert_eq!(embedded_error(json.as_bytes()).as_deref(), Some(text), "{json}");
        }
        for json in [
            "",
            "{}",
            "[]",
            r#"{"error":7}"#,
            r#"{"error":null}"#,
            r#"{"error":["a"]}"#,
            r#"{"error":true}"#,
            r#"{"error":false,"message":"no"}"#,
            r#"{"errors":[]}"#,
            r#"{"errors":[{"message":"no"}],"n":2}"#,
            r#"{"type":"text","message":"no"}"#,
            r#"{"error":"no","n":2}"#,
            r#"{"error":"no","model_name":"m","model_version":"1"}"#,
            r#"{"error":{"message":"no"},"model_name":"m","model_version":"1"}"#,
            r#"{"detail":"no","model_name":"m"}"#,
            r#"{"message":"no"}"#,
            r#"{"message":"no","code":200}"#,
            r#"{"error":"no"}x"#,
            r#"{"error":"no""#,
        ] {
            assert_eq!(embedded_error(json.as_bytes()), None, "{json}");
        }
    }

    #[test]
    fn an_unexpected_body_is_described() {
        for (body, shown) in [
            (&b""[..], "an empty body"),
            (b" \r\n", "an empty body"),
            (b"<html><title>Sign in</title>", "an HTML page: 'Sign in'"),
            (b"{\"a\":\n1}", "the JSON object '{\"a\":\\n1}'"),
            (b"{\"loc\":[1],\"input\":\"secret\"}", "the JSON object '{\"loc\":[1],…'"),
            (b"[1]", "the JSON array '[1]'"),
            (b"OK\n", "'OK'"),
        ] {
            assert_eq!(describe(body), shown);
        }
        assert!(describe(&[b'\x01'; 5000]).len() < 300);
    }
}
