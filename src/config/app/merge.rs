//! Several trees as one.

use super::tree::{Node, Value};

/// `later` over `earlier`: maps are merged, anything else is replaced. What is not set is not there, and so replaces
/// nothing.
pub(super) fn merged(earlier: Node, later: Node) -> Node {
    match (earlier.value, later.value) {
        (value, Value::Unset(_)) if !matches!(value, Value::Unset(_)) => Node {
            place: earlier.place,
            value,
        },
        (Value::Map(mut entries), Value::Map(over)) => {
            for mut entry in over {
                match entries.iter().position(|known| known.key == entry.key) {
                    // Swapped in and out, so that the order of the keys stays the earlier file's.
                    Some(at) => {
                        let old = entries.swap_remove(at);
                        entry.node = merged(old.node, entry.node);
                        entries.push(entry);
                        let last = entries.len() - 1;
                        entries.swap(at, last);
                    }
                    None => entries.push(entry),
                }
            }
            Node {
                place: later.place,
                value: Value::Map(entries),
            }
        }
        (_, value) => Node {
            place: later.place,
            value,
        },
    }
}
