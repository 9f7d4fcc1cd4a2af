//! The self-test: a bundle's own samples, decided again.

use crate::bundle::{BundleError, SectionKind};
use crate::engine::Engine;
use crate::json::{self, Value};
use crate::request::{Request, Source};

pub(crate) fn run(engine: &Engine) -> Result<(), BundleError> {
    let wrong = |what| BundleError::Section(SectionKind::SelfTest.name(), what);
    let section = engine.bundle().section(SectionKind::SelfTest);
    if section.is_empty() {
        return Ok(());
    }
    let text = core::str::from_utf8(section).map_err(|_| wrong("is not UTF-8"))?;
    let samples = json::parse(text).map_err(|error| wrong(error.problem))?;
    let samples = samples.as_array().ok_or_else(|| wrong("is no list"))?;
    for (number, sample) in samples.iter().enumerate() {
        let holds = holds(engine, sample).ok_or_else(|| wrong("has a malformed sample"))?;
        if !holds {
            return Err(BundleError::SelfTest(number));
        }
    }
    Ok(())
}

fn holds(engine: &Engine, sample: &Value<'_>) -> Option<bool> {
    let source = Source::from_name(sample.member("source")?.as_str()?)?;
    let request = Request::text(source, sample.member("text")?.as_str()?);
    let decision = engine.evaluate(&request);
    let found = sample.member("found")?.as_u64()?;
    let outputs = sample.member("outputs")?.as_array()?;
    let same_outputs = outputs.len() == decision.outputs().len()
        && outputs
            .iter()
            .zip(decision.outputs())
            .all(|(a, b)| a.as_str() == Some(b));
    Some(
        sample.member("action")?.as_str()? == decision.action().name()
            && usize::try_from(found).ok()? == decision.found()
            && same_outputs,
    )
}
