//! Counts the bytes and records of one direction.

/// Bytes and records of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    pub bytes: u64,
    pub records: u64,
    /// Records of application data, in which TLS 1.3 also hides the last messages of its handshake.
    pub data_records: u64,
}

/// The byte size of a record's header: type, version and length.
const HEADER: usize = 5;
const APPLICATION_DATA: u8 = 23;

/// Finds the records in the bytes of one direction of a connection.
#[derive(Debug, Default)]
pub struct Counter {
    header: [u8; HEADER],
    filled: usize,
    /// The bytes of the current record that follow.
    rest: usize,
}

impl Counter {
    pub fn count(&mut self, mut bytes: &[u8], traffic: &mut Traffic) {
        traffic.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let skipped = bytes.len().min(self.rest);
            self.rest -= skipped;
            bytes = &bytes[skipped..];
            let taken = bytes.len().min(HEADER - self.filled);
            self.header[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
            if self.filled == HEADER {
                self.rest = usize::from(u16::from_be_bytes([self.header[3], self.header[4]]));
                self.filled = 0;
                traffic.records += 1;
                traffic.data_records += u64::from(self.header[0] == APPLICATION_DATA);
            }
        }
    }
}
