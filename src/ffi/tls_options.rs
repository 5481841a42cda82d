//! OPTIONS OF TLS, of a client whose URL is https or grpcs: the same for both protocols. They are read and
//! checked when the client is created: triton_client_new returns INVALID_ARGUMENT, naming the file, if one is
//! missing, unreadable, empty or malformed. Certificates that are renewed on disk take a new client. Triton's
//! own HTTP port has no TLS: a proxy before it has.
//!
//! ```text
//!     option                            default            set by
//!     certificates of authorities       the system's       triton_client_options_set_tls_ca_file, ..._set_tls_ca
//!     the client's certificate and key  none               triton_client_options_set_tls_client_certificate_files,
//!                                                          triton_client_options_set_tls_client_certificate
//!     minimum version of TLS            TLS 1.2            triton_client_options_set_tls_min_version
//!     name of the server                the URL's host     triton_client_options_set_tls_server_name
//!     verify the server's certificate   true               triton_client_options_set_tls_verify_peer
//!     verify the name in it             true               triton_client_options_set_tls_verify_host
//! ```

use std::ffi::{c_char, c_int, c_void};

use super::{
    boundary::change,
    convert,
    error::{triton_error, triton_status},
    options::triton_client_options,
};

/// A version of TLS.
#[repr(i32)]
#[allow(dead_code)] // Made by C.
pub enum triton_tls_version {
    /// TLS 1.2 (RFC 5246).
    TRITON_TLS_1_2 = 12,
    /// TLS 1.3 (RFC 8446).
    TRITON_TLS_1_3 = 13,
}

/// A `triton_tls_version` that comes from C: any number.
pub type triton_tls_version_number = c_int;

/// Sets the file with the certificates of the authorities that servers are trusted by, in place of the
/// system's, and of triton_client_options_set_tls_ca. A server's own self-signed certificate may be given
/// too. By default the system's store is used, or the files that the environment variables SSL_CERT_FILE and
/// SSL_CERT_DIR name, each of which replaces it.
///
/// @param path  a file in PEM, of which all certificates count, or in DER. NULL restores the default
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_tls_ca_file(
    options: *mut triton_client_options,
    path: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            match convert::string_or_none(path, "path")? {
                Some(path) => {
                    options.options.set_tls_ca_file(path);
                }
                None => options.options.remove_tls_ca(),
            }
            Ok(())
        })
    }
}

/// Sets the certificates of authorities as triton_client_options_set_tls_ca_file does, from memory.
///
/// @param data       the contents of such a file; copied. NULL, with 0 bytes, restores the default
/// @param byte_size  of data
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_tls_ca(
    options: *mut triton_client_options,
    data: *const c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            match convert::bytes_or_none(data, byte_size, "data")? {
                Some(data) => {
                    options.options.set_tls_ca(data);
                }
                None => options.options.remove_tls_ca(),
            }
            Ok(())
        })
    }
}

/// Sets the client's certificate and its key, for servers that require one (mutual TLS), in place of those of
/// triton_client_options_set_tls_client_certificate.
///
/// @param certificate_path  a file in PEM, in which certificates of intermediate authorities may follow, or
///                          in DER. NULL, for both, restores the default: no certificate
/// @param key_path          a file with the key: PKCS#8, PKCS#1 or SEC1, in PEM or DER, of the types RSA from
///                          2,048 bits, P-256, P-384 and Ed25519, and not encrypted
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_tls_client_certificate_files(
    options: *mut triton_client_options,
    certificate_path: *const c_char,
    key_path: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let certificate = convert::string_or_none(certificate_path, "certificate_path")?;
            let key = convert::string_or_none(key_path, "key_path")?;
            match convert::both(certificate, key, ["certificate_path", "key_path"])? {
                Some((certificate, key)) => {
                    options.options.set_tls_client_certificate_files(certificate, key);
                }
                None => options.options.remove_tls_client_certificate(),
            }
            Ok(())
        })
    }
}

/// Sets the client's certificate and its key as triton_client_options_set_tls_client_certificate_files does,
/// from memory. The library overwrites its copies of the key when the options and the client are freed.
///
/// @param certificate            the contents of such a file; copied. NULL, for both, restores the default
/// @param certificate_byte_size  of certificate
/// @param key                    the contents of such a file; copied
/// @param key_byte_size          of key
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_tls_client_certificate(
    options: *mut triton_client_options,
    certificate: *const c_void,
    certificate_byte_size: usize,
    key: *const c_void,
    key_byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let certificate = convert::bytes_or_none(certificate, certificate_byte_size, "certificate")?;
            let key = convert::bytes_or_none(key, key_byte_size, "key")?;
            match convert::both(certificate, key, ["certificate", "key"])? {
                Some((certificate, key)) => {
                    options.options.set_tls_client_certificate(certificate, key);
                }
                None => options.options.remove_tls_client_certificate(),
            }
            Ok(())
        })
    }
}

/// Sets the minimum version of TLS.
///
/// @param version  the default is TRITON_TLS_1_2
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_tls_min_version(
    options: *mut triton_client_options,
    version: triton_tls_version_number,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_tls_min_version(convert::tls_version(version)?);
            Ok(())
        })
    }
}

/// Sets the name that the server's certificate must be valid for, and that is sent to the server (SNI),
/// unless it is an address. Neither changes the server that is connected to, nor the Host header
/// (triton_client_options_set_authority). Does not apply to a metrics URL of another host.
///
/// @param name  a host name or an address, which triton_client_new checks; must not be empty. The default is
///              the URL's host, without a final dot, which NULL restores
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_tls_server_name(
    options: *mut triton_client_options,
    name: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            match convert::string_or_none(name, "name")? {
                Some(name) => options.options.set_tls_server_name(name).map(drop)?,
                None => options.options.remove_tls_server_name(),
            }
            Ok(())
        })
    }
}

/// Sets whether the server's certificate must be signed by a trusted authority and be valid now. Without it,
/// anyone between the client and the server can read and change everything. Creating a client then logs a
/// warning.
///
/// @param is_enabled  the default is true
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_tls_verify_peer(
    options: *mut triton_client_options,
    is_enabled: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_tls_verify_peer(is_enabled);
            Ok(())
        })
    }
}

/// Sets whether the server's certificate must be valid for the server's name. Without it, any server with a
/// certificate of a trusted authority is accepted. Creating a client then logs a warning.
///
/// @param is_enabled  the default is true
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_tls_verify_host(
    options: *mut triton_client_options,
    is_enabled: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_tls_verify_host(is_enabled);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::TlsVersion;

    #[test]
    fn versions_have_the_same_numbers_in_c_and_rust() {
        assert_eq!(triton_tls_version::TRITON_TLS_1_2 as i32, TlsVersion::V1_2 as i32);
        assert_eq!(triton_tls_version::TRITON_TLS_1_3 as i32, TlsVersion::V1_3 as i32);
    }
}
