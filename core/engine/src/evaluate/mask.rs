//! The union of what is masked, and the text with it replaced.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::decision::Mask;
use crate::rules::rule;
use crate::sort;

/// The union of the masks, in the order of the text. Values that overlap form a cluster, which takes the
/// label of its longest value; of equally long ones that of the earliest, then a regex's before a
/// built-in type's: what the customer named says more.
pub(crate) fn clusters<'a>(masks: &mut [Mask<'a>]) -> Vec<Mask<'a>> {
    sort::by_key(masks, |m| (m.start, Reverse(m.end), m.built_in, m.label));
    let mut clusters = Vec::with_capacity(masks.len());
    let mut rest = masks.iter().peekable();
    while let Some(first) = rest.next() {
        let mut longest = *first;
        let mut end = first.end;
        while let Some(next) = rest.next_if(|next| next.start < end) {
            if rule!("mask.union") {
                end = end.max(next.end);
            }
            let longer = length(next) > length(&longest);
            if longer && rule!("mask.longest-label") {
                longest = *next;
            }
        }
        clusters.push(Mask {
            start: first.start,
            end,
            ..longest
        });
    }
    clusters
}

/// `text` with each cluster replaced by its label in braces.
pub(crate) fn apply(text: &str, clusters: &[Mask<'_>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for cluster in clusters {
        out.push_str(text.get(copied..cluster.start).unwrap_or(""));
        out.push('{');
        out.push_str(cluster.label);
        out.push('}');
        copied = cluster.end;
    }
    out.push_str(text.get(copied..).unwrap_or(""));
    out
}

fn length(mask: &Mask<'_>) -> usize {
    mask.end.saturating_sub(mask.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(start: usize, end: usize, label: &'static str, built_in: bool) -> Mask<'static> {
        Mask {
            start,
            end,
            label,
            built_in,
        }
    }

    fn masked(text: &str, masks: &mut [Mask<'_>]) -> String {
        apply(text, &clusters(masks))
    }

    #[test]
    fn clusters_take_the_longest_label_and_cover_the_union() {
        let masks = &mut [
            mask(2, 6, "A", true),
            mask(4, 9, "B", true),
            mask(8, 10, "C", true),
            mask(12, 13, "D", true),
        ];
        assert_eq!(masked("0123456789abcde", masks), "01{B}ab{D}de");
    }

    #[test]
    fn touching_values_are_masked_apart() {
        let masks = &mut [mask(0, 2, "A", true), mask(2, 4, "B", true)];
        assert_eq!(masked("0123", masks), "{A}{B}");
    }

    #[test]
    fn a_regex_names_what_a_built_in_type_found_as_well() {
        let masks = &mut [mask(0, 4, "EMAIL", true), mask(0, 4, "Staff", false)];
        assert_eq!(masked("0123", masks), "{Staff}");
    }
}
