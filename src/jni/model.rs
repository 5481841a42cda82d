//! Records of what a server and the client report of themselves.

use super::record::Writer;
use crate::stats::ClientStatistics;

pub(super) fn client_statistics(record: &mut Writer, statistics: &ClientStatistics) {
    let _ = statistics;
    record.i32(0);
}
