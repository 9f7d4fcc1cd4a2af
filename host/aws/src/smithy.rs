//! The HTTP client that credentials are fetched with (SSO, STS, instance and container metadata): the same one that
//! everything else here uses, in the form the AWS SDK asks for.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

/// The largest answer with credentials in it.
const ANSWER_BYTES: usize = 1 << 20;

/// Beyond this no provider of credentials waits.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub(crate) struct Http(pub(crate) reqwest::Client);

impl HttpClient for Http {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let times = [settings.connect_timeout(), settings.read_timeout()];
        let timeout = match times {
            [None, None] => LONGEST,
            [connect, read] => connect.unwrap_or_default() + read.unwrap_or_default(),
        };
        let client = self.0.clone();
        SharedHttpConnector::new(Connector { client, timeout })
    }
}

#[derive(Debug)]
struct Connector {
    client: reqwest::Client,
    timeout: Duration,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (client, timeout) = (self.client.clone(), self.timeout);
        HttpConnectorFuture::new(async move { send(&client, timeout, &request).await })
    }
}

async fn send(
    client: &reqwest::Client,
    timeout: Duration,
    request: &HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let user = |message: &str| ConnectorError::user(message.to_owned().into());
    let method = reqwest::Method::from_bytes(request.method().as_bytes());
    let method = method.map_err(|_| user("an odd method"))?;
    let body = request.body().bytes();
    let body = body.ok_or_else(|| user("a request that is a stream"))?;
    let mut building = client
        .request(method, request.uri())
        .timeout(timeout)
        .body(body.to_vec());
    for (name, value) in request.headers().iter() {
        building = building.header(name, value);
    }
    let mut answer = building.send().await.map_err(failed)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if bytes.len() + chunk.len() > ANSWER_BYTES {
            return Err(user("an answer that is too long"));
        }
        bytes.extend_from_slice(&chunk);
    }
    let status = StatusCode::try_from(answer.status().as_u16());
    let status = status.map_err(|_| user("an odd status"))?;
    let mut response = HttpResponse::new(status, SdkBody::from(bytes));
    for (name, value) in answer.headers() {
        // A header that is no text is none that credentials depend on.
        if let Ok(value) = value.to_str() {
            let (name, value) = (name.as_str().to_owned(), value.to_owned());
            let _ = response.headers_mut().try_append(name, value);
        }
    }
    Ok(response)
}

fn failed(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
