use std::error::Error as _;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Request, Response, StatusCode, Url};
use tokio::time::{Instant, timeout_at};

use super::{Answer, Base, Boxed, Get, Transport};
use crate::error::Error;

/// How patient a client is, and what it trusts beside the system's certificates.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// How long a connection and the first byte of an answer may take.
    pub first_byte: Duration,
    /// How long one file may take in all.
    pub total: Duration,
    /// How often the rate is looked at.
    pub rate_window: Duration,
    /// How many bytes must come within each window.
    pub rate_bytes: u64,
    /// Further certificate authorities, as PEM.
    pub authorities: Option<Vec<u8>>,
}

impl Default for HttpOptions {
    /// 15 s to the first byte, 5 minutes a file, 10 KiB in every 10 s: the largest bundle of 8 MiB needs 27
    /// KiB/s to come in time, and who drips bytes is noticed within 10 s.
    fn default() -> HttpOptions {
        HttpOptions {
            first_byte: Duration::from_secs(15),
            total: Duration::from_secs(300),
            rate_window: Duration::from_secs(10),
            rate_bytes: 10 << 10,
            authorities: None,
        }
    }
}

/// How many redirects are followed within one host.
const REDIRECTS: usize = 5;

/// A longer validator is not kept.
const ETAG_BYTES: usize = 256;

/// A repository on a server.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
    metadata: Url,
    targets: Url,
    options: HttpOptions,
    /// Whether the last request was answered, so that the next one may go over its connection.
    answered: Arc<AtomicBool>,
}

impl Http {
    /// A repository whose metadata and targets are below these addresses.
    ///
    /// # Errors
    /// [`Error`] `usage` if an address is none of `http` or `https`, or a certificate is none.
    pub fn new(metadata: &str, targets: &str, options: &HttpOptions) -> Result<Http, Error> {
        Ok(Http {
            client: client(options)?.build().map_err(|error| unusable(&error))?,
            metadata: base(metadata)?,
            targets: base(targets)?,
            options: options.clone(),
            answered: Arc::default(),
        })
    }

    fn url(&self, base: Base, path: &str) -> Option<Url> {
        let base = match base {
            Base::Metadata => &self.metadata,
            Base::Targets => &self.targets,
        };
        // The path is data: what has a meaning in an address is escaped, so that it stays below the base.
        let path = path.replace('?', "%3F").replace('#', "%23");
        let url = base.join(&format!("./{path}")).ok()?;
        let below = url.path().starts_with(base.path()) && same_host(base, &url);
        (below && super::folder::inside(&path)).then_some(url)
    }

    async fn fetch(&self, get: Get<'_>) -> Result<Answer, Error> {
        let place = self.place(get.base, get.path);
        let Some(url) = self.url(get.base, get.path) else {
            return Ok(Answer::Absent);
        };
        let mut request = self
            .client
            .get(url)
            // Hashes are of the bytes as they are stored; a coded answer could also be larger than it looks.
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::CACHE_CONTROL, "no-cache");
        if let Some(etag) = get.if_none_match {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let wait = get.wait.unwrap_or_default();
        if let Some(wait) = get.wait {
            request = request.header(HeaderName::from_static("prefer"), prefer(wait));
        }
        let request = request
            .build()
            .map_err(|error| unreachable(&place, &error))?;
        let start = Instant::now();
        let first = start + self.options.first_byte + wait;
        let response = self.send(request, first, &place).await?;
        // Said without having waited, as by a cache, it would make every client come back at once.
        let held = !wait.is_zero() && start.elapsed() >= wait / 2;
        let waited = held && applied(response.headers());
        let etag = etag(response.headers());
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => return Ok(Answer::Absent),
            StatusCode::NOT_MODIFIED if get.if_none_match.is_some() => {
                return Ok(Answer::NotModified { etag, waited });
            }
            status => return Err(refused(&place, status, response.headers())),
        }
        check_headers(&place, get.max_bytes, &response)?;
        let deadline = start + wait + self.options.total;
        let bytes = self.body(&place, response, get.max_bytes, deadline).await?;
        if get.base == Base::Metadata && bytes.first() == Some(&b'<') {
            return Err(html(&place));
        }
        Ok(Answer::Body {
            bytes,
            etag,
            waited,
        })
    }

    /// Sends a request; on a new connection once more, if the one of an earlier answer turned out to be closed: a server
    /// may close it at any time, and then a GET is repeated without asking (RFC 9110, 9.2.2; RFC 9112, 9.3.1). Both
    /// together have until `first`.
    async fn send(&self, request: Request, first: Instant, place: &str) -> Result<Response, Error> {
        let answered = self.answered.swap(false, Ordering::Relaxed);
        let again = request.try_clone().filter(|_| answered);
        let mut sent = timeout_at(first, self.client.execute(request)).await;
        if let (Ok(Err(error)), Some(again)) = (&sent, again)
            && closed(error)
        {
            let fresh = client(&self.options)?.pool_max_idle_per_host(0).build();
            let fresh = fresh.map_err(|error| unusable(&error))?;
            sent = timeout_at(first, fresh.execute(again)).await;
        }
        match sent {
            Err(_) => Err(slow(place)),
            Ok(Err(error)) => Err(unreachable(place, &error)),
            Ok(Ok(response)) => {
                self.answered.store(true, Ordering::Relaxed);
                Ok(response)
            }
        }
    }

    async fn body(
        &self,
        place: &str,
        mut response: Response,
        max: u64,
        deadline: Instant,
    ) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let mut window = Instant::now() + self.options.rate_window;
        let mut seen = 0;
        loop {
            let chunk = match timeout_at(window.min(deadline), response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return Ok(bytes),
                Ok(Err(error)) => {
                    let message = format!("the answer ended before its end: {}", cause(&error));
                    return Err(Error::network("truncated", place, message));
                }
                Err(_) if Instant::now() < deadline && enough(bytes.len(), seen, &self.options) => {
                    seen = bytes.len();
                    window = Instant::now() + self.options.rate_window;
                    continue;
                }
                Err(_) => return Err(slow(place)),
            };
            if longer(bytes.len().saturating_add(chunk.len()), max) {
                return Err(too_large(place, max));
            }
            bytes.extend_from_slice(&chunk);
            let now = Instant::now();
            if now >= deadline {
                return Err(slow(place));
            }
            if now >= window {
                if !enough(bytes.len(), seen, &self.options) {
                    return Err(slow(place));
                }
                seen = bytes.len();
                window = now + self.options.rate_window;
            }
        }
    }
}

impl Transport for Http {
    fn get<'a>(&'a self, get: Get<'a>) -> Boxed<'a, Result<Answer, Error>> {
        Box::pin(self.fetch(get))
    }

    fn place(&self, base: Base, path: &str) -> String {
        let base = match base {
            Base::Metadata => &self.metadata,
            Base::Targets => &self.targets,
        };
        // An address may hold a password or a signed query: neither belongs in a log.
        let mut shown = base.clone();
        let _ = shown.set_password(None);
        let _ = shown.set_username("");
        shown.set_query(None);
        format!("{shown}{path}")
    }
}

/// What every connection is made with.
fn client(options: &HttpOptions) -> Result<ClientBuilder, Error> {
    let builder = Client::builder()
        .user_agent(concat!("edgerail/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::custom(|attempt| {
            let from = attempt.previous().last();
            if attempt.previous().len() > REDIRECTS {
                attempt.error("too many redirects")
            } else if from.is_some_and(|from| same_host(from, attempt.url())) {
                attempt.follow()
            } else {
                attempt.error("a redirect to another host")
            }
        }))
        .referer(false)
        .connect_timeout(options.first_byte);
    let Some(pem) = &options.authorities else {
        return Ok(builder);
    };
    let authorities = Certificate::from_pem_bundle(pem).map_err(|error| unusable(&error))?;
    Ok(builder.tls_certs_merge(authorities))
}

fn unusable(error: &reqwest::Error) -> Error {
    Error::new("usage", "the HTTP client", cause(error))
}

fn base(address: &str) -> Result<Url, Error> {
    let wrong = |why: &str| Error::new("usage", "the repository's address", why);
    let mut url = Url::parse(address).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong(
            "is none of http://…, https://…, file://… or a folder",
        ));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// The same host and port, or the way from `http` to `https` on the same host.
fn same_host(from: &Url, to: &Url) -> bool {
    let secure = from.scheme() == "http" && to.scheme() == "https";
    let same =
        from.scheme() == to.scheme() && from.port_or_known_default() == to.port_or_known_default();
    from.host_str() == to.host_str() && (same || secure)
}

fn prefer(wait: Duration) -> String {
    format!("wait={}", wait.as_secs())
}

/// Whether the server says that it kept to our `Prefer: wait` (RFC 7240).
fn applied(headers: &HeaderMap) -> bool {
    headers
        .get_all("preference-applied")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().to_ascii_lowercase().starts_with("wait"))
}

fn etag(headers: &HeaderMap) -> Option<String> {
    let etag = headers.get(header::ETAG)?.to_str().ok()?;
    (etag.len() <= ETAG_BYTES).then(|| etag.to_owned())
}

fn check_headers(place: &str, max: u64, response: &Response) -> Result<(), Error> {
    let text = |name| response.headers().get(name).and_then(|v| v.to_str().ok());
    if text(header::CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
    {
        return Err(Error::new(
            "encoding",
            place,
            "the answer is compressed although that was not asked for",
        ));
    }
    if response.content_length().is_some_and(|length| length > max) {
        return Err(too_large(place, max));
    }
    match text(header::CONTENT_TYPE) {
        Some(kind)
            if kind
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("text/html") =>
        {
            Err(html(place))
        }
        _ => Ok(()),
    }
}

fn refused(place: &str, status: StatusCode, headers: &HeaderMap) -> Error {
    let message = format!("the server answers with the status {}", status.as_u16());
    let after = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| retry_after(text, SystemTime::now()));
    let error = Error::network("http_status", place, message).after(after);
    let soon = status.is_server_error()
        || matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY
        );
    if soon { error } else { error.permanent() }
}

/// Seconds from a `Retry-After`: a number or a date (RFC 9110, 10.2.3).
fn retry_after(text: &str, now: SystemTime) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default().as_secs())
}

fn enough(bytes: usize, seen: usize, options: &HttpOptions) -> bool {
    longer(
        bytes.saturating_sub(seen).saturating_add(1),
        options.rate_bytes,
    )
}

pub(super) fn longer(bytes: usize, max: u64) -> bool {
    u64::try_from(bytes).unwrap_or(u64::MAX) > max
}

pub(super) fn too_large(place: &str, max: u64) -> Error {
    Error::new(
        "too_large",
        place,
        format!("is longer than the {max} bytes it may have; nothing of it was kept"),
    )
}

fn slow(place: &str) -> Error {
    Error::network("slow", place, "took too long or came too slowly")
}

fn html(place: &str) -> Error {
    Error::new(
        "html",
        place,
        "the server answers with a web page instead of the file",
    )
}

fn unreachable(place: &str, error: &reqwest::Error) -> Error {
    if error.is_redirect() {
        return Error::new(
            "redirect",
            place,
            "the server redirects to another host or in circles",
        );
    }
    Error::network("unreachable", place, format!("no answer: {}", cause(error)))
}

/// Whether a connection was there and ended before the whole head of an answer came.
fn closed(error: &reqwest::Error) -> bool {
    if error.is_timeout() || error.is_connect() || error.is_redirect() {
        return false;
    }
    let mut source = error.source();
    while let Some(inner) = source {
        let http = inner.downcast_ref::<hyper::Error>();
        let system = inner.downcast_ref::<std::io::Error>();
        if http.is_some_and(hyper::Error::is_incomplete_message)
            || system.is_some_and(|error| ends(error.kind()))
        {
            return true;
        }
        source = inner.source();
    }
    false
}

fn ends(kind: ErrorKind) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(
        kind,
        BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof
    )
}

/// The innermost reason, without the address: it may hold what belongs in no log.
fn cause(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    if std::ptr::addr_eq(inner, error) {
        let kind = if error.is_builder() {
            "it cannot be made"
        } else {
            "the request failed"
        };
        return kind.to_owned();
    }
    inner.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn redirects_stay_on_the_host() {
        let from = url("http://a.example/x");
        assert!(same_host(&from, &url("http://a.example/y")));
        assert!(same_host(&from, &url("https://a.example/y")));
        assert!(!same_host(&from, &url("http://b.example/x")));
        assert!(!same_host(&from, &url("http://a.example:8080/x")));
        assert!(!same_host(&url("https://a.example/"), &from));
    }

    #[test]
    fn paths_stay_below_their_base() {
        let http = Http::new(
            "http://user:secret@a.example/repo/metadata?token=1",
            "http://a.example/repo/targets/",
            &HttpOptions::default(),
        )
        .unwrap();
        let path = |path: &str| {
            http.url(Base::Metadata, path)
                .map(|url| url.path().to_owned())
        };
        assert_eq!(path("1.root.json").unwrap(), "/repo/metadata/1.root.json");
        assert_eq!(path("1.a%2Fb.json").unwrap(), "/repo/metadata/1.a%2Fb.json");
        assert_eq!(path("a?b#c").unwrap(), "/repo/metadata/a%3Fb%23c");
        for bad in [
            "../x",
            "/x",
            "//b.example/x",
            "a/../../x",
            "",
            "a//b",
            "..\\x",
        ] {
            assert_eq!(path(bad), None, "{bad}");
        }
        // A scheme in a path is a file's name and not another address.
        let odd = path("http:x");
        assert!(odd.is_none_or(|path| path.starts_with("/repo/metadata/")));
        let place = http.place(Base::Metadata, "1.root.json");
        assert_eq!(place, "http://a.example/repo/metadata/1.root.json");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        assert_eq!(retry_after("120", now), Some(120));
        assert_eq!(retry_after("Sun, 09 Sep 2001 01:47:40 GMT", now), Some(60));
        assert_eq!(retry_after("Sun, 09 Sep 2001 01:00:00 GMT", now), Some(0));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
    }
}
