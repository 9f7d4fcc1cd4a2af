//! Stable sorting through one instance of one algorithm.
//!
//! The standard library's sorts are made anew for each type of element and key, which came to a sixth of
//! the browser's module. Lists here have some dozens of elements and are mostly sorted already.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// Sorts by `key`. Elements with equal keys keep their order.
pub(crate) fn by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    by(items, |a, b| key(a).cmp(&key(b)));
}

/// Sorts by `compare`. Equal elements keep their order.
pub(crate) fn by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let after = |a: usize, b: usize| match (items.get(a), items.get(b)) {
        (Some(a), Some(b)) => compare(a, b) == Ordering::Greater,
        _ => false,
    };
    let Some(mut order) = order(items.len(), &after) else {
        return;
    };
    // Each place takes the element that belongs there, and the next place is where that one came from.
    for start in 0..order.len() {
        let mut place = start;
        while let Some(from) = order.get_mut(place) {
            let from = core::mem::replace(from, place);
            if from == start {
                break;
            }
            items.swap(place, from);
            place = from;
        }
    }
}

/// For each place the number of the element that belongs there; `None` if each is where it belongs.
/// `after` says whether an element belongs behind another.
#[inline(never)]
fn order(count: usize, after: &dyn Fn(usize, usize) -> bool) -> Option<Vec<usize>> {
    if !(1..count).any(|next| after(next.saturating_sub(1), next)) {
        return None;
    }
    let mut order: Vec<usize> = (0..count).collect();
    let mut merged = Vec::with_capacity(count);
    let mut width: usize = 1;
    while width < count {
        merged.clear();
        for pair in order.chunks(width.saturating_mul(2)) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let (&[a, ref left_rest @ ..], &[b, ref right_rest @ ..]) = (left, right) {
                if after(a, b) {
                    merged.push(b);
                    right = right_rest;
                } else {
                    merged.push(a);
                    left = left_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        core::mem::swap(&mut order, &mut merged);
        width = width.saturating_mul(2);
    }
    Some(order)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn sorts_as_the_standard_library_does() {
        let mut seed = 1_u64;
        for length in (0..70).chain([999, 1000, 1024, 1025]) {
            for keys in [1, 3, 40, 1_000_000] {
                let mut items: Vec<(u64, usize)> = Vec::new();
                for place in 0..length {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    items.push((seed % keys, place));
                }
                let mut sorted = items.clone();
                sorted.sort_by_key(|(key, _)| *key);
                by_key(&mut items, |(key, _)| *key);
                assert_eq!(items, sorted);
                by(&mut items, |a, b| b.cmp(a));
                sorted.sort_by(|a, b| b.cmp(a));
                assert_eq!(items, sorted);
            }
        }
    }
}
