//! The format of BYTES tensors: each element is its length, 4 bytes little-endian, and its bytes.

use crate::error::{Error, Origin, Result, Status};

const PREFIX: usize = 4;

/// Appends one element. INVALID_ARGUMENT for 4 GiB or more, whose length does not fit.
pub(crate) fn append(tensor: &mut Vec<u8>, element: &[u8]) -> Result<()> {
    let length = length(element)?;
    tensor.extend_from_slice(&length.to_le_bytes());
    tensor.extend_from_slice(element);
    Ok(())
}

/// Returns the size of one element with its length prefix.
pub(crate) fn framed_byte_size(element: &[u8]) -> Result<usize> {
    length(element).map(|_| PREFIX.saturating_add(element.len()))
}

fn length(element: &[u8]) -> Result<u32> {
    u32::try_from(element.len()).map_err(|_| {
        let byte_size = element.len();
        Error::invalid(format!(
            "a BYTES element of {byte_size} bytes exceeds the maximum of {} bytes",
            u32::MAX
        ))
    })
}

/// Iterates over the elements of a tensor without copying or allocating. `Err` describes malformed data, and
/// is the last item.
pub(crate) fn each(tensor: &[u8]) -> impl Iterator<Item = std::result::Result<&[u8], String>> {
    let mut rest = tensor;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let at = tensor.len() - rest.len();
        let outcome = take(rest, at);
        rest = outcome.as_ref().map_or(&[], |(_, after)| after);
        Some(outcome.map(|(element, _)| element))
    })
}

/// Splits off the first element of `rest`, which begins at offset `at` of the tensor.
fn take(rest: &[u8], at: usize) -> std::result::Result<(&[u8], &[u8]), String> {
    let (prefix, after) = rest.split_first_chunk::<PREFIX>().ok_or_else(|| {
        format!("expected the 4 bytes of an element's length at offset {at}, got {} bytes", rest.len())
    })?;
    let length = u32::from_le_bytes(*prefix);
    after.split_at_checked(length as usize).ok_or_else(|| {
        format!("expected an element of {length} bytes at offset {at}, got {} bytes", after.len())
    })
}

/// Returns the elements of a tensor of `count` elements. Counts them, then allocates 16 bytes for each.
/// INTERNAL for a malformed tensor and another number of elements; RESOURCE_EXHAUSTED if there is no memory.
pub(crate) fn elements(tensor: &[u8], count: u64) -> Result<Vec<&[u8]>> {
    let mut have = 0;
    for element in each(tensor) {
        element.map_err(Error::malformed_response)?;
        have += 1;
    }
    if have as u64 != count {
        return Err(Error::malformed_response(format!("expected {count} elements, got {have} elements")));
    }
    let mut elements = Vec::new();
    elements.try_reserve_exact(have).map_err(|error| {
        let message = format!("no memory for the addresses of {have} elements");
        Error::new(Status::ResourceExhausted, Origin::Client, message).with_source(error)
    })?;
    elements.extend(each(tensor).flatten());
    Ok(elements)
}

/// Counts the elements of a tensor in several segments, which may split elements and lengths anywhere.
pub(crate) fn count<'a>(segments: impl IntoIterator<Item = &'a [u8]>) -> std::result::Result<u64, String> {
    let (mut count, mut skip) = (0u64, 0u64);
    let (mut prefix, mut have) = ([0u8; PREFIX], 0);
    for mut segment in segments {
        while !segment.is_empty() {
            if skip > 0 {
                let taken = skip.min(segment.len() as u64);
                skip -= taken;
                segment = &segment[taken as usize..];
                continue;
            }
            prefix[have] = segment[0];
            have += 1;
            segment = &segment[1..];
            if have == PREFIX {
                have = 0;
                count += 1;
                skip = u64::from(u32::from_le_bytes(prefix));
            }
        }
    }
    match (skip, have) {
        (0, 0) => Ok(count),
        (0, have) => Err(format!("the data ends after {have} of the 4 bytes of an element's length")),
        (missing, _) => Err(format!("the data ends {missing} bytes before the end of its last element")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_counted_across_segments_split_anywhere() {
        let mut tensor = Vec::new();
        for element in [&b"alpha"[..], b"", b"be\0ta", &[0xff; 300]] {
            append(&mut tensor, element).unwrap();
        }
        assert_eq!(elements(&tensor, 4).unwrap(), [&b"alpha"[..], b"", b"be\0ta", &[0xff; 300]]);
        for cut in 0..=tensor.len() {
            assert_eq!(count([&tensor[..cut], &[], &tensor[cut..]]), Ok(4), "cut at {cut}");
        }
        assert_eq!(count(tensor.chunks(1)), Ok(4));
    }

    #[test]
    fn a_truncated_tensor_is_rejected_at_any_length() {
        let mut tensor = Vec::new();
        append(&mut tensor, b"alpha").unwrap();
        for cut in 1..tensor.len() {
            assert!(elements(&tensor[..cut], 1).is_err(), "cut at {cut}");
            assert!(count([&tensor[..cut]]).is_err(), "cut at {cut}");
        }
        assert!(elements(&[0xff, 0xff, 0xff, 0xff, 1], 1).is_err());
        assert_eq!(
            each(&[1, 0, 0, 0, 9, 8]).map(|element| element.ok()).collect::<Vec<_>>(),
            [Some(&[9][..]), None]
        );
    }

    #[test]
    fn elements_are_counted_before_memory_is_allocated() {
        let tensor = [0; 4 * 1000];
        assert_eq!(elements(&tensor, 1000).unwrap().capacity(), 1000);
        for count in [0, 1, 999, 1001, u64::MAX] {
            let error = elements(&tensor, count).unwrap_err();
            assert!(error.to_string().ends_with("got 1000 elements"), "{error}");
        }
    }
}
