//! A few rows in columns, all of which are known before the first is written. Pure.

use super::{
    fit::{GAP, Need, widths},
    paint::Paint,
    width::{Keep, cut, width},
};

/// Longest text of a cell, in columns of a terminal; what is longer says no more.
const LONGEST: usize = 60;

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Title {
    /// What stands above it; none where no column has a title.
    pub text: &'static str,
    /// Whether its texts are numbers, which stand one under the other.
    pub number: bool,
    /// Whether its texts are of no use in part.
    pub whole: bool,
    /// Its place in the order in which columns are left out; none for one that stays.
    pub leaves: Option<u8>,
}

impl Title {
    /// A column of texts, which may be cut.
    pub const fn text(text: &'static str) -> Self {
        Self {
            text,
            number: false,
            whole: false,
            leaves: None,
        }
    }

    /// A column of numbers.
    pub const fn number(text: &'static str) -> Self {
        Self {
            number: true,
            ..Self::whole(text)
        }
    }

    /// A column of texts that others make room for.
    pub const fn whole(text: &'static str) -> Self {
        Self {
            whole: true,
            ..Self::text(text)
        }
    }

    /// The same, left out where there is no room, the lowest `place` first.
    pub const fn leaving(self, place: u8) -> Self {
        Self {
            leaves: Some(place),
            ..self
        }
    }
}

/// A table that is written at once.
#[derive(Debug)]
pub struct Grid {
    titles: Vec<Title>,
    rows: Vec<(Paint, Vec<String>)>,
}

/// Width in which a text still reads well, and in which it says anything.
const FAIR: usize = 12;
const LEAST: usize = 6;

impl Grid {
    /// One without rows.
    pub fn new(titles: impl Into<Vec<Title>>) -> Self {
        let titles = titles.into();
        let head: Vec<_> = titles.iter().map(|title| title.text.to_owned()).collect();
        let rows = match head.iter().all(String::is_empty) {
            true => Vec::new(),
            false => vec![(Paint::Bold, head)],
        };
        Self { titles, rows }
    }

    /// Adds a row of harmless texts, as many as there are titles.
    pub fn push(&mut self, paint: Paint, cells: impl Into<Vec<String>>) {
        self.rows.push((paint, cells.into()));
    }

    /// Its lines, the titles first: as wide as a terminal of that many columns, or as they need it.
    pub fn lines(&self, columns: Option<usize>, color: bool) -> Vec<String> {
        let widths = self.widths(columns);
        let rows = self.rows.iter();
        rows.map(|(paint, cells)| paint.painted(&self.line(cells, &widths), color))
            .collect()
    }

    fn widths(&self, columns: Option<usize>) -> Vec<Option<usize>> {
        let needs: Vec<_> = self
            .titles
            .iter()
            .enumerate()
            .map(|(at, title)| {
                let cells = self.rows.iter().filter_map(|(_, cells)| cells.get(at));
                let whole = cells
                    .map(|cell| width(cell))
                    .max()
                    .unwrap_or(0)
                    .min(LONGEST);
                let fair = if title.whole { whole } else { FAIR };
                let least = if title.number { whole } else { LEAST };
                Need {
                    whole,
                    most: whole,
                    fair,
                    least,
                    leaves: title.leaves,
                }
            })
            .collect();
        match columns {
            Some(columns) => widths(&needs, columns),
            None => needs.iter().map(|need| Some(need.whole)).collect(),
        }
    }

    fn line(&self, cells: &[String], widths: &[Option<usize>]) -> String {
        let mut line = String::new();
        let mut end = 0;
        for ((cell, title), room) in cells.iter().zip(&self.titles).zip(widths) {
            let Some(room) = *room else { continue };
            let text = cut(cell, room, Keep::Start);
            let before = match title.number {
                true => room.saturating_sub(width(&text)),
                false => 0,
            };
            let missing = (end + before).saturating_sub(width(&line));
            line.extend(std::iter::repeat_n(' ', missing));
            line.push_str(&text);
            end += room + GAP;
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::{Grid, Title};
    use crate::output::Paint;

    #[test]
    fn columns_fit_and_leave_in_their_order() {
        let mut grid = Grid::new([
            Title::text("NAME"),
            Title::number("COUNT"),
            Title::number("SHARE").leaving(1),
            Title::text("NOTE").leaving(0),
        ]);
        let cells = ["a name of some length", "1,234", "5.0%", "日本"];
        grid.push(Paint::Red, cells.map(str::to_owned));
        for (columns, expected) in [
            (
                None,
                "NAME                   COUNT  SHARE  NOTE\na name of some length  1,234   5.0%  日本",
            ),
            (
                Some(38),
                "NAME                COUNT  SHARE  NOTE\na name of some le…  1,234   5.0%  日本",
            ),
            (
                Some(30),
                "NAME              COUNT  SHARE\na name of some …  1,234   5.0%",
            ),
            (Some(20), "NAME           COUNT\na name of so…  1,234"),
            (Some(10), "NAME  COU…\na n…  1,2…"),
        ] {
            assert_eq!(grid.lines(columns, false).join("\n"), expected);
        }
        let colored = "\x1b[1mNAME  COU…\x1b[0m\n\x1b[31ma n…  1,2…\x1b[0m";
        assert_eq!(grid.lines(Some(10), true).join("\n"), colored);
    }
}
