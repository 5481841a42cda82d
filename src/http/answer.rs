//! The answer of a server, as it arrives: its head, read by httparse, and its body, read by us straight from the socket
//! where the head tells its length. Chunks, and a body to the end of the connection, are ureq-proto's to read.

use std::{
    io::{self, Read},
    time::Instant,
};

use http::{Request, header};
use ureq_proto::{
    BodyMode,
    client::{Call, RecvResponseResult, SendRequestResult, state},
};

use crate::{deadline::Deadline, headers::Headers, net::socket::Socket};

/// The longest head of an answer, and as much as is received at once of what has no place of its own.
pub(super) const WINDOW_BYTE_SIZE: usize = 16 << 10;
/// The most fields in the head of an answer.
const FIELDS: usize = 64;
/// The byte size of the JSON part, of a request and of an answer.
pub(super) const JSON_BYTE_SIZE: &str = "Inference-Header-Content-Length";
/// The same in a content type of SageMaker's and Vertex AI's.
const JSON_BYTE_SIZE_IN_TYPE: &str = "json-header-size=";

/// What the head of an answer says.
#[derive(Debug)]
pub(super) struct Head {
    pub status: u16,
    pub headers: Headers,
    /// The text is what stands there instead of a number.
    pub json_byte_size: Option<Result<u64, String>>,
    /// Unless it is `identity`.
    pub encoding: Option<String>,
    keeps_alive: bool,
    /// Of the body. Without it, its framing is for ureq-proto to find out.
    byte_size: Option<u64>,
}

impl Head {
    /// `None` if it has not arrived wholly; else also its own length. `json_size` is the header of the byte size of the
    /// JSON part.
    fn parse(bytes: &[u8], json_size: &str) -> Result<Option<(Self, usize)>, httparse::Error> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS];
        let mut answer = httparse::Response::new(&mut fields);
        let httparse::Status::Complete(length) = answer.parse(bytes)? else { return Ok(None) };
        let status = answer.code.unwrap_or_default();
        let mut head = Self {
            status,
            headers: Headers::from_head(&bytes[..length]),
            json_byte_size: None,
            encoding: None,
            keeps_alive: answer.version == Some(1) && status >= 200,
            byte_size: None,
        };
        // No body follows these, whatever they say of its length.
        let mut is_plain = !matches!(status, 100..=199 | 204 | 304);
        for field in &*answer.headers {
            let is = |name: &str| field.name.eq_ignore_ascii_case(name);
            let text = field.value.trim_ascii();
            if is("content-length") {
                let known = number(text).filter(|_| head.byte_size.is_none());
                is_plain &= known.is_some();
                head.byte_size = known;
            } else if is("transfer-encoding") {
                is_plain = false;
            } else if is("connection") {
                let mut tokens = text.split(|byte| *byte == b',');
                head.keeps_alive &= !tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"));
            } else if is(json_size) {
                let told = || String::from_utf8_lossy(text).into_owned();
                head.json_byte_size = Some(number(text).ok_or_else(told));
            } else if is("content-type") {
                let size = json_size_in_type(text);
                head.json_byte_size = head.json_byte_size.take().or(size);
            } else if is("content-encoding") && !text.eq_ignore_ascii_case(b"identity") {
                head.encoding = Some(String::from_utf8_lossy(text).into_owned());
            }
        }
        if !is_plain {
            head.byte_size = None;
        }
        Ok(Some((head, length)))
    }
}

fn json_size_in_type(content_type: &[u8]) -> Option<Result<u64, String>> {
    if !content_type.contains(&b'=') {
        return None;
    }
    let text = str::from_utf8(content_type).ok()?;
    let (_, rest) = text.split_once(JSON_BYTE_SIZE_IN_TYPE)?;
    let size = rest.split(';').next().unwrap_or_default().trim();
    Some(number(size.as_bytes()).ok_or_else(|| size.to_owned()))
}

/// Digits, and nothing else.
fn number(text: &[u8]) -> Option<u64> {
    let text = str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

/// What went wrong while the head of an answer was awaited.
pub(super) enum Fault {
    Io(io::Error),
    NoHttp(Box<dyn std::error::Error + Send + Sync>),
}

/// What arrives on a connection, from the head of an answer on.
pub(super) struct Arrival<'c> {
    socket: &'c Socket,
    deadline: Deadline,
    json_size: &'c str,
    window: &'c mut [u8],
    /// Of the window; from here to `have` is what is not yet read.
    used: usize,
    have: usize,
    /// When the first byte came.
    pub begun: Option<Instant>,
}

impl<'c> Arrival<'c> {
    /// `json_size` is the header of the byte size of the JSON part.
    pub fn new(socket: &'c Socket, window: &'c mut [u8], deadline: Deadline, json_size: &'c str) -> Self {
        Self { socket, deadline, json_size, window, used: 0, have: 0, begun: None }
    }

    /// Reads until the head of the answer is there.
    pub fn head(mut self) -> Result<(Head, Body<'c>), Fault> {
        loop {
            match self.early_head()? {
                Ok(answer) => return Ok(answer),
                Err(arrival) => self = arrival,
            }
        }
    }

    /// Receives once: the head, or `self` again if it is not wholly there yet.
    pub fn early_head(mut self) -> Result<Result<(Head, Body<'c>), Self>, Fault> {
        self.receive().map_err(Fault::Io)?;
        self.begun.get_or_insert_with(Instant::now);
        loop {
            let bytes = &self.window[self.used..self.have];
            let Some((head, length)) =
                Head::parse(bytes, self.json_size).map_err(|error| Fault::NoHttp(error.into()))?
            else {
                return Ok(Err(self));
            };
            let head_bytes = self.used..self.used + length;
            self.used = head_bytes.end;
            // An interim answer (100 and its like) comes before the one that counts.
            if matches!(head.status, 100..=199) && head.status != 101 {
                continue;
            }
            let framing = match head.byte_size {
                Some(byte_size) => Framing::Length(byte_size),
                None => {
                    Framing::find(&self.window[head_bytes]).map_err(|error| Fault::NoHttp(error.into()))?
                }
            };
            return Ok(Ok((head, Body { arrival: self, framing })));
        }
    }

    /// Receives what the window has room for.
    fn receive(&mut self) -> io::Result<()> {
        self.window.copy_within(self.used..self.have, 0);
        (self.used, self.have) = (0, self.have - self.used);
        if self.have == self.window.len() {
            let message = format!("a head of more than {WINDOW_BYTE_SIZE} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        match self.socket.recv(&mut self.window[self.have..], self.deadline)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.have += count;
                Ok(())
            }
        }
    }
}

/// The body of an answer, in its order: first what came with the head, then straight from the socket. An error of kind
/// `InvalidData` says that it is no HTTP.
pub(super) struct Body<'c> {
    arrival: Arrival<'c>,
    framing: Framing,
}

enum Framing {
    /// So many bytes are left.
    Length(u64),
    Chunks(Box<Call<state::RecvBody>>),
    ToTheEnd,
}

impl Framing {
    /// The framing that a head tells in any other way than by a length alone.
    fn find(head: &[u8]) -> Result<Self, ureq_proto::Error> {
        let mut call = sent()?;
        let (_, Some(_)) = call.try_response(head, false)? else {
            return Err(ureq_proto::Error::HttpParseFail("the head ends too early".to_owned()));
        };
        Ok(match call.proceed() {
            Some(RecvResponseResult::RecvBody(call)) => match call.body_mode() {
                BodyMode::LengthDelimited(byte_size) => Self::Length(byte_size),
                BodyMode::NoBody => Self::Length(0),
                BodyMode::CloseDelimited => Self::ToTheEnd,
                BodyMode::Chunked => Self::Chunks(Box::new(call)),
            },
            _ => Self::Length(0),
        })
    }
}

/// ureq-proto's view of a request of ours that is on its way.
fn sent() -> Result<Call<state::RecvResponse>, ureq_proto::Error> {
    let request = Request::post("http://server/").header(header::CONTENT_LENGTH, "1").body(());
    let mut call = Call::new(request.map_err(|_| ureq_proto::Error::BodyNotAllowed)?)?.proceed();
    call.write(&mut [0; 256])?;
    let Some(SendRequestResult::SendBody(mut call)) = call.proceed()? else {
        return Err(ureq_proto::Error::BodyNotAllowed);
    };
    call.consume_direct_write(1)?;
    call.proceed().ok_or(ureq_proto::Error::BodyNotAllowed)
}

impl Body<'_> {
    /// How much is left to read, where that is known.
    pub fn byte_size(&self) -> Option<u64> {
        match self.framing {
            Framing::Length(left) => Some(left),
            _ => None,
        }
    }

    pub fn begun(&self) -> Option<Instant> {
        self.arrival.begun
    }

    /// Whether all of it was read and another answer may follow it.
    pub fn ends_reusable(&self, head: &Head) -> bool {
        let is_over = match &self.framing {
            Framing::Length(left) => *left == 0,
            Framing::Chunks(call) => call.can_proceed(),
            Framing::ToTheEnd => false,
        };
        is_over && head.keeps_alive && self.arrival.used == self.arrival.have
    }
}

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let arrival = &mut self.arrival;
        match &mut self.framing {
            _ if into.is_empty() => Ok(0),
            Framing::Length(left) => {
                let most = into.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                if most == 0 {
                    return Ok(0);
                }
                let count = arrival.read(&mut into[..most])?;
                if count == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                *left -= count as u64;
                Ok(count)
            }
            Framing::ToTheEnd => arrival.read(into),
            Framing::Chunks(call) => loop {
                let unread = &arrival.window[arrival.used..arrival.have];
                let (taken, given) = call
                    .read(unread, into)
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
                arrival.used += taken;
                if given > 0 || call.can_proceed() {
                    return Ok(given);
                }
                if taken == 0 {
                    match arrival.receive() {
                        // Nothing but the end of the last chunk is missing.
                        Err(error)
                            if error.kind() == io::ErrorKind::UnexpectedEof && call.is_ended_chunked() =>
                        {
                            return Ok(0);
                        }
                        outcome => outcome?,
                    }
                }
            },
        }
    }
}

impl Arrival<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.used == self.have {
            return self.socket.recv(into, self.deadline);
        }
        let count = into.len().min(self.have - self.used);
        into[..count].copy_from_slice(&self.window[self.used..self.used + count]);
        self.used += count;
        Ok(count)
    }
}
