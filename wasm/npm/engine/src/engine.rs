//! A loaded bundle.

use alloc::borrow::Cow;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use edgerail_core as core;
use edgerail_core::decision::{Decision, Failure};
use edgerail_core::policy::Mode;
use edgerail_core::stream::{StreamMode, StreamOptions};
use edgerail_core::{ContentBlock, OutputScope, Qualifiers, Request, Source};
use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::error;
use crate::stream::TextStream;
use crate::values::{self, Begin, Load, Member};

/// With the feature `fault-injection`, a content block or a piece of a stream that is this text makes the engine panic, as a
/// defect would. Tests use it.
#[cfg(feature = "fault-injection")]
pub(crate) const FAULT_TEXT: &str = "edgerail-fault-injection: panic";

/// A loaded bundle.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine(Rc<core::Engine>);

#[wasm_bindgen]
impl Engine {
    /// Loads a bundle.
    ///
    /// # Errors
    /// An `Error` with a `code` that begins with `bundle_`, or `invalid_argument`.
    #[wasm_bindgen(constructor)]
    pub fn new(bundle: Vec<u8>, options: JsValue) -> Result<Engine, JsValue> {
        let options = Load::read(&options)?;
        let options = core::LoadOptions {
            trust: options.trust,
            check_hash: options.check_hash,
            ..core::LoadOptions::default()
        };
        let engine = core::Engine::load(bundle, options);
        let engine = engine.map_err(|failure| error::bundle(&failure))?;
        Ok(Engine(Rc::new(engine)))
    }

    /// Decides one text: the decision as canonical JSON, with byte offsets, and behind a line feed its
    /// content-free record if `record` asks for it. `now` is in seconds, or NaN if it is not known.
    ///
    /// # Errors
    /// `invalid_argument` if `source` is none. Content never raises an error.
    #[wasm_bindgen(js_name = evaluateText)]
    pub fn evaluate_text(
        &self,
        text: &str,
        source: &str,
        now: f64,
        record: bool,
    ) -> Result<String, JsValue> {
        let request = text_request(text, source, now)?;
        Ok(self.decide(&request, record))
    }

    /// Decides a request; otherwise as `evaluateText`.
    ///
    /// # Errors
    /// `invalid_argument` if it is no request. Content never raises an error.
    pub fn evaluate(&self, request: JsValue, record: bool) -> Result<String, JsValue> {
        let request = values::request(&request)?;
        Ok(self.decide(&request, record))
    }

    /// The decision for a request that could not be evaluated, for the reason with this code.
    ///
    /// # Errors
    /// `invalid_argument` if it is no request.
    pub fn fail(&self, request: JsValue, code: &str, record: bool) -> Result<String, JsValue> {
        let request = values::request(&request)?;
        let failure = match code {
            "invalid_text" => Failure::InvalidText,
            "deadline" => Failure::Deadline,
            "policy_stale" => Failure::PolicyStale,
            _ => Failure::Trap,
        };
        Ok(write(&self.0.fail(&request, failure), record))
    }

    /// Begins a stream.
    ///
    /// # Errors
    /// `invalid_argument` if the options are none.
    pub fn begin(&self, options: JsValue) -> Result<TextStream, JsValue> {
        let options = Begin::read(&options)?;
        let usual = StreamOptions::new(options.source);
        let options = StreamOptions {
            now: options.now,
            mode: if options.buffer {
                StreamMode::Buffer
            } else {
                StreamMode::Incremental
            },
            holdback: options.holdback.unwrap_or(usual.holdback),
            ..usual
        };
        Ok(TextStream::new(&self.0, options))
    }

    /// What the bundle is, for whom, and what it holds.
    #[must_use]
    pub fn info(&self) -> JsValue {
        let policy = self.0.policy();
        let stream = |source| {
            let stream = core::stream::Stream::new(&self.0, StreamOptions::new(source));
            stream.mode().name()
        };
        let guardrails = policy.guardrails.iter().map(|guardrail| {
            let mode = match guardrail.mode {
                Mode::Enforce => "enforce",
                Mode::Observe => "observe",
            };
            values::object(&[
                ("name", Member::Text(&guardrail.name)),
                ("id", guardrail.id.as_deref().into()),
                ("version", guardrail.version.as_deref().into()),
                ("mode", Member::Text(mode)),
            ])
        });
        let streams = values::object(&[
            ("input", Member::Text(stream(Source::Input))),
            ("output", Member::Text(stream(Source::Output))),
        ]);
        values::object(&[
            ("audience", Member::Text(&policy.audience)),
            ("scope", policy.scope.as_deref().into()),
            ("trust", Member::Text(self.0.trust().name())),
            ("bytes", Member::Number(self.0.bundle().bytes().len())),
            (
                "guardrails",
                Member::Object(guardrails.collect::<Array>().into()),
            ),
            ("stream", Member::Object(streams)),
        ])
    }

    /// Runs the bundle's self-test.
    ///
    /// # Errors
    /// `bundle_self_test`: the first case that differs.
    #[wasm_bindgen(js_name = selfTest)]
    pub fn self_test(&self) -> Result<(), JsValue> {
        self.0
            .self_test()
            .map_err(|failure| error::bundle(&failure))
    }

    fn decide(&self, request: &Request<'_>, record: bool) -> String {
        #[cfg(feature = "fault-injection")]
        assert!(
            request.content.iter().all(|block| block.text != FAULT_TEXT),
            "injected fault"
        );
        write(&self.0.evaluate(request), record)
    }
}

fn write(decision: &Decision<'_>, record: bool) -> String {
    let mut json = decision.to_json();
    if record {
        json.push('\n');
        json.push_str(&decision.record().to_json());
    }
    json
}

fn text_request<'t>(text: &'t str, source: &str, now: f64) -> Result<Request<'t>, JsValue> {
    let block = ContentBlock {
        text: Cow::Borrowed(text),
        qualifiers: Qualifiers::default(),
        role: None,
    };
    Ok(Request {
        source: values::source(source)?,
        content: vec![block],
        model: None,
        output_scope: OutputScope::Interventions,
        now: values::seconds(Some(now)),
    })
}
