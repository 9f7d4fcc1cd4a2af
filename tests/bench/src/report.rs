//! Rows against their budgets.

use edgerail_core::json::write_string;

/// One line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Unique name, `group/detail`.
    pub(crate) name: String,
    /// What is compared with what.
    pub(crate) what: String,
    /// The figure that counts.
    pub(crate) value: f64,
    /// Its unit: `x` for a ratio, else e.g. `MB`.
    pub(crate) unit: &'static str,
    /// Not to be exceeded; `None` if the figure is only shown.
    pub(crate) budget: Option<f64>,
    /// What would be better still.
    pub(crate) stretch: Option<f64>,
    /// Measured values behind a ratio, e.g. `1.2 ns/B : 0.9 ns/B`. Only shown.
    pub(crate) detail: String,
}

impl Row {
    /// A ratio that is only shown.
    pub(crate) fn ratio(
        name: impl Into<String>,
        what: impl Into<String>,
        ours: f64,
        theirs: f64,
    ) -> Row {
        Row {
            name: name.into(),
            what: what.into(),
            value: ours / theirs,
            unit: "x",
            budget: None,
            stretch: None,
            detail: String::new(),
        }
    }

    /// With a budget and its stretch.
    #[must_use]
    pub(crate) fn within(mut self, budget: f64, stretch: f64) -> Row {
        self.budget = Some(budget);
        self.stretch = Some(stretch);
        self
    }

    /// With the values behind it.
    #[must_use]
    pub(crate) fn detail(mut self, detail: String) -> Row {
        self.detail = detail;
        self
    }

    /// Whether the budget is exceeded. A figure that is no number exceeds every budget.
    pub(crate) fn is_missed(&self) -> bool {
        let exceeded = |budget| self.value.is_nan() || self.value > budget;
        self.budget.is_some_and(exceeded)
    }

    /// `ok`, `ok+` (the stretch is reached too), `MISSED`, or nothing for a figure only shown.
    pub(crate) fn verdict(&self) -> &'static str {
        match (self.budget, self.stretch) {
            _ if self.is_missed() => "MISSED",
            (Some(_), Some(stretch)) if self.value <= stretch => "ok+",
            (Some(_), _) => "ok",
            (None, _) => "",
        }
    }
}

/// The table's head.
pub(crate) fn head() -> String {
    format!(
        "{:<28} {:>9} {:>7} {:>7} {:<7} {:<26} {}",
        "name", "figure", "budget", "stretch", "", "measured", "what"
    )
}

/// A line of the table.
pub(crate) fn line(row: &Row) -> String {
    let limit = |limit: Option<f64>| limit.map_or(String::new(), |limit| format!("{limit:.1}"));
    format!(
        "{:<28} {:>7.2}{:<2} {:>7} {:>7} {:<7} {:<26} {}",
        row.name,
        row.value,
        row.unit,
        limit(row.budget),
        limit(row.stretch),
        row.verdict(),
        row.detail,
        row.what
    )
}

/// The record as CSV.
pub(crate) fn csv(rows: &[Row], about: &[(&str, String)]) -> String {
    let mut csv = String::new();
    for (name, value) in about {
        csv.push_str(&format!("# {name}: {value}\n"));
    }
    csv.push_str("name,figure,unit,budget,stretch,verdict,measured,what\n");
    let limit = |limit: Option<f64>| limit.map_or(String::new(), |limit| limit.to_string());
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    for row in rows {
        csv.push_str(&format!(
            "{},{:.3},{},{},{},{},{},{}\n",
            row.name,
            row.value,
            row.unit,
            limit(row.budget),
            limit(row.stretch),
            row.verdict(),
            quoted(&row.detail),
            quoted(&row.what)
        ));
    }
    csv
}

/// The record as JSON.
pub(crate) fn json(rows: &[Row], about: &[(&str, String)]) -> String {
    let string = |text: &str| {
        let mut quoted = String::new();
        write_string(&mut quoted, text);
        quoted
    };
    let limit = |limit: Option<f64>| limit.map_or("null".to_owned(), |limit| limit.to_string());
    let about: Vec<String> = about
        .iter()
        .map(|(name, value)| format!("{}:{}", string(name), string(value)))
        .collect();
    let rows: Vec<String> = rows.iter().map(|row| {
        format!(
            "{{\"name\":{},\"what\":{},\"figure\":{:.3},\"unit\":{},\"budget\":{},\"stretch\":{},\"verdict\":{},\"measured\":{}}}",
            string(&row.name), string(&row.what), row.value, string(row.unit), limit(row.budget),
            limit(row.stretch), string(row.verdict()), string(&row.detail)
        )
    }).collect();
    format!(
        "{{\"about\":{{{}}},\"rows\":[\n{}\n]}}\n",
        about.join(","),
        rows.join(",\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let row = |ours| Row::ratio("group/name", "what", ours, 1.0).within(4.0, 2.0);
        let verdicts = [1.9, 2.0, 2.1, 4.0, 4.1, f64::NAN].map(|ours| row(ours).verdict());
        assert_eq!(verdicts, ["ok+", "ok+", "ok", "ok", "MISSED", "MISSED"]);
        assert_eq!(Row::ratio("group/name", "what", 9.0, 1.0).verdict(), "");
    }

    #[test]
    fn records_quote_what_they_hold() {
        let row = Row::ratio("group/name", "a \"b\", c", 3.0, 2.0).detail("3 : 2".to_owned());
        let about = [("corpus", "two\nlines".to_owned())];
        assert_eq!(
            csv(std::slice::from_ref(&row), &[("corpus", "text".to_owned())]),
            "# corpus: text\nname,figure,unit,budget,stretch,verdict,measured,what\n\
             group/name,1.500,x,,,,\"3 : 2\",\"a \"\"b\"\", c\"\n"
        );
        assert_eq!(
            json(&[row], &about),
            "{\"about\":{\"corpus\":\"two\\nlines\"},\"rows\":[\n{\"name\":\"group/name\",\
             \"what\":\"a \\\"b\\\", c\",\"figure\":1.500,\"unit\":\"x\",\"budget\":null,\
             \"stretch\":null,\"verdict\":\"\",\"measured\":\"3 : 2\"}\n]}\n"
        );
    }
}
