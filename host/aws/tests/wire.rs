//! What goes over the wire, and what is made of whatever comes back.

mod common;

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime};

use common::{Response, SECRET, Server, TOKEN, json, quick, run};
use edgerail_aws::operation::{DESCRIBE_POLICY, GET_GUARDRAIL, LIST_GUARDRAILS, LIST_ROOTS};
use edgerail_aws::{Answer, Call, Error, Kind, Limits};

const ROOTS: &str = r#"{"Roots": [ {"Id":"r-ab12","Unknown":[1]} ] }"#;

fn roots() -> Call {
    Call::new(&LIST_ROOTS, "eu-west-1", &[])
}

fn answered(server: &Server, limits: Limits) -> Result<Answer, Error> {
    run(async { server.client_with(limits).await.call(roots()).await })
}

fn failure(server: &Server) -> Error {
    answered(server, quick()).expect_err("no answer")
}

#[test]
fn a_request_is_signed_for_the_service_its_home_region_and_session() {
    let server = Server::new(|_| json(200, ROOTS));
    let answer = answered(&server, quick()).expect("an answer");
    assert_eq!(answer.bytes, ROOTS.as_bytes());
    let asked = server.asked();
    let [request] = asked.as_slice() else {
        panic!("{} requests", asked.len())
    };
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/")
    );
    assert_eq!(request.target(), "ListRoots");
    assert_eq!(
        request.header("content-type"),
        Some("application/x-amz-json-1.1")
    );
    assert_eq!(request.header("x-amz-security-token"), Some(TOKEN));
    let signed = request.header("authorization").expect("a signature");
    assert!(
        signed.contains("/us-east-1/organizations/aws4_request"),
        "{signed}"
    );
    let names = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
    assert!(signed.contains(names), "{signed}");
}

#[test]
fn the_path_of_an_arn_is_sent_as_it_is_signed() {
    let server = Server::new(|_| {
        json(404, r#"{"message":"no"}"#).header("x-amzn-errortype", "ResourceNotFoundException")
    });
    let arn = "arn:aws:bedrock:eu-west-1:111122223333:guardrail/abc";
    let input = [("guardrailIdentifier", arn), ("guardrailVersion", "3")];
    let call = Call::new(&GET_GUARDRAIL, "eu-west-1", &input);
    let error = run(async { server.client().await.call(call).await }).expect_err("not found");
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(error.place().contains(arn), "{error}");
    let path = server.asked().first().map(|request| request.path.clone());
    let expected = "/guardrails/arn%3Aaws%3Abedrock%3Aeu-west-1%3A111122223333%3Aguardrail%2Fabc?guardrailVersion=3";
    assert_eq!(path.as_deref(), Some(expected));
}

#[test]
fn throttling_is_waited_out() {
    let server = Server::new(|request| match request.index {
        0 => json(
            400,
            r#"{"__type":"TooManyRequestsException","Type":"RATE_LIMIT","Message":"slow"}"#,
        ),
        1 => json(429, "").header("retry-after", "0"),
        2 => json(503, "<html>busy</html>"),
        _ => json(200, ROOTS),
    });
    let answer = answered(&server, quick()).expect("an answer");
    assert_eq!(answer.bytes, ROOTS.as_bytes());
    assert_eq!(server.asked().len(), 4);
}

#[test]
fn throttling_without_end_ends() {
    let server = Server::new(|_| {
        json(
            400,
            r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#,
        )
    });
    let error = failure(&server);
    assert_eq!(error.kind(), Kind::Throttled);
    assert!(error.message().contains("tried 4 times"), "{error}");
    assert!(error.message().contains("Rate exceeded"), "{error}");
    assert_eq!(server.asked().len(), 4);
}

#[test]
fn a_wish_to_wait_beyond_the_deadline_is_not_waited_for() {
    let server = Server::new(|_| json(429, "").header("retry-after", "3600"));
    let start = SystemTime::now();
    let error = failure(&server);
    assert_eq!(error.kind(), Kind::Throttled);
    assert!(error.message().contains("3600 s more"), "{error}");
    assert_eq!(server.asked().len(), 1);
    assert!(start.elapsed().expect("a clock") < Duration::from_secs(3600));
}

#[test]
fn what_will_not_change_is_asked_once() {
    let cases = [
        (
            403,
            "AccessDeniedException",
            Kind::AccessDenied,
            "organizations:ListRoots",
        ),
        (
            400,
            "AWSOrganizationsNotInUseException",
            Kind::Refused,
            "in no organization",
        ),
        (
            400,
            "InvalidInputException",
            Kind::Refused,
            "InvalidInputException",
        ),
        (
            403,
            "ExpiredTokenException",
            Kind::CredentialsExpired,
            "renew",
        ),
    ];
    for (status, code, kind, part) in cases {
        let body = format!(
            r#"{{"__type":"com.amazonaws.organizations#{code}","Message":"about {TOKEN}"}}"#
        );
        let server = Server::new(move |_| json(status, &body));
        let error = failure(&server);
        assert_eq!(error.kind(), kind);
        assert!(error.message().contains(part), "{error}");
        assert_eq!(server.asked().len(), 1, "{code}");
        assert!(
            !error.to_string().contains(TOKEN) && !error.to_string().contains(SECRET),
            "{error}"
        );
    }
}

#[test]
fn a_clock_that_is_wrong_is_said_with_its_difference() {
    let server = Server::new(|_| {
        json(
            403,
            r#"{"__type":"InvalidSignatureException","message":"Signature expired"}"#,
        )
        .header("date", "Mon, 16 Dec 2019 23:48:18 GMT")
    });
    let error = failure(&server);
    assert_eq!(error.kind(), Kind::ClockSkew);
    assert!(error.message().contains("ahead of AWS's"), "{error}");
}

#[test]
fn answers_that_are_none_have_their_own_errors() {
    let html = |status| Response {
        headers: vec![("content-type".into(), "text/html".into())],
        ..json(status, "<html>login</html>")
    };
    let cases: [(Kind, &str, Response); 6] = [
        (Kind::NotJson, "text/html", html(200)),
        (Kind::NotJson, "line 1", json(200, r#"{"Roots": [}"#)),
        (Kind::NotJson, "line 1", json(200, "")),
        (
            Kind::Shape,
            "Roots is missing",
            json(200, r#"{"Accounts":[]}"#),
        ),
        (Kind::Refused, "text/html", html(418)),
        (Kind::Refused, "HTTP 204", json(204, "")),
    ];
    for (kind, part, response) in cases {
        let server = Server::new(move |_| response.clone());
        let error = failure(&server);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(part), "{error}");
        assert_eq!(server.asked().len(), 1, "{error}");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let other = Server::new(|_| json(200, ROOTS));
    let location = other.url.clone();
    let server = Server::new(move |_| json(307, "").header("location", &location));
    assert_eq!(failure(&server).kind(), Kind::Redirect);
    assert!(other.asked().is_empty());
}

#[test]
fn an_answer_is_not_read_beyond_the_cap() {
    let limits = Limits {
        answer_bytes: 10_000,
        ..quick()
    };
    let big = format!(r#"{{"Roots":[],"Filler":"{}"}}"#, "x".repeat(20_000));
    for length in [Some(10 << 30), Some(big.len()), None] {
        let response = Response {
            length,
            ..json(200, &big)
        };
        let server = Server::new(move |_| response.clone());
        let error = answered(&server, limits).expect_err("too large");
        assert_eq!(error.kind(), Kind::TooLarge, "{error}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[test]
fn broken_and_silent_connections_are_tried_again() {
    let server = Server::new(|request| match request.index {
        0 => Response {
            length: Some(ROOTS.len() + 5),
            ..json(200, ROOTS)
        },
        1 => Response {
            silent: true,
            ..json(200, "")
        },
        _ => json(200, ROOTS),
    });
    let limits = Limits {
        attempt: Duration::from_millis(300),
        ..quick()
    };
    let answer = answered(&server, limits).expect("an answer");
    assert_eq!(answer.bytes, ROOTS.as_bytes());
    let silent = Server::new(|_| Response {
        silent: true,
        ..json(200, "")
    });
    let limits = Limits {
        attempt: Duration::from_millis(20),
        tries: NonZeroU32::MIN,
        ..quick()
    };
    let error = answered(&silent, limits).expect_err("no answer");
    assert_eq!(error.kind(), Kind::Timeout);
    assert!(error.message().contains("tried once"), "{error}");
}

#[test]
fn lists_are_read_to_their_end_and_no_further() {
    let server = Server::new(|request| {
        let token = |next: &str| json(200, &format!(r#"{{"guardrails":[],"nextToken":"{next}"}}"#));
        match request.path.as_str() {
            "/guardrails" => token("a+b/c="),
            "/guardrails?nextToken=a%2Bb%2Fc%3D" => token("2"),
            "/guardrails?nextToken=2" => json(200, r#"{"guardrails":[],"nextToken":null}"#),
            _ => json(400, ""),
        }
    });
    let call = || Call::new(&LIST_GUARDRAILS, "us-east-1", &[]);
    let pages = run(async { server.client().await.pages(call()).await });
    assert_eq!(
        pages
            .map(|pages| pages.len())
            .map_err(|error| error.to_string()),
        Ok(3)
    );
    let endless = Server::new(|_| json(200, r#"{"guardrails":[],"nextToken":"again"}"#));
    let error = run(async { endless.client().await.pages(call()).await }).expect_err("no end");
    assert_eq!(error.kind(), Kind::Incomplete);
    assert_eq!(endless.asked().len(), 2);
}

#[test]
fn a_region_or_endpoint_that_is_none_is_refused_before_anything_is_sent() {
    let server = Server::new(|_| json(200, ROOTS));
    let call = Call::new(
        &DESCRIBE_POLICY,
        "us-east-1.evil.example",
        &[("PolicyId", "p-abcdefgh")],
    );
    let error = run(async { server.client().await.call(call).await }).expect_err("no region");
    assert_eq!(error.kind(), Kind::Region);
    assert!(server.asked().is_empty());
    for (url, shown) in [
        ("localhost:4566", true),
        ("ftp://host", true),
        ("https://user:s3cr3t@host", false),
        ("https://host/?a=b", true),
    ] {
        let settings = edgerail_aws::Settings {
            region: Some("us-east-1".into()),
            endpoint_url: Some(url.into()),
            ..Default::default()
        };
        let error = run(edgerail_aws::Client::connect(settings)).expect_err("no endpoint");
        assert_eq!(error.kind(), Kind::Endpoint, "{url}");
        assert_eq!(error.to_string().contains(url), shown, "{error}");
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
    }
}

#[test]
fn a_try_does_not_last_longer_than_the_deadline() {
    let silent = Server::new(|_| Response {
        silent: true,
        ..json(200, "")
    });
    let limits = Limits {
        attempt: Duration::from_secs(3600),
        deadline: Duration::from_millis(20),
        ..quick()
    };
    let error = answered(&silent, limits).expect_err("no answer");
    assert_eq!(error.kind(), Kind::Timeout);
}
