//! Self-contained pages: no script, no resource from elsewhere, light and dark, fit for print. Every chart has a
//! title for those who do not see it, and its figures stand in a table beside it.

use std::fmt::Write as _;

use super::html::escaped;

const STYLE: &str = r#"
:root { color-scheme: light dark;
  --paper: light-dark(#ffffff, #14171c); --card: light-dark(#f6f8fa, #1c2128); --ink: light-dark(#1f2328, #e6edf3);
  --soft: light-dark(#59636e, #9aa5b1); --line: light-dark(#d0d7de, #3d444d);
  --red: light-dark(#b3261e, #ff8278); --amber: light-dark(#855600, #e3b341); --green: light-dark(#1a7f37, #4ac26b);
  --one: light-dark(#0b66c3, #58a6ff); --two: light-dark(#0f766e, #3fc6b8); --three: light-dark(#7a3fc4, #bc8cff);
  --pass: light-dark(#6e9b78, #3f7a50); --mask: light-dark(#c08a1e, #b98618); --block: light-dark(#c04a3f, #c9584c); }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink); background: var(--paper);
  max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
header { border-bottom: 1px solid var(--line); margin-bottom: 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; } h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p { margin: .35rem 0; } p:not(.banner) { max-width: 52rem; } .soft, figcaption, dt { color: var(--soft); } code { font-size: .92em; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .5rem 0 1rem; } dd { margin: 0; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem; margin: 1rem 0; padding: 0; list-style: none; }
.cards li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .65rem .9rem; }
.cards b { display: block; font-size: 1.55rem; line-height: 1.3; font-variant-numeric: tabular-nums; } .cards small { color: var(--soft); display: block; }
.banner { border: 1px solid currentColor; border-left-width: .4rem; border-radius: .35rem; padding: .5rem .9rem; margin: 1rem 0; font-weight: 600; }
.bad { color: var(--red); } .warn { color: var(--amber); } .good { color: var(--green); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } caption { text-align: left; color: var(--soft); padding: .25rem 0; white-space: nowrap; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
thead th { color: var(--soft); font-weight: 600; white-space: nowrap; } .n { text-align: right; white-space: nowrap; } tr.sum > * { font-weight: 650; } tr.sub th { font-weight: 400; padding-left: 1.1rem; }
tbody th { font-weight: 600; } .matrix { width: auto; } .matrix td, .matrix th { padding: .35rem .8rem; white-space: nowrap; } .matrix tbody td { text-align: right; min-width: 3.2rem; border: 1px solid var(--line); } .matrix .zero { color: var(--soft); }
.steep thead th { writing-mode: vertical-rl; transform: rotate(180deg); padding: .6rem .3rem; text-align: left; }
.matrix td[data-kind] { background: color-mix(in srgb, var(--shade) var(--much), transparent); } [data-kind=good] { --shade: var(--pass); } [data-kind=bad] { --shade: var(--block); } [data-kind=warn] { --shade: var(--mask); }
figure { margin: 1rem 0; } svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .axis { fill: var(--soft); font-size: 11px; } svg line { stroke: var(--line); }
.one { fill: var(--one); } .two { fill: var(--two); } .three { fill: var(--three); } .pass { fill: var(--pass); } .mask { fill: var(--mask); } .block { fill: var(--block); } .rest { fill: var(--card); }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin: 0 .35em 0 0; vertical-align: -1px; } .legend span { margin-right: 1.1rem; white-space: nowrap; }
.key.one { background: var(--one); } .key.two { background: var(--two); } .key.three { background: var(--three); } .key.pass { background: var(--pass); } .key.mask { background: var(--mask); } .key.block { background: var(--block); }
.tag { display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .6rem; font-size: .82rem; font-weight: 600; white-space: nowrap; }
del { color: var(--red); text-decoration-thickness: 1px; } ins { color: var(--green); text-decoration: none; } footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .5rem; color: var(--soft); font-size: .9rem; }
@media print { :root { color-scheme: light; } body { max-width: none; padding: 0; font-size: 11px; } section, figure, tr { break-inside: avoid; } .wide { overflow: visible; } * { print-color-adjust: exact; } }
"#;

/// A page being written.
pub(crate) struct Page(String);

/// How something is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Not as it should be.
    Bad,
    /// Neither.
    Plain,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Plain => "plain",
        }
    }
}

/// A bar's parts: their class, length (0 to 1 of the whole width) and what they stand for.
pub(crate) struct Bar {
    pub(crate) class: &'static str,
    pub(crate) share: f64,
    pub(crate) text: String,
}

/// Bars with a common name, above each other or, stacked, in a row.
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) bars: Vec<Bar>,
}

/// A cell of a table: its HTML, and whether it is a number.
pub(crate) struct Cell(String, bool);

impl Cell {
    /// A text, which is escaped.
    pub(crate) fn text(text: &str) -> Cell {
        Cell(escaped(text), false)
    }

    /// A number at the right.
    pub(crate) fn number(text: impl std::fmt::Display) -> Cell {
        Cell(escaped(&text.to_string()), true)
    }

    /// HTML as it is.
    pub(crate) fn html(html: String) -> Cell {
        Cell(html, false)
    }
}

/// A word in a frame.
pub(crate) fn tag(tone: Tone, text: &str) -> String {
    format!(
        "<span class=\"tag {}\">{}</span>",
        tone.class(),
        escaped(text)
    )
}

impl Page {
    /// Begins a page.
    pub(crate) fn new(title: &str, about: &str) -> Page {
        let (title, about) = (escaped(title), escaped(about));
        Page(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n<p class=\"soft\">{about}</p>\n</header>\n<main>\n"
        ))
    }

    /// Ends it.
    pub(crate) fn finish(mut self, note: &str) -> String {
        let _ = write!(
            self.0,
            "</main>\n<footer><p>{} Written by edgerail {}.</p></footer>\n</body>\n</html>\n",
            escaped(note),
            env!("CARGO_PKG_VERSION")
        );
        self.0
    }

    /// A heading and what is under it.
    pub(crate) fn section(&mut self, title: &str, body: impl FnOnce(&mut Page)) {
        let _ = writeln!(self.0, "<section>\n<h2>{}</h2>", escaped(title));
        body(self);
        self.0.push_str("</section>\n");
    }

    /// A smaller heading.
    pub(crate) fn heading(&mut self, title: &str) {
        let _ = writeln!(self.0, "<h3>{}</h3>", escaped(title));
    }

    /// A paragraph.
    pub(crate) fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.0, "<p>{}</p>", escaped(text));
    }

    /// A paragraph that explains.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.0, "<p class=\"soft\">{}</p>", escaped(text));
    }

    /// What it comes to, in one line.
    pub(crate) fn banner(&mut self, tone: Tone, text: &str) {
        let class = tone.class();
        let _ = writeln!(
            self.0,
            "<p class=\"banner {class}\" role=\"status\">{}</p>",
            escaped(text)
        );
    }

    /// Names and values.
    pub(crate) fn facts(&mut self, facts: &[(&str, String)]) {
        self.0.push_str("<dl>\n");
        for (name, value) in facts {
            let (name, value) = (escaped(name), escaped(value));
            let _ = writeln!(self.0, "<dt>{name}</dt><dd>{value}</dd>");
        }
        self.0.push_str("</dl>\n");
    }

    /// Figures that come first: name, value, remark, how to take it.
    pub(crate) fn cards(&mut self, cards: &[(&str, String, String, Tone)]) {
        self.0.push_str("<ul class=\"cards\">\n");
        for (name, value, remark, tone) in cards {
            let class = tone.class();
            let _ = writeln!(
                self.0,
                "<li><small>{}</small><b class=\"{class}\">{}</b><small>{}</small></li>",
                escaped(name),
                escaped(value),
                escaped(remark)
            );
        }
        self.0.push_str("</ul>\n");
    }

    /// Conditions, each with what it came to.
    pub(crate) fn conditions(&mut self, conditions: &[(String, bool)]) {
        if conditions.is_empty() {
            return;
        }
        self.table("", &["Condition", "Result"], |rows| {
            for (text, met) in conditions {
                let (tone, word) = if *met {
                    (Tone::Good, "met")
                } else {
                    (Tone::Bad, "not met")
                };
                rows.row("", &[Cell::text(text), Cell::html(tag(tone, word))]);
            }
        });
    }

    /// Begins a table; columns whose name ends in `#` hold numbers.
    pub(crate) fn table(
        &mut self,
        caption: &str,
        columns: &[&str],
        rows: impl FnOnce(&mut Rows<'_>),
    ) {
        self.0.push_str("<div class=\"wide\"><table>\n");
        if !caption.is_empty() {
            let _ = writeln!(self.0, "<caption>{}</caption>", escaped(caption));
        }
        self.0.push_str("<thead><tr>");
        for column in columns {
            let _ = match column.strip_suffix('#') {
                Some(name) => write!(
                    self.0,
                    "<th scope=\"col\" class=\"n\">{}</th>",
                    escaped(name)
                ),
                None => write!(self.0, "<th scope=\"col\">{}</th>", escaped(column)),
            };
        }
        self.0.push_str("</tr></thead>\n<tbody>\n");
        rows(&mut Rows(&mut self.0));
        self.0.push_str("</tbody></table></div>\n");
    }

    /// Counts by two names. `kind` says how to take a cell; the largest count has the strongest shade.
    pub(crate) fn matrix(
        &mut self,
        caption: &str,
        rows: &[String],
        columns: &[String],
        counts: &dyn Fn(usize, usize) -> u64,
        kind: &dyn Fn(usize, usize) -> Tone,
    ) {
        let all = (0..rows.len()).flat_map(|row| (0..columns.len()).map(move |c| counts(row, c)));
        let most = all.max().unwrap_or(0).max(1);
        // Many names do not fit side by side.
        let steep = if columns.len() > 4 { " steep" } else { "" };
        let _ = write!(
            self.0,
            "<div class=\"wide\"><table class=\"matrix{steep}\">\n<caption>{}</caption>\n<thead><tr><td></td>",
            escaped(caption)
        );
        for column in columns {
            let _ = write!(self.0, "<th scope=\"col\">{}</th>", escaped(column));
        }
        self.0.push_str("</tr></thead>\n<tbody>\n");
        for (row, name) in rows.iter().enumerate() {
            let _ = write!(self.0, "<tr><th scope=\"row\">{}</th>", escaped(name));
            for column in 0..columns.len() {
                let count = counts(row, column);
                let tone = kind(row, column);
                // The root makes small counts visible beside large ones.
                let much = (count as f64 / most as f64).sqrt() * 45.0 + 8.0;
                let _ = if count == 0 {
                    write!(self.0, "<td class=\"zero\">0</td>")
                } else if tone == Tone::Plain {
                    write!(self.0, "<td>{count}</td>")
                } else {
                    let class = tone.class();
                    write!(
                        self.0,
                        "<td data-kind=\"{class}\" style=\"--much: {much:.0}%\">{count}</td>"
                    )
                };
            }
            self.0.push_str("</tr>\n");
        }
        self.0.push_str("</tbody></table></div>\n");
    }

    /// What the colours of a chart mean: class and name.
    pub(crate) fn legend(&mut self, keys: &[(&str, &str)]) {
        self.0.push_str("<p class=\"legend\" aria-hidden=\"true\">");
        for (class, name) in keys {
            let name = escaped(name);
            let _ = write!(self.0, "<span><i class=\"key {class}\"></i>{name}</span>");
        }
        self.0.push_str("</p>\n");
    }

    /// Horizontal bars, each with its figure, on a scale from 0 to `end`: 1 for shares, else a count.
    pub(crate) fn bars(&mut self, title: &str, end: u64, groups: &[Group]) {
        const LEFT: f64 = 250.0;
        const WIDTH: f64 = 520.0;
        const BAR: f64 = 11.0;
        let lines: usize = groups.iter().map(|group| group.bars.len()).sum();
        let height = lines as f64 * (BAR + 2.0) + groups.len() as f64 * 10.0 + 22.0;
        self.begin_svg(title, 900.0, height);
        for step in 0..=4_u8 {
            let share = f64::from(step) / 4.0;
            let x = LEFT + share * WIDTH;
            let bottom = height - 18.0;
            let mark = share * end as f64;
            let mark = if end == 1 {
                format!("{mark:.2}")
            } else {
                format!("{mark:.0}")
            };
            let _ = writeln!(
                self.0,
                "<line x1=\"{x}\" y1=\"0\" x2=\"{x}\" y2=\"{bottom}\"/><text class=\"axis\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{mark}</text>",
                height - 4.0
            );
        }
        let mut y = 5.0;
        for group in groups {
            let middle = y + group.bars.len() as f64 * (BAR + 2.0) / 2.0 + 4.0;
            let name = escaped(&super::table::shortened(&group.name, 36));
            let _ = writeln!(
                self.0,
                "<text x=\"{}\" y=\"{middle:.1}\" text-anchor=\"end\">{name}</text>",
                LEFT - 8.0
            );
            for bar in &group.bars {
                let width = (bar.share.clamp(0.0, 1.0) * WIDTH).max(1.0);
                let text = escaped(&bar.text);
                let _ = writeln!(
                    self.0,
                    "<rect class=\"{}\" x=\"{LEFT}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/><text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\">{text}</text>",
                    bar.class,
                    LEFT + width + 5.0,
                    y + 9.5
                );
                y += BAR + 2.0;
            }
            y += 10.0;
        }
        self.0.push_str("</svg></figure>\n");
    }

    /// Bars whose parts stand in a row and fill the whole width together.
    pub(crate) fn stacked(&mut self, title: &str, groups: &[Group]) {
        const LEFT: f64 = 110.0;
        const WIDTH: f64 = 780.0;
        const BAR: f64 = 30.0;
        let height = groups.len() as f64 * (BAR + 10.0);
        self.begin_svg(title, 900.0, height);
        let mut y = 4.0;
        for group in groups {
            let name = escaped(&super::table::shortened(&group.name, 16));
            let _ = writeln!(
                self.0,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text>",
                LEFT - 10.0,
                y + 19.0
            );
            let mut x = LEFT;
            for bar in &group.bars {
                let width = bar.share.clamp(0.0, 1.0) * WIDTH;
                let text = escaped(&bar.text);
                let _ = write!(
                    self.0,
                    "<rect class=\"{}\" x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\"><title>{text}</title></rect>",
                    bar.class
                );
                x += width;
            }
            self.0.push('\n');
            y += BAR + 10.0;
        }
        self.0.push_str("</svg></figure>\n");
    }

    fn begin_svg(&mut self, title: &str, width: f64, height: f64) {
        let title = escaped(title);
        let _ = writeln!(
            self.0,
            "<figure><svg viewBox=\"0 0 {width} {height:.0}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>"
        );
    }
}

/// The rows of a table.
pub(crate) struct Rows<'p>(&'p mut String);

impl Rows<'_> {
    /// A row whose first cell names it; `class` is `sum`, `sub` or nothing.
    pub(crate) fn row(&mut self, class: &str, cells: &[Cell]) {
        let _ = write!(self.0, "<tr class=\"{class}\">");
        for (place, Cell(html, number)) in cells.iter().enumerate() {
            let class = if *number { " class=\"n\"" } else { "" };
            let _ = if place == 0 {
                write!(self.0, "<th scope=\"row\"{class}>{html}</th>")
            } else {
                write!(self.0, "<td{class}>{html}</td>")
            };
        }
        self.0.push_str("</tr>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_escaped_and_nothing_is_loaded() {
        let evil = "<script>\"&'";
        let mut page = Page::new(evil, evil);
        page.section(evil, |page| {
            page.banner(Tone::Bad, evil);
            page.facts(&[("x", evil.to_owned())]);
            page.cards(&[("x", evil.to_owned(), evil.to_owned(), Tone::Plain)]);
            page.table(evil, &[evil, "n#"], |rows| {
                rows.row("", &[Cell::text(evil), Cell::number(evil)]);
            });
            page.matrix(
                evil,
                &[evil.to_owned()],
                &[evil.to_owned()],
                &|_, _| 1,
                &|_, _| Tone::Good,
            );
            let bar = || Bar {
                class: "one",
                share: 7.0,
                text: evil.to_owned(),
            };
            let group = |bars| Group {
                name: evil.to_owned(),
                bars,
            };
            page.bars(evil, 8, &[group(vec![bar(), bar()])]);
            page.stacked(evil, &[group(vec![bar()])]);
            page.heading(&tag(Tone::Warn, evil));
        });
        let html = page.finish(evil);
        assert!(!html.contains("<script"), "{html}");
        for forbidden in [
            "http://", "https://", "src=", "href=", "url(", "@import", "NaN",
        ] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        assert!(html.contains("default-src 'none'"));
        assert!(html.contains("role=\"img\" aria-label=\"&lt;script&gt;"));
    }
}
