//! docs/trust.md lists the codes and limits that there are.

use edgerail_trust::{Code, Limits};

#[test]
fn the_documentation_has_all_codes_and_limits() {
    let page = include_str!("../../../docs/trust.md");
    let rows: Vec<&str> = page
        .lines()
        .skip_while(|line| *line != "## Codes")
        .filter(|line| line.starts_with("| `"))
        .collect();
    let codes: Vec<String> = Code::ALL
        .iter()
        .map(|code| format!("| `{}` | {} |", code.name(), code.message()))
        .collect();
    assert_eq!(rows, codes);
    let limits = Limits::default();
    for row in [
        format!("| a root | {} KiB |", limits.root >> 10),
        format!("| the timestamp | {} KiB |", limits.timestamp >> 10),
        format!("| the snapshot | {} MiB |", limits.snapshot >> 20),
        format!("| a targets role | {} MiB |", limits.targets >> 20),
        format!(
            "| new roots in a cycle | {}; the next cycle goes on |",
            limits.roots
        ),
        format!("| delegated roles in a search | {} |", limits.delegations),
    ] {
        assert!(page.lines().any(|line| line == row), "{row}");
    }
}
