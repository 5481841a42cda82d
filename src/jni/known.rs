//! The requests of earlier calls. Most calls differ from an earlier one in their data only: its request is
//! used again, with what was written for it, and only the data is replaced.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;

use super::{
    boundary::Failure,
    record::Reader,
    request::{self, Content, Hole, Memory},
};
use crate::{infer::InferRequest, lend::Segment};

/// A program has a request for each model and thread, or few more.
const MAX_COUNT: usize = 16;
/// A request with a longer record is not kept: its decoding is a small part of the call, and the memory is
/// not.
const MAX_BYTE_SIZE: usize = 4 << 10;

/// Requests without data that no call uses now, the latest last.
#[derive(Default)]
pub(super) struct KnownRequests(Mutex<Vec<Known>>);

struct Known {
    request: InferRequest<'static>,
    fixed: Fixed,
}

/// A record without what may differ.
struct Fixed {
    /// The size of the whole record.
    byte_size: usize,
    /// The bytes between the holes. They hold all lengths: if they are the same, the holes are at the same
    /// places.
    bytes: Vec<u8>,
    holes: Vec<Hole>,
}

impl KnownRequests {
    /// Decodes a request, passes it to `body`, and keeps it, without its data, for later calls.
    pub(super) fn with<T>(
        &self,
        record: &Bytes,
        memory: &mut dyn Memory,
        body: impl FnOnce(&InferRequest<'static>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut known = match self.take(record) {
            Some(mut known) => {
                known.fill(record, memory)?;
                known
            }
            None => {
                let (request, holes) = request::decode_with_holes(record, memory)?;
                match holes.and_then(|holes| Fixed::new(record, holes)) {
                    Some(fixed) => Known { request, fixed },
                    None => return body(&request),
                }
            }
        };
        let outcome = body(&known.request);
        known.drop_data();
        self.put_back(known);
        outcome
    }

    fn take(&self, record: &[u8]) -> Option<Known> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().rposition(|known| known.fixed.is_of(record))?;
        Some(all.remove(at))
    }

    fn put_back(&self, known: Known) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = (all.len() == MAX_COUNT).then(|| all.remove(0));
        all.push(known);
        drop(all);
        drop(oldest);
    }
}

impl Fixed {
    /// Returns `None` if it is too large to be kept.
    fn new(record: &[u8], holes: Vec<Hole>) -> Option<Self> {
        let mut fixed = Self { byte_size: record.len(), bytes: Vec::new(), holes };
        let byte_size = fixed.ranges().map(|range| range.len()).sum();
        if byte_size > MAX_BYTE_SIZE {
            return None;
        }
        let mut bytes = Vec::with_capacity(byte_size);
        fixed.ranges().for_each(|range| bytes.extend_from_slice(&record[range]));
        fixed.bytes = bytes;
        Some(fixed)
    }

    /// Returns what is between the holes, which are in order.
    fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = [0].into_iter().chain(self.holes.iter().map(|hole| hole.range.end));
        let ends = self.holes.iter().map(|hole| hole.range.start).chain([self.byte_size]);
        starts.zip(ends).map(|(start, end)| start..end)
    }

    fn is_of(&self, record: &[u8]) -> bool {
        if record.len() != self.byte_size {
            return false;
        }
        let mut left = &self.bytes[..];
        self.ranges().all(|range| {
            let (bytes, rest) = left.split_at(range.len());
            left = rest;
            record[range] == *bytes
        })
    }
}

impl Known {
    fn fill(&mut self, record: &Bytes, memory: &mut dyn Memory) -> Result<(), Failure> {
        for hole in &self.fixed.holes {
            let range = hole.range.clone();
            match hole.content {
                Content::Id => self.request.set_id(request::text(&record[range])?),
                Content::Inline { input } => {
                    self.request.replace_data(input, Some(Segment::shared(record.slice(range))));
                }
                Content::Position { input, index, byte_size } => {
                    let position = Reader::new(&record[range]).i64()?;
                    let data = request::borrowed(memory, index, position, byte_size)?;
                    self.request.replace_data(input, Some(data));
                }
            }
        }
        Ok(())
    }

    /// The memory of the data must not be used after the call.
    fn drop_data(&mut self) {
        for hole in &self.fixed.holes {
            match hole.content {
                Content::Id => {}
                Content::Inline { input } | Content::Position { input, .. } => {
                    self.request.replace_data(input, None);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::record::Writer, *};
    use crate::infer::Datatype;

    /// A buffer of 64 bytes, which holds their indices.
    struct One([u8; 64]);

    impl One {
        fn new() -> Self {
            Self(std::array::from_fn(|index| index as u8))
        }
    }

    impl Memory for One {
        fn address(&mut self, _: i32, position: i64, byte_size: i64) -> Result<*mut u8, Failure> {
            assert!(position + byte_size <= 64);
            Ok(self.0.as_mut_ptr().wrapping_add(position as usize))
        }
    }

    fn record(model: &str, id: &str, inline: &[u8], position: i64) -> Bytes {
        let mut record = Writer::default();
        [model, "", id].into_iter().for_each(|text| record.str(text));
        record.u8(0);
        record.i64(0);
        record.i64(0);
        record.u8(0);
        record.u8(0);
        record.i32(0);
        record.i32(2);
        for name in ["INLINE", "BUFFER"] {
            record.str(name);
            record.u8(Datatype::Uint8 as u8);
            record.shape(&[4]);
            if name == "INLINE" {
                record.u8(1);
                record.bytes(inline);
            } else {
                record.u8(2);
                record.i32(0);
                record.i64(position);
                record.i64(4);
            }
            record.bool(false);
            record.i32(0);
        }
        record.i32(0);
        record.into_vec().into()
    }

    fn data(request: &InferRequest<'static>) -> Vec<Vec<u8>> {
        request.tensors().map(|tensor| tensor.bytes().to_vec()).collect()
    }

    fn known(requests: &KnownRequests) -> usize {
        requests.0.lock().unwrap().len()
    }

    fn with<T>(
        requests: &KnownRequests,
        record: &Bytes,
        body: impl FnOnce(&InferRequest<'static>) -> T,
    ) -> T {
        let outcome = requests.with(record, &mut One::new(), |request| Ok(body(request)));
        outcome.unwrap_or_else(|_| panic!("refused"))
    }

    #[test]
    fn a_request_that_differs_in_id_and_data_is_used_again_with_its_own() {
        let requests = KnownRequests::default();
        let written = with(&requests, &record("m", "id-1", b"abcd", 0), |request| {
            assert_eq!(data(request), [b"abcd".to_vec(), vec![0, 1, 2, 3]]);
            request
                .written()
                .get_or_init(|| crate::infer::Written { path: "kept".into(), json: vec![] }.into());
            std::ptr::from_ref(request).addr()
        });
        let again = with(&requests, &record("m", "id-2", b"efgh", 8), |request| {
            assert_eq!(data(request), [b"efgh".to_vec(), vec![8, 9, 10, 11]]);
            assert_eq!(request.request_id(), "id-2");
            assert_eq!(request.written().get().unwrap().path, "kept");
            std::ptr::from_ref(request).addr()
        });
        assert_eq!((written, known(&requests)), (again, 1));
        assert!(data(&requests.0.lock().unwrap()[0].request).is_empty(), "it holds data after the call");
    }

    #[test]
    fn another_request_is_another() {
        let requests = KnownRequests::default();
        for (model, id, inline) in
            [("m", "1", &b"abcd"[..]), ("n", "1", b"abcd"), ("m", "1", b"ab"), ("m", "10", b"abcd")]
        {
            with(&requests, &record(model, id, inline, 0), |request| {
                assert_eq!(request.model().0, model);
                assert_eq!(request.request_id(), id);
                assert_eq!(data(request)[0], inline);
                assert!(request.written().get().is_none());
            });
        }
        assert_eq!(known(&requests), 4);
        let refused = requests.with(&record("m", "\u{e9}", b"abcd", 0), &mut One::new(), |_| Ok(()));
        assert!(refused.is_ok());
        // Bytes of the id's length that are not UTF-8, after the length of the model, of the version and of
        // the id.
        let mut bytes = record("m", "\u{e9}", b"abcd", 0).to_vec();
        bytes[13] = b'(';
        assert!(requests.with(&bytes.into(), &mut One::new(), |_| Ok(())).is_err());
    }

    #[test]
    fn calls_at_the_same_time_have_requests_of_their_own() {
        let requests = KnownRequests::default();
        with(&requests, &record("m", "", b"abcd", 0), |outer| {
            with(&requests, &record("m", "", b"efgh", 4), |inner| {
                assert_eq!(data(outer)[0], b"abcd");
                assert_eq!(data(inner)[0], b"efgh");
            });
        });
        assert_eq!(known(&requests), 2);
    }

    #[test]
    fn the_number_and_the_size_of_known_requests_are_bounded() {
        let requests = KnownRequests::default();
        for at in 0..3 * MAX_COUNT {
            with(&requests, &record(&format!("model {at}"), "", b"abcd", 0), |_| ());
        }
        assert_eq!(known(&requests), MAX_COUNT);
        let large = "m".repeat(MAX_BYTE_SIZE);
        with(&requests, &record(&large, "", b"abcd", 0), |_| ());
        assert!(requests.0.lock().unwrap().iter().all(|known| known.request.model().0 != large));
        // Data does not count: it is not kept.
        with(&requests, &record("data", "", &[7; 2 * MAX_BYTE_SIZE], 0), |_| ());
        assert_eq!(requests.0.lock().unwrap().last().unwrap().request.model().0, "data");
    }
}
