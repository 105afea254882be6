//! What rotations put beside a file that is followed: found by its name, and put in order by the number or the date in
//! it. The time of the last change would be simpler, and is that of the compression where `gzip` did not keep it.

use std::{
    cmp::Reverse,
    fs::{self, File},
    io::{self, Seek},
    path::{Path, PathBuf},
};

use crate::files::FileId;

/// How often the files are looked for while they are rotated again and again.
const TRIES: u32 = 10;

/// A file beside the one that is followed.
#[derive(Debug)]
pub struct Rotated {
    /// Where it was when it was opened.
    pub path: PathBuf,
    /// The file, or why it cannot be read.
    file: io::Result<File>,
}

impl Rotated {
    /// The file, at its beginning.
    pub fn copy(&self) -> io::Result<File> {
        match &self.file {
            Ok(file) => {
                let mut copy = file.try_clone()?;
                copy.rewind()?;
                Ok(copy)
            }
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        }
    }
}

/// One that is not open yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    /// The lower, the older; of one kind alone.
    age: Age,
    /// Packed files come behind the same file as it was.
    packing: Packing,
    path: PathBuf,
}

/// What is between the name of the followed file and this one's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    /// A number of at most three digits, which each rotation raises.
    Number(Reverse<u64>),
    /// The numbers of a date that begins with the year, or of seconds; what follows tells rotations of one date apart.
    Date(Vec<u64>),
}

/// What became of the file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Packing {
    /// Nothing, or gzip.
    Readable,
    /// Another compression.
    Foreign,
}

/// The files beside `path` in which rotations put what had its name: the numbered and the dated ones, the oldest first.
///
/// They are all open before the first is read, and still had their names then: a rotation that comes in between does
/// not change what is newer than what.
pub fn rotated(path: &Path) -> io::Result<[Vec<Rotated>; 2]> {
    for _ in 0..TRIES {
        let found = found(path)?;
        let opened = found
            .clone()
            .map(|list| list.into_iter().map(opened).collect());
        if found == self::found(path)? && opened.iter().flatten().all(is_there) {
            return Ok(opened);
        }
    }
    Err(io::Error::other("it is rotated faster than it can be read"))
}

fn opened(found: Found) -> Rotated {
    let file = match found.packing {
        Packing::Readable => File::open(&found.path),
        Packing::Foreign => Err(io::Error::other("it is compressed, and not with gzip")),
    };
    Rotated {
        path: found.path,
        file,
    }
}

/// Whether it still has its name, or cannot be read whatever it is called.
fn is_there(rotated: &Rotated) -> bool {
    match &rotated.file {
        Ok(file) => is_under(file, &rotated.path).unwrap_or(false),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Whether a path leads to an open file.
#[cfg(unix)]
pub fn is_under(file: &File, path: &Path) -> io::Result<bool> {
    Ok(FileId::of(&file.metadata()?) == FileId::of(&fs::metadata(path)?))
}

/// Whether a path leads to an open file, as far as its length tells.
#[cfg(not(unix))]
pub fn is_under(file: &File, path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.len() >= file.metadata()?.len())
}

fn found(path: &Path) -> io::Result<[Vec<Found>; 2]> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let of = path.file_name().and_then(|name| name.to_str());
    let (mut numbered, mut dated) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let (Some(of), Some(name)) = (of, name.to_str()) else {
            continue;
        };
        let Some((age, packing)) = age(of, name) else {
            continue;
        };
        let list = match age {
            Age::Number(_) => &mut numbered,
            Age::Date(_) => &mut dated,
        };
        let path = path.with_file_name(name);
        list.push(Found { age, packing, path });
    }
    Ok([numbered, dated].map(|mut list| {
        list.sort();
        // While a file is compressed, both are there, and one of them in part.
        list.dedup_by(|later, first| later.age == first.age);
        list
    }))
}

/// How old a file of this name is, if it is what a rotation of the file `of` left: `a.log.1`, `a.log-20260131.gz`,
/// `a-2026-01-31.log`.
fn age(of: &str, name: &str) -> Option<(Age, Packing)> {
    let behind = |name: &str| Some(name.strip_prefix(of)?.to_owned());
    let before_extension = |name: &str| {
        let (stem, extension) = of.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())?;
        let (middle, after) = name
            .strip_prefix(stem)?
            .rsplit_once(&format!(".{extension}"))?;
        Some(format!("{middle}{after}"))
    };
    let between = behind(name).or_else(|| before_extension(name))?;
    let between = between.strip_prefix(['.', '-', '_'])?;
    let is_date = |c: char| c.is_ascii_digit() || "-_.:+TZ".contains(c);
    let end = between.find(|c| !is_date(c)).unwrap_or(between.len());
    let (date, packing) = between.split_at(end);
    let packing = match (date.strip_suffix('.'), packing) {
        (None, "") | (Some(_), "gz") => Packing::Readable,
        (Some(_), "bz2" | "lz4" | "xz" | "zst") => Packing::Foreign,
        _ => return None,
    };
    let runs = date.split(|c: char| !c.is_ascii_digit());
    let runs: Vec<_> = runs.filter(|run| !run.is_empty()).collect();
    let numbers: Result<Vec<u64>, _> = runs.iter().map(|run| run.parse()).collect();
    let age = match (runs.first()?.len(), numbers.ok()?.as_slice()) {
        (1..=3, [number]) => Age::Number(Reverse(*number)),
        (4.., numbers) => Age::Date(numbers.to_vec()),
        _ => return None,
    };
    date.starts_with(|c: char| c.is_ascii_digit())
        .then_some((age, packing))
}

#[cfg(test)]
mod tests {
    use super::{Packing, age, rotated};

    #[test]
    fn names_of_rotations_are_known_and_others_are_not() {
        for name in [
            "a.log.1",
            "a.log.12.gz",
            "a.log-20260131",
            "a.log.2026-01-31",
            "a.log.20260131-101500.gz",
            "a.log_1769854500",
            "a.1.log",
            "a-2026-01-31T10-15-00.000.log",
            "a-20260131.log.gz",
        ] {
            assert!(
                matches!(age("a.log", name), Some((_, Packing::Readable))),
                "{name}"
            );
        }
        for name in ["a.log.1.zst", "a.log-20260131.xz"] {
            assert!(
                matches!(age("a.log", name), Some((_, Packing::Foreign))),
                "{name}"
            );
        }
        for name in [
            "a.log",
            "a.log.gz",
            "a.log.old",
            "a.log.1.tmp",
            "a.logs.1",
            "b.log.1",
            "a-errors.log",
            "a.log1",
            "a.log.31-01-2026",
            "a.log.-1",
            "a.log.1.",
            "a.log.99999999999999999999",
            "a.log..1",
            "a-1b.log",
        ] {
            assert_eq!(age("a.log", name), None, "{name}");
        }
        assert!(age("log", "log.1").is_some());
        assert_eq!(age(".log", "-1.log"), None);
    }

    #[test]
    fn the_oldest_is_first_and_a_file_that_is_being_compressed_is_there_once() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "a.log",
            "a.log.1",
            "a.log.2",
            "a.log.2.gz",
            "a.log.10.gz",
            "a.log-20260131",
            "a.log-20260131.1",
            "a.log-20260131.10",
            "a.log-20260131.2",
            "a.log-20251231.gz",
            "b.log.1",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let lists = rotated(&folder.path().join("a.log")).unwrap();
        let names = lists.map(|list| {
            let name =
                |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().to_owned();
            list.iter()
                .map(|it| name(&it.path))
                .collect::<Vec<_>>()
                .join(" ")
        });
        let dated =
            "a.log-20251231.gz a.log-20260131 a.log-20260131.1 a.log-20260131.2 a.log-20260131.10";
        assert_eq!(names, ["a.log.10.gz a.log.2 a.log.1", dated]);
    }
}
