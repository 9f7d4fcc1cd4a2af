use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use edgerail_core as core;

use bindings::exports::edgerail::guardrail::evaluation as wit;

#[allow(
    missing_docs,
    unreachable_pub,
    rust_2018_idioms,
    reason = "generated from the WIT, which has the documentation"
)]
mod bindings {
    wit_bindgen::generate!({
        world: "engine",
        path: "wit",
        generate_all,
    });
}

/// With the feature `fault-injection`, a content block that is this text makes the engine panic, as a
/// defect would. Tests of the hosts use it.
#[cfg(feature = "fault-injection")]
const FAULT_TEXT: &str = "edgerail-fault-injection: panic";

struct Component;

bindings::export!(Component with_types_in bindings);

impl wit::Guest for Component {
    type Engine = Engine;
    type TextStream = Stream;
}

/// A loaded bundle; its streams keep it.
struct Engine(Rc<core::Engine>);

/// A stream with its engine.
struct Stream {
    engine: Rc<core::Engine>,
    stream: RefCell<core::stream::Stream>,
}

impl wit::GuestTextStream for Stream {
    fn push(&self, bytes: Vec<u8>) -> Result<String, String> {
        let mut stream = self.stream.borrow_mut();
        let output = stream.push(&self.engine, &bytes);
        output.map(str::to_owned).map_err(|error| error.to_string())
    }

    fn next_block(&self) -> Result<String, String> {
        let mut stream = self.stream.borrow_mut();
        let output = stream.next_block(&self.engine);
        output.map(str::to_owned).map_err(|error| error.to_string())
    }

    fn finish(&self) -> Result<String, String> {
        let end = self.stream.borrow_mut().finish(&self.engine);
        end.map(|end| end.to_json(&self.engine))
            .map_err(|error| error.to_string())
    }
}

impl wit::GuestEngine for Engine {
    fn load(bundle: Vec<u8>, trust: wit::Trust, check_hash: bool) -> Result<wit::Engine, String> {
        let options = core::LoadOptions {
            trust: trust_label(trust),
            check_hash,
            ..core::LoadOptions::default()
        };
        match core::Engine::load(bundle, options) {
            Ok(engine) => Ok(wit::Engine::new(Engine(Rc::new(engine)))),
            Err(error) => Err(error.to_string()),
        }
    }

    fn evaluate(&self, request: wit::Request, with_record: bool) -> wit::Decision {
        #[cfg(feature = "fault-injection")]
        inject_fault(&request);
        let request = engine_request(request);
        let decision = self.0.evaluate(&request);
        let record = if with_record {
            decision.record().to_json()
        } else {
            String::new()
        };
        wit::Decision {
            json: decision.to_json(),
            record,
        }
    }

    fn begin(&self, options: wit::StreamOptions) -> wit::TextStream {
        let usual = core::stream::StreamOptions::new(source(options.source));
        let options = core::stream::StreamOptions {
            now: options.now,
            mode: if options.buffer {
                core::stream::StreamMode::Buffer
            } else {
                core::stream::StreamMode::Incremental
            },
            holdback: options.holdback.map_or(usual.holdback, |most| {
                usize::try_from(most).unwrap_or(usize::MAX)
            }),
            ..usual
        };
        wit::TextStream::new(Stream {
            engine: Rc::clone(&self.0),
            stream: RefCell::new(core::stream::Stream::new(&self.0, options)),
        })
    }

    fn self_test(&self) -> Result<(), String> {
        self.0.self_test().map_err(|error| error.to_string())
    }
}

#[cfg(feature = "fault-injection")]
fn inject_fault(request: &wit::Request) {
    assert!(
        request.content.iter().all(|block| block.text != FAULT_TEXT),
        "injected fault"
    );
}

fn engine_request(request: wit::Request) -> core::Request<'static> {
    core::Request {
        source: source(request.source),
        content: request.content.into_iter().map(content_block).collect(),
        model: request.model.map(Cow::Owned),
        output_scope: match request.output_scope {
            wit::OutputScope::Interventions => core::OutputScope::Interventions,
            wit::OutputScope::Full => core::OutputScope::Full,
        },
        now: request.now,
    }
}

fn source(source: wit::Source) -> core::Source {
    match source {
        wit::Source::Input => core::Source::Input,
        wit::Source::Output => core::Source::Output,
    }
}

fn content_block(block: wit::ContentBlock) -> core::ContentBlock<'static> {
    core::ContentBlock {
        text: Cow::Owned(block.text),
        qualifiers: core::Qualifiers {
            grounding_source: block.qualifiers.contains(wit::Qualifiers::GROUNDING_SOURCE),
            query: block.qualifiers.contains(wit::Qualifiers::QUERY),
            guard_content: block.qualifiers.contains(wit::Qualifiers::GUARD_CONTENT),
        },
        role: block.role.map(|role| match role {
            wit::Role::System => core::Role::System,
            wit::Role::User => core::Role::User,
            wit::Role::Assistant => core::Role::Assistant,
        }),
    }
}

fn trust_label(trust: wit::Trust) -> core::Trust {
    match trust {
        wit::Trust::Verified => core::Trust::Verified,
        wit::Trust::Local => core::Trust::Local,
        wit::Trust::Unverified => core::Trust::Unverified,
    }
}
