//! A TUF 1.0 client without I/O.
#![no_std]
#![forbid(unsafe_code)]

