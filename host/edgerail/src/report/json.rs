use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{Checked, Offsets, Options, Report, Unchecked};

/// The ApplyGuardrail response, ours under `edgerail`. With byte offsets and one input these are the
/// engine's own bytes. Several inputs give a list, in which `edgerail.input` names each.
pub(super) struct Json {
    options: Options,
    begun: bool,
}

impl Json {
    pub(super) const fn new(options: Options) -> Json {
        Json {
            options,
            begun: false,
        }
    }

    fn element(&mut self, document: &str, out: &mut dyn Write) -> io::Result<()> {
        if self.options.inputs > 1 {
            let before = if self.begun { ",\n" } else { "[\n" };
            self.begun = true;
            write!(out, "{before}{document}")
        } else {
            writeln!(out, "{document}")
        }
    }
}

impl Report for Json {
    fn checked(&mut self, checked: &Checked<'_>, out: &mut dyn Write) -> io::Result<()> {
        let single = self.options.inputs <= 1;
        if single && self.options.offsets == Offsets::Bytes {
            return self.element(checked.json, out);
        }
        let mut document: Value = serde_json::from_str(checked.json)?;
        if let Some(own) = document.get_mut("edgerail").and_then(Value::as_object_mut) {
            own.insert("offsets".into(), self.options.offsets.name().into());
            if !single {
                own.insert("input".into(), checked.label.into());
            }
            convert(own, checked, self.options.offsets);
        }
        self.element(&document.to_string(), out)
    }

    fn unchecked(&mut self, unchecked: &Unchecked<'_>, out: &mut dyn Write) -> io::Result<()> {
        if self.options.inputs <= 1 {
            // The place of a response stays empty: half a response could be taken for one.
            return Ok(());
        }
        let error = json!({"code": unchecked.code, "message": unchecked.message});
        let document = json!({"edgerail": {"error": error, "input": unchecked.label}});
        self.element(&document.to_string(), out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.begun {
            writeln!(out, "\n]")
        } else {
            Ok(())
        }
    }
}

fn convert(own: &mut Map<String, Value>, checked: &Checked<'_>, offsets: Offsets) {
    for list in ["findings", "masks"] {
        let listed = own.get_mut(list).and_then(Value::as_array_mut);
        let Some(listed) = listed else { continue };
        let place = |entry: &Value, name: &str| {
            let place = entry.get(name).and_then(Value::as_u64);
            place
                .and_then(|place| usize::try_from(place).ok())
                .unwrap_or(0)
        };
        let spans: Vec<_> = listed
            .iter()
            .map(|entry| (place(entry, "start"), place(entry, "end")))
            .collect();
        let converted = offsets.convert(checked.text, &spans);
        for (entry, (start, end)) in listed.iter_mut().zip(converted) {
            if let Some(entry) = entry.as_object_mut() {
                entry.insert("start".into(), start.into());
                entry.insert("end".into(), end.into());
            }
        }
    }
}
