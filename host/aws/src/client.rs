//! Signed requests to AWS, and their answers as the bytes that came.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_types::service_config::ServiceConfigKey;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};

use crate::error::{Error, Kind, quotable};
use crate::head::{Failed, Head};
use crate::operation::{Operation, Service, Wire};
use crate::partition::{self, Endpoint, Variant, is_region};
use crate::retry::Limits;
use crate::smithy;

/// Credentials are renewed this long before they expire.
const RENEW: Duration = Duration::from_secs(300);

/// A list of more pages does not end.
const PAGES: usize = 10_000;

/// What to connect with. What is `None` comes from the environment variables and files that all AWS tools read.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The region for what names none itself.
    pub region: Option<String>,
    /// The profile of the shared configuration files.
    pub profile: Option<String>,
    /// The address of all services, instead of AWS's own.
    pub endpoint_url: Option<String>,
    /// Endpoints with validated cryptography.
    pub use_fips: Option<bool>,
    /// Endpoints that are reached by IPv6 too.
    pub use_dual_stack: Option<bool>,
    /// Credentials from elsewhere, instead of those that all AWS tools find.
    pub credentials: Option<SharedCredentialsProvider>,
    /// Tries, times and sizes.
    pub limits: Limits,
}

/// A connection to AWS: credentials, addresses, limits.
pub struct Client {
    http: reqwest::Client,
    provider: SharedCredentialsProvider,
    credentials: Mutex<Option<Credentials>>,
    region: Option<String>,
    endpoints: BTreeMap<Service, String>,
    variant: Variant,
    limits: Limits,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("region", &self.region)
            .field("endpoints", &self.endpoints)
            .field("variant", &self.variant)
            .finish_non_exhaustive()
    }
}

/// A request: what to do, where, with what.
#[derive(Clone, Debug)]
pub struct Call {
    /// The operation.
    pub operation: &'static Operation,
    /// The region it is meant for; Organizations answers for its whole partition.
    pub region: String,
    /// The operation's input, by the API's names.
    pub input: Map<String, Value>,
}

impl Call {
    /// A call; `input` is the members that have a value.
    #[must_use]
    pub fn new(operation: &'static Operation, region: &str, input: &[(&str, &str)]) -> Call {
        let pairs = input.iter();
        Call {
            operation,
            region: region.to_owned(),
            input: pairs
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect(),
        }
    }

    /// For errors: the operation, what it is about, the region.
    fn place(&self) -> String {
        let mut place = self.operation.name.to_owned();
        let ids = [
            "guardrailIdentifier",
            "TargetId",
            "PolicyId",
            "ParentId",
            "ChildId",
            "KeyId",
        ];
        for id in ids {
            if let Some(value) = self.input.get(id).and_then(Value::as_str) {
                place.push(' ');
                place.push_str(&quotable(value, &[]));
            }
        }
        format!("{place} ({})", quotable(&self.region, &[]))
    }
}

/// A good answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was asked.
    pub call: Call,
    /// The exact bytes of the body.
    pub bytes: Vec<u8>,
    /// The same as JSON; of the operation's form.
    pub value: Value,
    /// When it was complete, by this machine's clock.
    pub received: SystemTime,
}

impl Client {
    /// Reads configuration and environment; nothing is sent yet, unless credentials or region are asked of the machine.
    ///
    /// # Errors
    ///
    /// A region or endpoint URL that is none, and no provider of credentials.
    pub async fn connect(settings: Settings) -> Result<Client, Error> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(settings.limits.connect)
            .user_agent(concat!("edgerail/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::new(Kind::Network, "the HTTP client", error.to_string()))?;
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(smithy::Http(http.clone()));
        if let Some(region) = settings.region.clone() {
            check_region(&region)?;
            loader = loader.region(aws_config::Region::new(region));
        }
        if let Some(profile) = &settings.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(credentials) = settings.credentials.clone() {
            loader = loader.credentials_provider(credentials);
        }
        let config = loader.load().await;
        let region = config.region().map(|region| region.as_ref().to_owned());
        if let Some(region) = &region {
            check_region(region)?;
        }
        let none = "no credentials are configured; set a profile or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        let provider = config.credentials_provider();
        Ok(Client {
            http,
            provider: provider.ok_or_else(|| Error::new(Kind::Credentials, "credentials", none))?,
            credentials: Mutex::new(None),
            region,
            endpoints: endpoints(&settings, &config)?,
            variant: Variant {
                fips: settings.use_fips.or(config.use_fips()).unwrap_or(false),
                dual_stack: settings
                    .use_dual_stack
                    .or(config.use_dual_stack())
                    .unwrap_or(false),
            },
            limits: settings.limits,
        })
    }

    /// The region for what names none itself.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn region(&self) -> Result<&str, Error> {
        let missing =
            "no region is configured; give --region, or set AWS_REGION or the profile's region";
        self.region
            .as_deref()
            .ok_or_else(|| Error::new(Kind::Region, "region", missing))
    }

    /// The account of the credentials, where they say it.
    #[must_use]
    pub fn account(&self) -> Option<String> {
        let held = self.credentials.lock();
        let held = held.unwrap_or_else(PoisonError::into_inner);
        let account = held.as_ref()?.account_id()?;
        Some(account.as_str().to_owned())
    }

    /// Where a service is asked for a region.
    fn endpoint(&self, service: Service, region: &str) -> Endpoint {
        let own = partition::endpoint(service, region, self.variant);
        match self.endpoints.get(&service) {
            Some(url) => Endpoint {
                url: url.clone(),
                region: own.region,
            },
            None => own,
        }
    }

    /// Calls an operation, again where that may help.
    ///
    /// # Errors
    ///
    /// What AWS or the network said last, the answer's size or form; see [`Kind`].
    pub async fn call(&self, call: Call) -> Result<Answer, Error> {
        check_region(&call.region)?;
        let place = call.place();
        let wire = call.operation.wire(&call.input);
        let wire = wire.map_err(|message| Error::new(Kind::Input, &place, message))?;
        let start = Instant::now();
        let mut tried = 1;
        let (bytes, value) = loop {
            let left = self.limits.deadline.saturating_sub(start.elapsed());
            let time = self.limits.attempt.min(left);
            let failed = match self.attempt(&call, &wire, &place, time).await {
                Ok(answer) => break answer,
                Err(failed) => failed,
            };
            if !failed.again {
                return Err(failed.error);
            }
            let wait = self
                .limits
                .wait(tried + 1, failed.throttled, failed.after, fastrand::f64());
            let over = start.elapsed() + wait > self.limits.deadline;
            if over || tried >= self.limits.tries.get() {
                let seconds = start.elapsed().as_secs();
                return Err(gave_up(
                    &failed.error,
                    tried,
                    seconds,
                    failed.after.filter(|_| over),
                ));
            }
            tokio::time::sleep(wait).await;
            tried += 1;
        };
        Ok(Answer {
            call,
            bytes,
            value,
            received: SystemTime::now(),
        })
    }

    /// Calls a list operation until it has no next page.
    ///
    /// # Errors
    ///
    /// As [`Client::call`]; and a list that never ends.
    pub async fn pages(&self, call: Call) -> Result<Vec<Answer>, Error> {
        let Some(pages) = call.operation.pages else {
            return Ok(vec![self.call(call).await?]);
        };
        let mut tokens = BTreeSet::new();
        let mut answers = Vec::new();
        let mut next = call;
        loop {
            let answer = self.call(next.clone()).await?;
            let token = answer.value.get(pages.token).and_then(Value::as_str);
            let token = token.filter(|token| !token.is_empty()).map(str::to_owned);
            answers.push(answer);
            let Some(token) = token else {
                return Ok(answers);
            };
            if !tokens.insert(token.clone()) || answers.len() >= PAGES {
                let message = "the list does not end: it gives a page's token twice, or has over 10,000 pages";
                return Err(Error::new(Kind::Incomplete, next.place(), message));
            }
            next.input.insert(pages.token.to_owned(), json!(token));
        }
    }

    async fn attempt(
        &self,
        call: &Call,
        wire: &Wire,
        place: &str,
        time: Duration,
    ) -> Result<(Vec<u8>, Value), Failed> {
        let credentials = self.credentials().await.map_err(Failed::for_good)?;
        let request = self.signed(call, wire, place, &credentials);
        let request = request.map_err(Failed::for_good)?;
        let sending = self.exchange(request, place);
        let exchange = match tokio::time::timeout(time, sending).await {
            Ok(exchange) => exchange?,
            Err(_) => {
                let seconds = time.as_secs_f32();
                let message = format!("no complete answer within {seconds} s");
                return Err(Failed::passing(Error::new(Kind::Timeout, place, message)));
            }
        };
        let (status, headers, bytes) = exchange;
        let head = Head {
            status,
            headers: &headers,
            secrets: &secrets(&credentials),
            now: SystemTime::now(),
        };
        head.understand(call.operation, place, bytes)
    }

    /// Sends, and receives up to the cap.
    async fn exchange(
        &self,
        request: reqwest::Request,
        place: &str,
    ) -> Result<(u16, HeaderMap, Vec<u8>), Failed> {
        let broken = |error: reqwest::Error| Failed::passing(broken(place, &error));
        let mut answer = self.http.execute(request).await.map_err(broken)?;
        let cap = self.limits.answer_bytes;
        let too_large = || {
            let message = format!("the answer is larger than {cap} bytes");
            Failed::for_good(Error::new(Kind::TooLarge, place, message))
        };
        let declared = answer.content_length().unwrap_or(0);
        if usize::try_from(declared).map_or(true, |declared| declared > cap) {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            if bytes.len() + chunk.len() > cap {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok((answer.status().as_u16(), answer.headers().clone(), bytes))
    }

    fn signed(
        &self,
        call: &Call,
        wire: &Wire,
        place: &str,
        credentials: &Credentials,
    ) -> Result<reqwest::Request, Error> {
        let endpoint = self.endpoint(call.operation.service, &call.region);
        let wrong = |message: String| Error::new(Kind::Endpoint, place, message);
        let url = format!("{}{}", endpoint.url, wire.path);
        let url = reqwest::Url::parse(&url).map_err(|error| wrong(error.to_string()))?;
        let method = reqwest::Method::from_bytes(wire.method.as_bytes());
        let method = method.map_err(|error| wrong(error.to_string()))?;
        let mut headers = vec![("host", authority(&url))];
        if let Some(target) = &wire.target {
            headers.push(("content-type", "application/x-amz-json-1.1".to_owned()));
            headers.push(("x-amz-target", target.clone()));
        }
        let identity = credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&endpoint.region)
            .name(call.operation.service.name())
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| wrong(error.to_string()))?
            .into();
        let pairs = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let body = SignableBody::Bytes(&wire.body);
        let signable = SignableRequest::new(wire.method, url.as_str(), pairs, body);
        let signing = signable.and_then(|signable| sign(signable, &parameters));
        let (instructions, _) = signing
            .map_err(|error| wrong(error.to_string()))?
            .into_parts();
        let mut request = self
            .http
            .request(method, url.clone())
            .body(wire.body.clone());
        for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
            request = request.header(*name, value);
        }
        for (name, value) in instructions.headers() {
            request = request.header(name, value);
        }
        request.build().map_err(|error| wrong(error.to_string()))
    }

    async fn credentials(&self) -> Result<Credentials, Error> {
        let fresh = |held: &Credentials| {
            let renew = held.expiry().and_then(|expiry| expiry.checked_sub(RENEW));
            renew.is_none_or(|renew| SystemTime::now() < renew)
        };
        let lock = || {
            self.credentials
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(held) = lock().clone().filter(fresh) {
            return Ok(held);
        }
        let provided = self.provider.provide_credentials().await;
        let new = provided.map_err(|error| no_credentials(&error))?;
        *lock() = Some(new.clone());
        Ok(new)
    }
}

/// The whole chain of causes: the first says little.
fn no_credentials(error: &dyn std::error::Error) -> Error {
    let mut message = String::from("no credentials: ");
    message.push_str(&quotable(&causes(error), &[]));
    message.push_str(
        "; set a profile (--profile, AWS_PROFILE), sign in (`aws sso login`), or set AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY",
    );
    Error::new(Kind::Credentials, "credentials", message)
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let one = cause.to_string();
        if !text.contains(&one) {
            text.push_str(": ");
            text.push_str(&one);
        }
        next = cause.source();
    }
    text
}

fn secrets(credentials: &Credentials) -> Vec<&str> {
    let mut secrets = vec![credentials.secret_access_key()];
    secrets.extend(credentials.session_token());
    secrets
}

fn authority(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn check_region(region: &str) -> Result<(), Error> {
    if is_region(region) {
        return Ok(());
    }
    let message = "is no region; they look like us-east-1";
    Err(Error::new(Kind::Region, quotable(region, &[]), message))
}

/// The addresses that are not AWS's own: the argument's, else each service's or the common one of environment and profile.
fn endpoints(
    settings: &Settings,
    config: &aws_config::SdkConfig,
) -> Result<BTreeMap<Service, String>, Error> {
    let mut endpoints = BTreeMap::new();
    for service in Service::ALL {
        let key = ServiceConfigKey::builder()
            .service_id(service.name())
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok();
        let configured = || {
            let own = config.service_config().zip(key);
            let own = own.and_then(|(source, key)| source.load_config(key));
            own.or_else(|| config.endpoint_url().map(str::to_owned))
        };
        if let Some(url) = settings.endpoint_url.clone().or_else(configured) {
            endpoints.insert(service, check_endpoint(&url)?);
        }
    }
    Ok(endpoints)
}

fn check_endpoint(url: &str) -> Result<String, Error> {
    let wrong = |message: &str| Error::new(Kind::Endpoint, quotable(url, &[]), message);
    let parsed =
        reqwest::Url::parse(url).map_err(|_| wrong("is no URL; write it as https://host"))?;
    if !["http", "https"].contains(&parsed.scheme()) || parsed.host_str().is_none() {
        return Err(wrong(
            "is no address of a service; write it as https://host",
        ));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        // Not quoted: it holds a password.
        let message = "holds a user name or password; AWS signs requests instead";
        return Err(Error::new(Kind::Endpoint, "the endpoint URL", message));
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(wrong("has a query or fragment; leave it out"));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn broken(place: &str, error: &reqwest::Error) -> Error {
    let cause = quotable(&causes(error), &[]);
    if error.is_timeout() {
        return Error::new(Kind::Timeout, place, format!("no answer in time: {cause}"));
    }
    let message = format!("the connection failed: {cause}; check network, proxy and endpoint URL");
    Error::new(Kind::Network, place, message)
}

/// The last error, with how often and how long was tried.
fn gave_up(error: &Error, tried: u32, seconds: u64, asked: Option<Duration>) -> Error {
    let times = if tried == 1 { "once" } else { "times" };
    let count = if tried == 1 {
        String::new()
    } else {
        format!("{tried} ")
    };
    let asked = match asked {
        Some(asked) => format!("; it asks to wait {} s more", asked.as_secs()),
        None => String::new(),
    };
    let message = format!(
        "{} (tried {count}{times} in {seconds} s{asked}; try again later)",
        error.message()
    );
    let whole = Error::new(error.kind(), error.place(), message);
    match error.fault() {
        Some(fault) => whole.with_fault(fault.clone()),
        None => whole,
    }
}
