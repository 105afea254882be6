//! Which columns of a table a terminal has room for, and how wide each is. Pure.
//!
//! comfy-table also arranges columns, but keeps the widths to itself: a table that streams must keep to them after its
//! first page.

/// Spaces between two columns.
pub const GAP: usize = 2;

/// What a column needs.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// Width of its widest value.
    pub whole: usize,
    /// Width that is enough for nearly all values; one long value must not take the room of a whole column.
    pub most: usize,
    /// Width in which it still reads well.
    pub fair: usize,
    /// Width below which it says nothing.
    pub least: usize,
    /// Its place in the order in which columns are left out; none for one that stays.
    pub leaves: Option<u8>,
}

/// Whether all columns fit in `width` and read well.
pub fn reads_well(needs: &[Need], width: usize) -> bool {
    sum(needs.iter().map(|need| need.fair.min(need.most))) <= width
}

/// The width of each column; none for one that is left out. Together with the gaps they are `width` at most.
pub fn widths(needs: &[Need], width: usize) -> Vec<Option<usize>> {
    let shown = shown(needs, width);
    let starts: [fn(&Need) -> usize; 3] = [|need| need.fair, |need| need.least, |_| 1];
    let start = starts
        .into_iter()
        .map(|start| -> Vec<Option<usize>> {
            let each = needs.iter().zip(&shown);
            each.map(|(need, shown)| shown.then(|| start(need).min(need.most).max(1)))
                .collect()
        })
        .find(|start| sum(start.iter().flatten().copied()) <= width);
    // Not even one column of one character: the first alone, cut to what there is.
    let Some(mut widths) = start else {
        return (0..needs.len())
            .map(|at| (at == 0).then_some(width))
            .collect();
    };
    grow(&mut widths, needs, width, |need| need.most);
    grow(&mut widths, needs, width, |need| need.whole);
    widths
}

/// Leaves out what may go until the others read well, and what has no room at all, from the right.
fn shown(needs: &[Need], width: usize) -> Vec<bool> {
    let mut shown = vec![true; needs.len()];
    let total = |shown: &[bool], of: fn(&Need) -> usize| {
        let each = needs.iter().zip(shown).filter(|(_, shown)| **shown);
        sum(each.map(|(need, _)| of(need)))
    };
    while total(&shown, |need| need.fair.min(need.most)) > width {
        let next = (0..needs.len())
            .filter(|at| shown.get(*at) == Some(&true))
            .filter_map(|at| Some((needs.get(at)?.leaves?, at)))
            .min();
        let Some(shown) = next.and_then(|(_, at)| shown.get_mut(at)) else {
            break;
        };
        *shown = false;
    }
    while total(&shown, |_| 1) > width && shown.iter().filter(|shown| **shown).count() > 1 {
        if let Some(last) = shown.iter_mut().rev().find(|shown| **shown) {
            *last = false;
        }
    }
    shown
}

/// Gives away the room that is left, always to the narrowest column that wants more.
fn grow(widths: &mut [Option<usize>], needs: &[Need], width: usize, wanted: fn(&Need) -> usize) {
    let mut room = width.saturating_sub(sum(widths.iter().flatten().copied()));
    while room > 0 {
        let narrowest = widths
            .iter_mut()
            .zip(needs)
            .filter_map(|(width, need)| width.as_mut().filter(|width| **width < wanted(need)))
            .min_by_key(|width| **width);
        let Some(narrowest) = narrowest else { return };
        *narrowest += 1;
        room -= 1;
    }
}

/// The columns with the gaps between them.
fn sum(widths: impl Iterator<Item = usize>) -> usize {
    widths.map(|width| width + GAP).sum::<usize>().max(GAP) - GAP
}

#[cfg(test)]
mod tests {
    use super::{GAP, Need, reads_well, widths};

    fn need(whole: usize, fair: usize, least: usize, leaves: Option<u8>) -> Need {
        Need {
            whole,
            most: whole,
            fair,
            least,
            leaves,
        }
    }

    #[test]
    fn room_goes_to_the_narrow_before_the_wide() {
        let needs = [
            need(4, 4, 4, None),
            need(30, 10, 2, Some(1)),
            need(30, 10, 2, Some(0)),
        ];
        for (width, expected) in [
            (100, [Some(4), Some(30), Some(30)]),
            (68, [Some(4), Some(30), Some(30)]),
            (67, [Some(4), Some(30), Some(29)]),
            (28, [Some(4), Some(10), Some(10)]),
            (27, [Some(4), Some(21), None]),
            (16, [Some(4), Some(10), None]),
            (15, [Some(4), None, None]),
            (4, [Some(4), None, None]),
            (3, [Some(3), None, None]),
            (0, [Some(0), None, None]),
        ] {
            assert_eq!(widths(&needs, width), expected, "{width}");
        }
        assert!(reads_well(&needs, 28));
        assert!(!reads_well(&needs, 27));
    }

    #[test]
    fn one_long_value_takes_only_what_others_leave() {
        let outlier = Need {
            whole: 40,
            most: 8,
            ..need(40, 14, 4, None)
        };
        let needs = [outlier, need(20, 14, 4, None)];
        for (width, expected) in [
            (24, [Some(8), Some(14)]),
            (30, [Some(8), Some(20)]),
            (50, [Some(28), Some(20)]),
            (80, [Some(40), Some(20)]),
        ] {
            assert_eq!(widths(&needs, width), expected, "{width}");
        }
    }

    #[test]
    fn columns_that_stay_shrink_and_go_only_when_there_is_no_room_at_all() {
        let needs = [need(20, 10, 6, None), need(20, 10, 2, None)];
        for (width, expected) in [
            (22, [Some(10), Some(10)]),
            (21, [Some(10), Some(9)]),
            (10, [Some(6), Some(2)]),
            (9, [Some(4), Some(3)]),
            (4, [Some(1), Some(1)]),
            (3, [Some(3), None]),
        ] {
            assert_eq!(widths(&needs, width), expected, "{width}");
        }
    }

    #[test]
    fn no_table_is_wider_than_the_terminal() {
        for columns in 0..12 {
            let needs: Vec<Need> = (0..columns)
                .map(|at| {
                    let leaves = (at % 3 == 0).then_some(0);
                    need(at * 7 % 25, 8, 3, leaves)
                })
                .collect();
            for width in 0..120 {
                let widths = widths(&needs, width);
                let shown: Vec<usize> = widths.iter().flatten().copied().collect();
                let gaps = GAP * shown.len().saturating_sub(1);
                assert_eq!(widths.len(), columns);
                assert!(shown.iter().sum::<usize>() + gaps <= width);
            }
        }
    }
}
