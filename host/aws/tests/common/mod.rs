//! A server of a few lines that stands for AWS: it answers by a function, and keeps what it was asked.

#![allow(dead_code, unreachable_pub, reason = "each test program uses its part")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use edgerail_aws::{Client, Credentials, Limits, Settings, SharedCredentialsProvider};
use serde_json::Value;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// How many requests came before.
    pub index: usize,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The operation of a JSON service.
    pub fn target(&self) -> &str {
        let target = self.header("x-amz-target").unwrap_or_default();
        target.rsplit('.').next().unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What is answered: a status, headers, and bytes that may be fewer than the headers say.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// How long the body is said to be; none sends it in chunks.
    pub length: Option<usize>,
    /// Say nothing and hold the connection until the client leaves.
    pub silent: bool,
}

pub fn json(status: u16, body: &str) -> Response {
    Response {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.as_bytes().to_vec(),
        length: Some(body.len()),
        silent: false,
    }
}

impl Response {
    pub fn header(mut self, name: &str, value: &str) -> Response {
        self.headers.push((name.into(), value.into()));
        self
    }
}

pub struct Server {
    pub url: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn new(answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), asked.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (answer.clone(), log.clone());
                thread::spawn(move || {
                    let _ = serve(stream, &*answer, &log);
                });
            }
        });
        Server { url, asked }
    }

    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().expect("no panic").clone()
    }

    pub async fn client(&self) -> Client {
        self.client_with(quick()).await
    }

    pub async fn client_with(&self, limits: Limits) -> Client {
        let credentials = Credentials::new(KEY, SECRET, Some(TOKEN.into()), None, "test");
        let settings = Settings {
            region: Some("us-east-1".into()),
            endpoint_url: Some(self.url.clone()),
            credentials: Some(SharedCredentialsProvider::new(credentials)),
            limits,
            ..Settings::default()
        };
        Client::connect(settings).await.expect("a client")
    }
}

pub const KEY: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "secret-that-must-not-be-shown";
pub const TOKEN: &str = "token-that-must-not-be-shown";

/// Waits of microseconds, so that no test waits.
pub fn quick() -> Limits {
    Limits {
        tries: NonZeroU32::new(4).expect("not zero"),
        base: Duration::from_micros(10),
        cap: Duration::from_micros(50),
        ..Limits::default()
    }
}

fn serve(
    stream: TcpStream,
    answer: &dyn Fn(&Request) -> Response,
    log: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request = {
        let mut log = log.lock().expect("no panic");
        let request = Request {
            method,
            path,
            headers,
            body,
            index: log.len(),
        };
        log.push(request.clone());
        request
    };
    respond(stream, &answer(&request))
}

fn respond(mut stream: TcpStream, response: &Response) -> std::io::Result<()> {
    if response.silent {
        let mut rest = [0];
        let _ = stream.read(&mut rest);
        return Ok(());
    }
    write!(
        stream,
        "HTTP/1.1 {} Status\r\nconnection: close\r\n",
        response.status
    )?;
    for (name, value) in &response.headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    match response.length {
        Some(length) => {
            write!(stream, "content-length: {length}\r\n\r\n")?;
            stream.write_all(&response.body)?;
        }
        None => {
            write!(stream, "transfer-encoding: chunked\r\n\r\n")?;
            for chunk in response.body.chunks(4096) {
                write!(stream, "{:x}\r\n", chunk.len())?;
                stream.write_all(chunk)?;
                write!(stream, "\r\n")?;
            }
            write!(stream, "0\r\n\r\n")?;
        }
    }
    stream.flush()
}

/// A runtime for one test.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}

/// A folder of its own for a test, gone at the end.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let base = std::env::temp_dir();
        let path = base.join(format!("edgerail-aws-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
