//! Heapsort: in place, O(n log n) on hostile input, and a fifth of the standard library's sort in code, of
//! which there would be one for each type.

/// Sorts by name.
pub(crate) fn by_name<T>(items: &mut [T], name: impl Fn(&T) -> &str) {
    let count = items.len();
    for root in (0..count / 2).rev() {
        sift(items, root, count, &name);
    }
    for end in (1..count).rev() {
        items.swap(0, end);
        sift(items, 0, end, &name);
    }
}

/// Moves an item down until both items below it are smaller.
fn sift<T>(items: &mut [T], mut root: usize, end: usize, name: &impl Fn(&T) -> &str) {
    let less = |items: &[T], a: usize, b: usize| match (items.get(a), items.get(b)) {
        (Some(a), Some(b)) => name(a) < name(b),
        _ => false,
    };
    loop {
        let mut child = root.saturating_mul(2).saturating_add(1);
        if child >= end {
            return;
        }
        let right = child.saturating_add(1);
        if right < end && less(items, child, right) {
            child = right;
        }
        if !less(items, root, child) {
            return;
        }
        items.swap(root, child);
        root = child;
    }
}

/// Whether a name stands twice in a list.
pub(crate) fn has_duplicates(mut names: alloc::vec::Vec<&str>) -> bool {
    by_name(&mut names, |name| name);
    names.iter().zip(names.iter().skip(1)).any(|(a, b)| a == b)
}
