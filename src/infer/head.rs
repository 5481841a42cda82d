//! The metadata of an output in a response: name, datatype, shape and parameters.

use std::fmt;

use super::{bytes, datatype::Datatype, parameters::Parameters, tensor};
use crate::error::{Error, Result, dimensions, excerpt};

/// The maximum number of dimensions of an output.
pub(crate) const MAX_RANK: usize = 1024;

/// Returns the error of an output with more dimensions than [`MAX_RANK`].
pub(crate) fn rank_error(name: &str, rank: impl fmt::Display) -> Error {
    let name = excerpt(name);
    Error::malformed_response(format!(
        "output '{name}' of the response has {rank} dimensions, more than {MAX_RANK}"
    ))
}

/// The metadata of an output in a response.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutputHead {
    pub name: String,
    datatype: Datatype,
    /// The server's name of an unknown datatype; `None` for a known one.
    unknown_datatype: Option<Box<str>>,
    pub shape: Vec<i64>,
    pub parameters: Parameters,
}

impl OutputHead {
    pub(crate) fn set_datatype(&mut self, name: &str) {
        self.datatype = Datatype::from_name(name);
        self.unknown_datatype = (self.datatype == Datatype::Invalid).then(|| name.into());
    }

    pub(crate) fn datatype(&self) -> Datatype {
        self.datatype
    }

    /// Returns the name of the datatype as the server sent it; empty if it sent none.
    pub(crate) fn datatype_name(&self) -> &str {
        match self.datatype {
            Datatype::Invalid => self.unknown_datatype.as_deref().unwrap_or_default(),
            datatype => datatype.name(),
        }
    }

    /// Returns the error of reading elements whose datatype is unknown.
    pub(crate) fn unknown_datatype_error(&self) -> Error {
        let name = excerpt(&self.name);
        Error::invalid(match self.datatype_name() {
            "" => format!("output '{name}': missing datatype"),
            datatype => format!("output '{name}': unknown datatype '{}'", excerpt(datatype)),
        })
    }

    /// Returns INTERNAL for more than [`MAX_RANK`] dimensions.
    pub(crate) fn check_rank(&self) -> Result<()> {
        if self.shape.len() > MAX_RANK { Err(rank_error(&self.name, self.shape.len())) } else { Ok(()) }
    }

    /// Returns the size in bytes that follows from datatype and shape; `None` for BYTES, for an unknown
    /// datatype, and if a dimension is open. INTERNAL for an invalid shape.
    pub(crate) fn byte_size(&self) -> Result<Option<u64>> {
        self.check_rank()?;
        if self.datatype == Datatype::Invalid {
            // Passed on unchanged, with any open dimension.
            return match self.shape.iter().all(|dimension| *dimension >= -1) {
                true => Ok(None),
                false => Err(self.malformed(format!("invalid shape {}", dimensions(&self.shape)))),
            };
        }
        match self.open_dimension() {
            Some(_) => Ok(None),
            None => tensor::byte_size(self.datatype, &self.shape)
                .map_err(|error| self.malformed(error.to_string())),
        }
    }

    /// Replaces a single -1 in the shape, by which other servers leave a dimension open, with the size
    /// computed from the data. INTERNAL if there is no such size.
    pub(crate) fn complete_shape(&mut self, data: &[u8]) -> Result<()> {
        let Some((at, others)) = self.open_dimension() else { return Ok(()) };
        let count = match self.datatype.byte_size() {
            _ if self.datatype == Datatype::Invalid => return Ok(()),
            Some(size) if data.len().is_multiple_of(size) => (data.len() / size) as u64,
            Some(_) => {
                let (have, datatype) = (data.len(), self.datatype);
                return Err(
                    self.malformed(format!("{have} bytes are not a whole number of {datatype} elements"))
                );
            }
            None => bytes::count([data]).map_err(|fault| self.malformed(fault))?,
        };
        // Without elements the open dimension is 0, independent of the others.
        let size = if count == 0 {
            Some(0)
        } else {
            count.checked_div(others).filter(|size| size * others == count)
        };
        match size.and_then(|size| i64::try_from(size).ok()) {
            Some(size) => self.shape[at] = size,
            None => {
                let shape = dimensions(&self.shape);
                return Err(self.malformed(format!("shape {shape} does not match {count} elements")));
            }
        }
        Ok(())
    }

    /// Returns INTERNAL for an output without data whose shape has an open dimension: whether it has elements
    /// is not known.
    pub(crate) fn check_has_data(&self) -> Result<()> {
        match self.open_dimension() {
            Some(_) if self.datatype != Datatype::Invalid => {
                let shape = dimensions(&self.shape);
                Err(self.malformed(format!("missing data, and shape {shape} does not determine its size")))
            }
            _ => Ok(()),
        }
    }

    /// Returns the index of the single -1, if no other dimension is negative, and the product of the others.
    fn open_dimension(&self) -> Option<(usize, u64)> {
        let at = self.shape.iter().position(|dimension| *dimension == -1)?;
        let before = tensor::element_count(&self.shape[..at])?;
        let after = tensor::element_count(&self.shape[at + 1..])?;
        Some((at, before.checked_mul(after)?))
    }

    pub(crate) fn malformed(&self, what: String) -> Error {
        Error::malformed_response(format!("output '{}' of the response: {what}", excerpt(&self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(datatype: &str, shape: &[i64]) -> OutputHead {
        let mut head = OutputHead { name: "O".to_owned(), shape: shape.to_owned(), ..OutputHead::default() };
        head.set_datatype(datatype);
        head
    }

    #[test]
    fn one_open_dimension_follows_from_the_data() {
        let completed = |datatype: &str, shape: &[i64], data: &[u8]| {
            let mut head = head(datatype, shape);
            head.complete_shape(data).map(|()| head.shape).map_err(|error| error.to_string())
        };
        for (shape, byte_size, expected) in [
            (&[-1][..], 12, &[3][..]),
            (&[-1], 0, &[0]),
            (&[2, -1], 16, &[2, 2]),
            (&[-1, 2], 0, &[0, 2]),
            (&[0, -1], 0, &[0, 0]),
            (&[1, -1, 1], 4, &[1, 1, 1]),
            (&[3], 8, &[3]),
        ] {
            assert_eq!(completed("FP32", shape, &vec![0; byte_size]).unwrap(), expected, "{shape:?}");
        }
        assert_eq!(completed("BYTES", &[-1, 1], b"\x01\0\0\0a\0\0\0\0").unwrap(), [2, 1]);
        assert_eq!(completed("STRING", &[-1, -1], b"abc").unwrap(), [-1, -1]);
        for (datatype, shape, byte_size) in
            [("FP32", &[2, -1][..], 12), ("FP32", &[-1], 5), ("FP32", &[0, -1], 4), ("BYTES", &[-1], 3)]
        {
            let error = completed(datatype, shape, &vec![0; byte_size]).unwrap_err();
            assert!(error.starts_with("output 'O' of the response: "), "{error}");
        }
    }

    #[test]
    fn the_byte_size_is_known_unless_a_dimension_is_open() {
        assert_eq!(head("FP32", &[2, 3]).byte_size().unwrap(), Some(24));
        assert_eq!(head("FP32", &[2, -1]).byte_size().unwrap(), None);
        assert_eq!(head("BYTES", &[2]).byte_size().unwrap(), None);
        assert_eq!(head("STRING", &[-1, -1]).byte_size().unwrap(), None);
        for (datatype, shape) in
            [("FP32", &[-1, -1][..]), ("FP32", &[-2]), ("STRING", &[-2]), ("FP64", &[i64::MAX])]
        {
            let error = head(datatype, shape).byte_size().unwrap_err().to_string();
            assert!(error.contains("shape ["), "{error}");
        }
        assert!(head("FP32", &[1; MAX_RANK + 1]).byte_size().is_err());
    }

    #[test]
    fn a_datatype_has_the_name_that_the_server_sent() {
        assert_eq!(
            (head("FP32", &[]).datatype(), head("FP32", &[]).datatype_name()),
            (Datatype::Fp32, "FP32")
        );
        for name in ["STRING", "FP8", "Datatype.INT32", "INVALID", "fp32", ""] {
            assert_eq!(
                (head(name, &[]).datatype(), head(name, &[]).datatype_name()),
                (Datatype::Invalid, name)
            );
        }
        assert_eq!(OutputHead::default().datatype_name(), "");
    }
}
