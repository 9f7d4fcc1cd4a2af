use std::fmt::Write as _;
use std::io::{self, Write};

use super::offsets::Positions;
use super::redact::redacted;
use super::words::{deferred_lines, reason};
use super::{Checked, Finding, Options, Report, Unchecked, one_line, policy};

/// One page with all inputs, written as they come. It loads nothing and runs nothing.
pub(super) struct Html {
    options: Options,
    begun: bool,
}

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Edgerail report</title>
<style>
:root { color-scheme: light dark; --line: light-dark(#d0d7de, #3d444d); --soft: light-dark(#59636e, #9198a1);
  --red: light-dark(#b3261e, #ff7b72); --amber: light-dark(#8a5a00, #e3b341); --green: light-dark(#1a7f37, #3fb950); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
section { border: 1px solid var(--line); border-radius: .5rem; padding: 0 1rem 1rem; margin: 1rem 0; overflow-x: auto; }
h2 { font-size: 1.1rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.blocked { color: var(--red); } .masked, mark { color: var(--amber); } .clean { color: var(--green); }
mark { background: none; text-decoration: underline; font-weight: 600; }
p, ul { color: var(--soft); } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
</style>
</head>
<body>
<h1>Edgerail report</h1>
"#;

impl Html {
    pub(super) const fn new(options: Options) -> Html {
        Html {
            options,
            begun: false,
        }
    }

    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        out.write_all(HEAD.as_bytes())
    }

    fn table(&self, checked: &Checked<'_>, page: &mut String) {
        let own = &checked.answer.edgerail;
        if own.findings.is_empty() {
            return;
        }
        page.push_str("<table>\n<thead><tr><th>Place</th><th>Policy</th><th>Entry</th><th>Action</th><th>Score</th><th>Value</th><th>Guardrail</th></tr></thead>\n<tbody>\n");
        let mut positions = Positions::new(checked.text);
        for finding in &own.findings {
            let place = positions.of(finding.start);
            let value = if self.options.show_text {
                one_line(&finding.matched)
            } else {
                redacted(finding.ty.as_deref(), &finding.matched)
            };
            let cells = [
                format!("{}:{}", place.line, place.column),
                policy(&finding.policy).to_owned(),
                finding.safe_entry().to_owned(),
                finding.shown_action(),
                finding.score.to_string(),
                value,
                finding.guardrail.clone().into_owned(),
            ];
            page.push_str("<tr>");
            for cell in cells {
                let _ = write!(page, "<td>{}</td>", escaped(&cell));
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody>\n</table>\n");
        if own.found > u64::try_from(own.findings.len()).unwrap_or(u64::MAX) {
            let _ = writeln!(
                page,
                "<p>{} found; only the first are listed, all act.</p>",
                own.found
            );
        }
    }
}

impl Report for Html {
    fn checked(&mut self, checked: &Checked<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.begin(out)?;
        let answer = &checked.answer;
        let class = match &*answer.reason {
            "Guardrail blocked." => "blocked",
            "Guardrail masked." => "masked",
            _ => "clean",
        };
        let mut page = String::from("<section>\n");
        let _ = writeln!(
            page,
            "<h2>{}: <span class=\"{class}\">{}</span></h2>\n<p>{}</p>",
            escaped(checked.label),
            escaped(&answer.action),
            escaped(&answer.reason)
        );
        if answer.edgerail.reason_code != "ok" {
            let why = reason(&answer.edgerail.reason_code);
            let _ = writeln!(page, "<p>Not evaluated: {}</p>", escaped(why));
        }
        self.table(checked, &mut page);
        if self.options.show_text {
            let _ = writeln!(
                page,
                "<pre>{}</pre>",
                marked(checked.text, &answer.edgerail.findings)
            );
            for output in &answer.outputs {
                let _ = writeln!(page, "<p>Output:</p>\n<pre>{}</pre>", escaped(&output.text));
            }
        }
        let deferred = deferred_lines(&answer.distinct_deferred());
        if !deferred.is_empty() {
            page.push_str("<p>Left to the cloud:</p>\n<ul>\n");
            for line in deferred {
                let _ = writeln!(page, "<li>{}</li>", escaped(&line));
            }
            page.push_str("</ul>\n");
        }
        page.push_str("</section>\n");
        out.write_all(page.as_bytes())
    }

    fn unchecked(&mut self, unchecked: &Unchecked<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.begin(out)?;
        writeln!(
            out,
            "<section>\n<h2>{}: <span class=\"blocked\">not checked</span></h2>\n<p>{}</p>\n</section>",
            escaped(unchecked.label),
            escaped(unchecked.message)
        )
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.begin(out)?;
        out.write_all(b"</body>\n</html>\n")
    }
}

/// The text with what was found marked. Findings may overlap: marks are their union.
fn marked(text: &str, findings: &[Finding<'_>]) -> String {
    let mut spans: Vec<_> = findings.iter().map(|f| (f.start, f.end)).collect();
    spans.sort_unstable();
    let mut page = String::with_capacity(text.len());
    let mut at = 0;
    let mut spans = spans.into_iter().peekable();
    while let Some((start, mut end)) = spans.next() {
        while let Some(next) = spans.next_if(|&(next, _)| next < end) {
            end = end.max(next.1);
        }
        let plain = text.get(at..start).unwrap_or_default();
        let found = text.get(start..end).unwrap_or_default();
        let _ = write!(page, "{}<mark>{}</mark>", escaped(plain), escaped(found));
        at = end;
    }
    page.push_str(&escaped(text.get(at..).unwrap_or_default()));
    page
}

pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // NUL has no place in HTML.
            '\0' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(start: usize, end: usize) -> Finding<'static> {
        let json = format!(
            r#"{{"action":"BLOCKED","guardrail":"g","match":"","policy":"wordPolicy","score":1,"start":{start},"end":{end}}}"#
        );
        serde_json::from_str(Box::leak(json.into_boxed_str())).unwrap()
    }

    #[test]
    fn marks_are_a_union_and_everything_is_escaped() {
        let findings = [finding(4, 9), finding(1, 3), finding(2, 5)];
        let page = marked("a<b>&\"cd'e", &findings);
        assert_eq!(page, "a<mark>&lt;b&gt;&amp;&quot;cd&#39;</mark>e");
        assert_eq!(marked("<", &[]), "&lt;");
    }
}
