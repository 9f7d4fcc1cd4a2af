//! The same over real sockets, with a server that misbehaves.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use edgerail_sync::Sync;
use edgerail_sync::transport::{Answer, Base, Get, Http, HttpOptions, Transport};

use crate::world::*;

/// What the server does with a request: its head, and the socket to answer on.
type Serve = Arc<Mutex<Box<dyn FnMut(&str, &mut TcpStream) + Send>>>;

/// A server on this machine; its thread ends with the process.
struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(serve: impl FnMut(&str, &mut TcpStream) + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let serve: Serve = Arc::new(Mutex::new(Box::new(serve)));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, serve) = (Arc::clone(&log), Arc::clone(&serve));
                std::thread::spawn(move || {
                    let Ok(mut stream) = stream else { return };
                    let Some(head) = head(&mut stream) else {
                        return;
                    };
                    log.lock().unwrap().push(head.clone());
                    serve.lock().unwrap()(&head, &mut stream);
                });
            }
        });
        Server { address, requests }
    }

    /// A server with one answer for everything.
    fn with(answer: &'static str) -> Server {
        Server::start(move |_, stream| drop(stream.write_all(answer.as_bytes())))
    }

    fn http(&self) -> Http {
        let options = HttpOptions {
            first_byte: Duration::from_millis(500),
            total: Duration::from_millis(1500),
            rate_window: Duration::from_millis(300),
            ..HttpOptions::default()
        };
        let at = |base: Base| format!("{}/{}", self.address, base.folder());
        Http::new(&at(Base::Metadata), &at(Base::Targets), &options).unwrap()
    }

    fn get(&self, etag: Option<&str>) -> Result<Answer, &'static str> {
        let http = self.http();
        let get = Get {
            base: Base::Metadata,
            path: "timestamp.json",
            max_bytes: 1000,
            if_none_match: etag,
            wait: etag.map(|_| Duration::from_secs(2)),
        };
        run(http.get(get)).map_err(|error| {
            assert!(!error.message().contains("127.0.0.1") || error.code() == "unreachable");
            error.code()
        })
    }
}

fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

fn body(bytes: &str) -> Answer {
    Answer::Body {
        bytes: bytes.as_bytes().to_vec(),
        etag: None,
        waited: false,
    }
}

#[test]
fn answers_have_a_meaning_each() {
    for (answer, expected) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            Ok(body("{}")),
        ),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            Ok(Answer::Absent),
        ),
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
            Ok(Answer::Absent),
        ),
        (
            "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
            Err("http_status"),
        ),
        (
            "HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n",
            Err("http_status"),
        ),
        ("HTTP/1.1 204 Nothing\r\n\r\n", Err("http_status")),
        // Nobody asked under a condition.
        ("HTTP/1.1 304 Not Modified\r\n\r\n", Err("http_status")),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
            Err("truncated"),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            Err("truncated"),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n{}",
            Err("too_large"),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}",
            Err("html"),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<!doctype html>",
            Err("html"),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
            Err("encoding"),
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://other.example/x\r\nContent-Length: 0\r\n\r\n",
            Err("redirect"),
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            Err("redirect"),
        ),
        ("nonsense\r\n\r\n", Err("unreachable")),
        ("", Err("unreachable")),
    ] {
        let server = Server::with(answer);
        assert_eq!(server.get(None), expected, "{answer}");
    }
}

#[test]
fn t_big_an_endless_answer_is_cut_at_the_limit() {
    let server = Server::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b' '; 4096]).is_ok() {}
    });
    assert_eq!(server.get(None), Err("too_large"));
}

#[test]
fn t_slow_1_a_server_that_drips_is_given_up() {
    for announced in ["", "Content-Length: 900\r\n"] {
        let server = Server::start(move |_, stream| {
            let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\n{announced}\r\n").as_bytes());
            while stream.write_all(b" ").and_then(|()| stream.flush()).is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        assert_eq!(server.get(None), Err("slow"));
    }
    // One that takes the request and says nothing.
    let silent = Server::start(|_, stream| {
        let _ = stream.read(&mut [0]);
    });
    assert_eq!(silent.get(None), Err("slow"));
}

#[test]
fn a_redirect_within_the_host_is_followed() {
    let server = Server::start(|head, stream| {
        let answer = if head.starts_with("GET /metadata/") {
            "HTTP/1.1 307 There\r\nLocation: /moved/timestamp.json\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        } else {
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        };
        let _ = stream.write_all(answer.as_bytes());
    });
    assert_eq!(server.get(None), Ok(body("{}")));
}

#[test]
fn conditions_and_patience_are_sent_and_answers_to_them_read() {
    let server = Server::with(
        "HTTP/1.1 304 Not Modified\r\nETag: \"b\"\r\nPreference-Applied: respond-async, wait=2\r\n\r\n",
    );
    let answer = server.get(Some("\"a\""));
    assert_eq!(
        answer,
        Ok(Answer::NotModified {
            etag: Some("\"b\"".into()),
            // It says so and did not.
            waited: false
        })
    );
    let head = server.requests.lock().unwrap()[0].to_ascii_lowercase();
    for line in [
        "if-none-match: \"a\"",
        "prefer: wait=2",
        "accept-encoding: identity",
    ] {
        assert!(head.contains(line), "{line} is not in {head}");
    }
    let server = Server::with("HTTP/1.1 200 OK\r\nETag: \"c\"\r\nContent-Length: 2\r\n\r\n{}");
    let answer = server.get(None);
    assert_eq!(
        answer,
        Ok(Answer::Body {
            bytes: b"{}".to_vec(),
            etag: Some("\"c\"".into()),
            waited: false
        })
    );
    assert!(
        !server.requests.lock().unwrap()[0]
            .to_ascii_lowercase()
            .contains("prefer")
    );
}

#[test]
fn retry_after_is_heard() {
    let server = Server::with("HTTP/1.1 503 Busy\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n");
    let get = Get {
        base: Base::Targets,
        path: "x",
        max_bytes: 1,
        if_none_match: None,
        wait: None,
    };
    let error = run(server.http().get(get)).unwrap_err();
    assert_eq!(
        (error.retry_after(), error.is_transient()),
        (Some(17), true)
    );
    let server = Server::with("HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n");
    let error = run(server.http().get(get)).unwrap_err();
    assert!(!error.is_transient());
}

/// What a server does with a request on a connection that it keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    Answers,
    /// Ends the connection after the request was read.
    Closes,
    /// Ends it with a reset: something of the request was not read.
    Resets,
    /// Ends it within the head of the answer.
    Cuts,
    Nonsense,
    Silent,
}

/// Gets a file as often as `gets`, from a server that treats requests by the script, and the last one's way from then on. The
/// codes, and the connection that each request came over.
fn over_kept_connections(script: &'static [Then], gets: usize) -> (Vec<&'static str>, Vec<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&requests);
    std::thread::spawn(move || {
        for (connection, stream) in listener.incoming().enumerate() {
            let (log, mut stream) = (Arc::clone(&log), stream.unwrap());
            std::thread::spawn(move || {
                while let Ok(1) = stream.read(&mut [0]) {
                    let number = log.lock().unwrap().len();
                    log.lock().unwrap().push(connection);
                    let then = script[number.min(script.len() - 1)];
                    if then == Then::Resets || head(&mut stream).is_none() {
                        return;
                    }
                    let answer = match then {
                        Then::Answers => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                        Then::Cuts => "HTTP/1.1 200 OK\r\nContent-Le",
                        Then::Nonsense => "nonsense\r\n\r\n",
                        _ => "",
                    };
                    let _ = stream.write_all(answer.as_bytes());
                    if !matches!(then, Then::Answers | Then::Silent) {
                        return;
                    }
                }
            });
        }
    });
    let options = HttpOptions {
        first_byte: Duration::from_secs(2),
        ..HttpOptions::default()
    };
    let http = Http::new(&address, &address, &options).unwrap();
    // Only for silence is the time short: an honest answer may be late on a machine that is busy.
    let short = script.contains(&Then::Silent);
    let codes = run(async {
        let mut codes = Vec::new();
        for number in 1..=gets {
            let patient = !short || number < gets;
            let got = http.get(Get {
                base: Base::Metadata,
                path: "timestamp.json",
                max_bytes: 1000,
                if_none_match: None,
                wait: patient.then_some(Duration::from_secs(30)),
            });
            let got = got.await;
            codes.push(got.map_or_else(|error| error.code(), |_| "ok"));
        }
        codes
    });
    let requests = requests.lock().unwrap().clone();
    (codes, requests)
}

#[test]
fn a_kept_connection_that_was_closed_is_replaced_once() {
    for end in [Then::Closes, Then::Resets, Then::Cuts] {
        let script: &[Then] = match end {
            Then::Closes => &[Then::Answers, Then::Closes, Then::Answers],
            Then::Resets => &[Then::Answers, Then::Resets, Then::Answers],
            _ => &[Then::Answers, Then::Cuts, Then::Answers],
        };
        let (codes, connections) = over_kept_connections(script, 3);
        assert_eq!(codes, ["ok", "ok", "ok"], "{end:?}");
        // One request more than files, and that one over a connection of its own.
        assert_eq!(connections.len(), 4, "{end:?}");
        assert!(connections[2] > connections[1], "{end:?}, {connections:?}");
    }
    // It helps once: a server that closes every connection is asked twice, and then once a time.
    let (codes, connections) = over_kept_connections(&[Then::Answers, Then::Closes], 3);
    assert_eq!(codes, ["ok", "unreachable", "unreachable"]);
    assert_eq!(connections.len(), 4);
}

#[test]
fn nothing_else_is_asked_for_twice() {
    for (script, codes) in [
        // Nothing was answered before: the connection is new.
        (&[Then::Closes][..], ["unreachable", "unreachable"]),
        (&[Then::Answers, Then::Nonsense], ["ok", "unreachable"]),
        (&[Then::Answers, Then::Silent], ["ok", "slow"]),
    ] {
        let (found, connections) = over_kept_connections(script, 2);
        assert_eq!((&found[..], connections.len()), (&codes[..], 2));
    }
    // Both times together have the time of one.
    let script = &[Then::Answers, Then::Closes, Then::Silent];
    let (codes, connections) = over_kept_connections(script, 2);
    assert_eq!(codes, ["ok", "slow"]);
    assert!(connections.len() <= 3, "{connections:?}");
}

/// A repository over a socket: install, update, then each misbehaviour at each file; the policy stays.
#[test]
fn a_client_lives_through_a_server_that_misbehaves() {
    let mut publisher = Publisher::delegated(71);
    publisher.current(1, "good");
    let served = Arc::new(Mutex::new((
        publisher.clone(),
        None::<(&'static str, &'static str)>,
    )));
    let shared = Arc::clone(&served);
    let server = Server::start(move |head, stream| {
        let (publisher, fault) = shared.lock().unwrap().clone();
        let path = head.split(' ').nth(1).unwrap_or_default();
        let file = path
            .strip_prefix("/metadata/")
            .and_then(|path| publisher.repository.files.get(path));
        let file = file.or_else(|| {
            publisher
                .repository
                .contents
                .get(path.strip_prefix("/targets/")?)
        });
        let fault = fault
            .filter(|(object, _)| path.contains(object))
            .map(|(_, answer)| answer);
        let _ = match (fault, file) {
            (Some(answer), _) => stream.write_all(answer.as_bytes()),
            (None, None) => stream.write_all(
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            ),
            (None, Some(bytes)) => {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    bytes.len()
                );
                stream.write_all(&[head.as_bytes(), bytes].concat())
            }
        };
    });
    let world = World::new(&publisher);
    let mut config = world.config();
    config.transport = Box::new(server.http());
    let mut sync = Sync::open(config).unwrap();
    assert!(run(sync.once()).unwrap().changed);
    publisher.repository.publish(&["root", "targets"]);
    publisher.current(2, "good");
    *served.lock().unwrap() = (publisher.clone(), None);
    for object in [
        "3.root.json",
        "timestamp.json",
        "snapshot.json",
        "3.targets.json",
        "targets-1.json",
        "/targets/",
    ] {
        for (answer, code) in [
            (
                "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                "http_status",
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 310\r\n\r\n{",
                "truncated",
            ),
            (
                "HTTP/1.1 302 Found\r\nLocation: http://localhost:1/\r\nContent-Length: 0\r\n\r\n",
                "redirect",
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n{",
                "too_large",
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
                "html",
            ),
            ("", "unreachable"),
        ] {
            let object = if object == "3.root.json" {
                "2.root.json"
            } else {
                object
            };
            served.lock().unwrap().1 = Some((object, answer));
            let result = run(sync.once());
            if let Err(error) = &result {
                assert_eq!(error.code(), code, "{object}");
                assert_eq!(version(&sync), Some(1), "{object}, {code}");
            }
            // What was stored before the fault is not asked for again.
            assert!(
                result.is_err() || !object.contains("targets/"),
                "{object}, {code}"
            );
        }
    }
    served.lock().unwrap().1 = None;
    assert!(run(sync.once()).unwrap().changed);
    assert_eq!((version(&sync), sync.status().degraded), (Some(2), vec![]));
}
