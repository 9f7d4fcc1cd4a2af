//! Exporting and verifying repositories whose owner, or server, means no good.

use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use edgerail_sync::archive::Archive;
use edgerail_sync::repository::{export, inspect};
use edgerail_sync::transport::{Answer, Base, Boxed, Get, Transport};
use edgerail_sync::{Error, Limits};
use edgerail_trust::testing::{NOW, Repository, Signer};

/// The repository as a server gives it, and what it was asked for.
struct Server {
    repository: Repository,
    asked: Mutex<Vec<String>>,
}

impl Server {
    fn new(repository: Repository) -> Server {
        let asked = Mutex::default();
        Server { repository, asked }
    }

    /// Exports all targets.
    fn export(&self) -> Result<Vec<String>, Error> {
        let root = self.repository.pinned();
        let packed = ready(export(self, root, Limits::default(), Some(NOW), &[]))?;
        assert!(Archive::read(packed.0.into()).is_ok());
        Ok(packed.1.targets)
    }
}

impl Transport for Server {
    fn get<'a>(&'a self, get: Get<'a>) -> Boxed<'a, Result<Answer, Error>> {
        self.asked.lock().unwrap().push(get.path.to_owned());
        let files = match get.base {
            Base::Metadata => &self.repository.files,
            Base::Targets => &self.repository.contents,
        };
        let answer = match files.get(get.path) {
            None => Answer::Absent,
            Some(bytes) => Answer::Body {
                bytes: bytes.clone(),
                etag: None,
                waited: false,
            },
        };
        Box::pin(std::future::ready(Ok(answer)))
    }

    fn place(&self, _: Base, path: &str) -> String {
        path.to_owned()
    }
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

/// A repository with a target of its own and one of each of two delegated roles.
fn delegated() -> Repository {
    let mut repository = Repository::new(1);
    repository.delegate("targets", "one", Signer::ed25519(8), &["b*"]);
    repository.delegate("targets", "two", Signer::ed25519(9), &["c*"]);
    repository.target("targets", "a.bundle", b"a", None);
    repository.target("one", "b.bundle", b"b", None);
    repository.target("two", "c.bundle", b"c", None);
    repository.publish(&["one", "two", "targets", "snapshot", "timestamp"]);
    repository
}

#[test]
fn all_targets_are_exported_or_none() {
    let mut server = Server::new(delegated());
    let all = ["a.bundle", "b.bundle", "c.bundle"];
    assert_eq!(server.export().unwrap(), all);
    // What a server may make of a role's file: its targets are not left out in silence.
    let path = server.repository.path("one");
    let signed = server.repository.files.get(&path).cloned().unwrap();
    for odd in [
        "",
        "[[[[",
        r#"{"signed":[]}"#,
        r#"{"signed":{"targets":7}}"#,
        r#"{"signed":{"targets":{},"delegations":{"roles":[{}]}}}"#,
        r#"{"signed":{"targets":{"c.bundle":[[0,0],{}]},"delegations":{"keys":0,"roles":[{"name":"one"},{"name":"../two"}]}}}"#,
    ] {
        server.repository.files.insert(path.clone(), odd.into());
        let error = server.export().unwrap_err();
        assert_eq!(
            (error.code(), error.place()),
            ("length", &path[..]),
            "{odd}"
        );
    }
    server.repository.files.insert(path, signed);
    assert_eq!(server.export().unwrap(), all);
}

#[test]
fn a_target_of_any_length_that_is_signed_is_not_read() {
    let mut repository = Repository::new(1);
    let object = format!(
        r#"{{"hashes":{{"sha256":"{}"}},"length":1099511627776}}"#,
        "0".repeat(64)
    );
    let targets = &mut repository.role("targets").targets;
    targets.insert("a.bundle".into(), object);
    repository.publish(&["targets", "snapshot", "timestamp"]);
    let server = Server::new(repository);
    assert_eq!(server.export().unwrap_err().code(), "too_large");
    let root = server.repository.pinned();
    let limits = Limits::default();
    let found = ready(inspect(&server, root, limits, Some(NOW), Some("a.bundle")));
    assert_eq!(found.unwrap_err().code(), "too_large");
    let asked = server.asked.lock().unwrap();
    assert!(!asked.iter().any(|path| path.ends_with("a.bundle")));
}
