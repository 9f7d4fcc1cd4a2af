//! Drives the TUF client: answers what it asks for from stored files and from a transport.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use edgerail_trust::activation::Etag;
use edgerail_trust::{Answer as Fed, Client, Step};

use crate::error::Error;
use crate::store::sha256;
use crate::transport::{Answer, Base, Get, Transport};

/// The TUF client's own files.
pub(crate) trait Files: Send {
    /// A file's bytes, if it is there.
    fn load(&self, file: &str) -> Result<Option<Vec<u8>>, Error>;
    /// Keeps a verified file.
    fn store(&mut self, file: &str, bytes: &[u8]) -> Result<(), Error>;
    /// Forgets a file.
    fn remove(&mut self, file: &str) -> Result<(), Error>;
    /// Names a file for messages.
    fn place(&self, file: &str) -> String;
}

/// The file whose answers may be conditional and may be waited for: the only one that changes under its name
/// and is asked for in every check.
const TIMESTAMP: &str = "timestamp.json";

/// A repository, and what was got from it.
pub(crate) struct Remote<'a> {
    pub(crate) transport: &'a dyn Transport,
    /// The validator of the stored `timestamp.json`.
    pub(crate) etag: Option<Etag>,
    /// How long the server may hold back an answer about it.
    pub(crate) wait: Option<Duration>,
    /// Whether it did.
    pub(crate) waited: bool,
    /// How many files were asked for.
    pub(crate) requests: u64,
    /// How many bytes came.
    pub(crate) bytes: u64,
}

impl<'a> Remote<'a> {
    pub(crate) fn new(transport: &'a dyn Transport) -> Remote<'a> {
        Remote {
            transport,
            etag: None,
            wait: None,
            waited: false,
            requests: 0,
            bytes: 0,
        }
    }

    /// Gets a file; `held` are the bytes of it that are here, which an answer "not modified" stands for.
    pub(crate) async fn get(
        &mut self,
        base: Base,
        path: &str,
        max_bytes: u64,
        held: Option<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let conditional = base == Base::Metadata && path == TIMESTAMP;
        let known = self.etag.clone().filter(|etag| {
            conditional
                && held
                    .as_deref()
                    .is_some_and(|held| sha256(held) == etag.sha256)
        });
        self.requests = self.requests.saturating_add(1);
        let answer = self
            .transport
            .get(Get {
                base,
                path,
                max_bytes,
                if_none_match: known.as_ref().map(|etag| etag.value.as_str()),
                wait: self.wait.filter(|_| known.is_some()),
            })
            .await?;
        match answer {
            Answer::Absent => Ok(None),
            Answer::NotModified { etag, waited } => {
                self.waited |= waited;
                // A server may leave the validator out of such an answer: then the old one still holds.
                if let (Some(known), Some(value)) = (known, etag) {
                    self.etag = Some(Etag { value, ..known });
                }
                Ok(held)
            }
            Answer::Body {
                bytes,
                etag,
                waited,
            } => {
                self.bytes = self
                    .bytes
                    .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                if conditional {
                    self.waited |= waited;
                    self.etag = etag.map(|value| Etag {
                        value,
                        sha256: sha256(&bytes),
                    });
                }
                Ok(Some(bytes))
            }
        }
    }
}

/// Runs what was begun on the client to its end. `seen` collects the stored files that took part.
pub(crate) async fn drive(
    client: &mut Client,
    files: &mut dyn Files,
    mut remote: Option<&mut Remote<'_>>,
    seen: &mut Vec<String>,
) -> Result<(), Error> {
    let mut place = files.place("root.json");
    loop {
        let step = client
            .step()
            .map_err(|error| Error::of_trust(&place, &error))?;
        let done = match step {
            Step::Done => return Ok(()),
            Step::Load { file } => {
                place = files.place(&file);
                files.load(&file).map(|bytes| {
                    if bytes.is_some() {
                        seen.push(file);
                    }
                    feed(client, bytes.as_deref());
                })
            }
            Step::Fetch { path, max_bytes } => match remote.as_deref_mut() {
                None => Err(offline(&path)),
                Some(remote) => {
                    place = remote.transport.place(Base::Metadata, &path);
                    let held = if path == TIMESTAMP {
                        files.load(&path)?
                    } else {
                        None
                    };
                    let got = remote.get(Base::Metadata, &path, max_bytes, held).await;
                    got.map(|bytes| feed(client, bytes.as_deref()))
                }
            },
            Step::Store { file, bytes } => {
                let stored = files.store(&file, &bytes);
                seen.push(file);
                stored.map(|()| client.answer(Fed::Done))
            }
            Step::Remove { file } => {
                let removed = files.remove(&file);
                removed.map(|()| client.answer(Fed::Done))
            }
        };
        if let Err(error) = done {
            client.abort();
            return Err(error);
        }
    }
}

fn feed(client: &mut Client, bytes: Option<&[u8]>) {
    client.answer(bytes.map_or(Fed::Absent, Fed::Bytes));
}

fn offline(path: &str) -> Error {
    Error::new(
        "incomplete",
        path,
        "is needed and is not among the stored files",
    )
}

/// [`drive`] without a transport: it waits for nothing.
pub(crate) fn drive_stored(
    client: &mut Client,
    files: &mut dyn Files,
    seen: &mut Vec<String>,
) -> Result<(), Error> {
    let mut driven = pin!(drive(client, files, None, seen));
    match driven
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(result) => result,
        Poll::Pending => Err(offline("metadata")),
    }
}
