//! The objects that cross the border.

use alloc::borrow::Cow;
use alloc::string::String;

use edgerail_core::{ContentBlock, OutputScope, Qualifiers, Request, Role, Source, Trust};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::error::argument;

/// `LoadOptions` of the TypeScript, as far as the engine reads them.
pub(crate) struct Load {
    pub(crate) trust: Trust,
    pub(crate) check_hash: bool,
}

/// How a stream is decided.
pub(crate) struct Begin {
    pub(crate) source: Source,
    pub(crate) buffer: bool,
    pub(crate) holdback: Option<usize>,
    pub(crate) now: Option<u64>,
}

/// A member of an object for JavaScript.
pub(crate) enum Member<'m> {
    Text(&'m str),
    Number(usize),
    Object(JsValue),
    /// Left out.
    None,
}

impl<'m> From<Option<&'m str>> for Member<'m> {
    fn from(text: Option<&'m str>) -> Member<'m> {
        text.map_or(Member::None, Member::Text)
    }
}

/// Makes an object of JavaScript.
pub(crate) fn object(members: &[(&str, Member<'_>)]) -> JsValue {
    let object = JsValue::from(Object::new());
    for (name, member) in members {
        let value = match member {
            Member::Text(text) => JsValue::from_str(text),
            Member::Number(number) => JsValue::from(*number),
            Member::Object(object) => object.clone(),
            Member::None => continue,
        };
        // A fresh ordinary object takes any member.
        let _ = Reflect::set(&object, &JsValue::from_str(name), &value);
    }
    object
}

impl Load {
    pub(crate) fn read(options: &JsValue) -> Result<Load, JsValue> {
        let trust = Trust::from_name(&text(options, "trust")?);
        Ok(Load {
            trust: trust
                .ok_or_else(|| argument("trust is neither verified, local nor unverified"))?,
            check_hash: flag(options, "checkHash")?,
        })
    }
}

impl Begin {
    pub(crate) fn read(options: &JsValue) -> Result<Begin, JsValue> {
        Ok(Begin {
            source: source(&text(options, "source")?)?,
            buffer: flag(options, "buffer")?,
            holdback: bytes(options, "holdback")?,
            now: seconds(number(options, "now")?),
        })
    }
}

/// The engine's request.
pub(crate) fn request(request: &JsValue) -> Result<Request<'static>, JsValue> {
    let content = list(request, "content")?.ok_or_else(|| argument("content is no array"))?;
    Ok(Request {
        source: source(&text(request, "source")?)?,
        content: content.iter().map(block).collect::<Result<_, _>>()?,
        model: optional_text(request, "model")?.map(Cow::Owned),
        output_scope: match optional_text(request, "outputScope")?.as_deref() {
            None | Some("INTERVENTIONS") => OutputScope::Interventions,
            Some("FULL") => OutputScope::Full,
            Some(_) => return Err(argument("outputScope is neither INTERVENTIONS nor FULL")),
        },
        now: seconds(number(request, "now")?),
    })
}

fn block(block: JsValue) -> Result<ContentBlock<'static>, JsValue> {
    let mut qualifiers = Qualifiers::default();
    for name in list(&block, "qualifiers")?.iter().flat_map(Array::iter) {
        match name.as_string().as_deref() {
            Some("grounding_source") => qualifiers.grounding_source = true,
            Some("query") => qualifiers.query = true,
            Some("guard_content") => qualifiers.guard_content = true,
            _ => {
                return Err(argument(
                    "a qualifier is neither grounding_source, query nor guard_content",
                ));
            }
        }
    }
    Ok(ContentBlock {
        text: Cow::Owned(text(&block, "text")?),
        qualifiers,
        role: match optional_text(&block, "role")?.as_deref() {
            None => None,
            Some("system") => Some(Role::System),
            Some("user") => Some(Role::User),
            Some("assistant") => Some(Role::Assistant),
            Some(_) => return Err(argument("role is neither system, user nor assistant")),
        },
    })
}

/// A member of an object; `undefined` if there is none.
fn member(object: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    let value = Reflect::get(object, &JsValue::from_str(name));
    value.map_err(|_| argument("not an object"))
}

fn wrong(name: &str, kind: &str) -> JsValue {
    argument(&[name, " is no ", kind].concat())
}

/// A member that may be left out; `null` leaves it out too.
pub(crate) fn optional(object: &JsValue, name: &str) -> Result<Option<JsValue>, JsValue> {
    let value = member(object, name)?;
    Ok(Some(value).filter(|value| !value.is_undefined() && !value.is_null()))
}

fn optional_text(object: &JsValue, name: &str) -> Result<Option<String>, JsValue> {
    let value = optional(object, name)?.map(|value| value.as_string());
    value
        .map(|text| text.ok_or_else(|| wrong(name, "string")))
        .transpose()
}

pub(crate) fn text(object: &JsValue, name: &str) -> Result<String, JsValue> {
    optional_text(object, name)?.ok_or_else(|| wrong(name, "string"))
}

fn number(object: &JsValue, name: &str) -> Result<Option<f64>, JsValue> {
    let value = optional(object, name)?.map(|value| value.as_f64());
    value
        .map(|number| number.ok_or_else(|| wrong(name, "number")))
        .transpose()
}

/// A flag; one that is left out is not set.
pub(crate) fn flag(object: &JsValue, name: &str) -> Result<bool, JsValue> {
    let value = optional(object, name)?.map(|value| value.as_bool());
    value.map_or(Ok(false), |flag| flag.ok_or_else(|| wrong(name, "boolean")))
}

/// A number of bytes.
pub(crate) fn bytes(object: &JsValue, name: &str) -> Result<Option<usize>, JsValue> {
    let exact = |number: f64| whole(number).ok_or_else(|| wrong(name, "number of bytes"));
    number(object, name)?.map(exact).transpose()
}

/// A place in a text, in bytes.
pub(crate) fn offset(object: &JsValue, name: &str) -> Result<usize, JsValue> {
    bytes(object, name)?.ok_or_else(|| wrong(name, "number of bytes"))
}

/// The elements of an array.
pub(crate) fn elements(list: &JsValue) -> Result<impl Iterator<Item = JsValue> + use<>, JsValue> {
    if Array::is_array(list) {
        Ok(Array::from(list).into_iter())
    } else {
        Err(argument("not an array"))
    }
}

fn list(object: &JsValue, name: &str) -> Result<Option<Array>, JsValue> {
    match optional(object, name)? {
        None => Ok(None),
        Some(list) if Array::is_array(&list) => Ok(Some(list.unchecked_into())),
        Some(_) => Err(wrong(name, "array")),
    }
}

/// The source with this name.
pub(crate) fn source(name: &str) -> Result<Source, JsValue> {
    Source::from_name(name).ok_or_else(|| argument("source is neither INPUT nor OUTPUT"))
}

/// The number, if it is whole and not below zero.
#[allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "what a float saturates to is another number"
)]
fn whole(number: f64) -> Option<usize> {
    let whole = number as usize;
    (whole as f64 == number).then_some(whole)
}

/// Whole seconds; what is no time after 1970 is none.
#[allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float saturates"
)]
pub(crate) fn seconds(now: Option<f64>) -> Option<u64> {
    now.filter(|now| *now >= 0.0).map(|now| now as u64)
}
