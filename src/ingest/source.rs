//! Which file it is: one that was read before and has grown, whatever it is called now, or a new one.
//!
//! A file is known by its content: how far it was read, and the SHA-256 of that part. A name would take the file that
//! a rotation puts in the place of the old one for the old one; a device and inode number would be used again.

use std::{
    collections::HashSet,
    io::{self, Read, Seek, SeekFrom},
};

use uuid::Uuid;

use super::{backstage::is_whole, lines::MAX_LINE, place::Place};

/// The ids of all sources are made under this one.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b0e_3c39_83a9_4d0c_9a51_2e8a_6c1f_70d4);
/// Bytes read at once where nothing but their hash is wanted.
const CHUNK: usize = 64 << 10;

/// A file of which events are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub source: Uuid,
    /// How many of its bytes were read.
    pub read_to: u64,
    /// What those hash to.
    pub sha256: [u8; 32],
}

/// What there is to read in a file.
#[derive(Debug)]
pub struct Survey {
    /// The file's id, if it was read before.
    pub known: Option<Known>,
    /// Where reading goes on.
    pub from: Place,
    /// Where it ends for now, at the end of a line.
    pub to: u64,
    /// Whether a line has begun there that is not finished.
    pub unfinished: bool,
}

/// Reads as much of the file as was ever read of a known one, to find out which it is, and what is new in it.
///
/// Of the known files whose read part this one begins with, it is the one of which most was read. The last line
/// counts if it ends with `\n`, or is a whole JSON object; whatever is written behind `to` after this survey belongs
/// to the next one, so that following a busy file ends.
pub fn survey(file: &mut (impl Read + Seek), known: &[Known]) -> io::Result<Survey> {
    let len = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    let mut candidates: Vec<Known> = known
        .iter()
        .filter(|known| (1..=len).contains(&known.read_to))
        .copied()
        .collect();
    candidates.sort_by_key(|known| known.read_to);
    let mut place = Place::default();
    let mut found = (None, place.clone());
    for candidate in candidates {
        read_to(file, &mut place, candidate.read_to)?;
        if place.sha256() == candidate.sha256 {
            found = (Some(candidate), place.clone());
        }
    }
    let (known, from) = found;
    let to = read_lines_end(file, from.offset, len, true)?;
    Ok(Survey {
        known,
        from,
        to,
        unfinished: to < len,
    })
}

/// Where the last line between two offsets ends; with `at_end`, one that lacks nothing but its `\n` counts, too.
pub fn read_lines_end(
    file: &mut (impl Read + Seek),
    from: u64,
    len: u64,
    at_end: bool,
) -> io::Result<u64> {
    let end = read_last_end(file, from, len)?.unwrap_or(from);
    match at_end && end < len && read_is_whole(file, end, len)? {
        true => Ok(len),
        false => Ok(end),
    }
}

/// Moves `place` to `offset`.
fn read_to(file: &mut (impl Read + Seek), place: &mut Place, offset: u64) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    while place.offset < offset {
        let wanted = usize::try_from(offset - place.offset)
            .unwrap_or(CHUNK)
            .min(CHUNK);
        let Some(part) = chunk.get_mut(..wanted) else {
            break;
        };
        file.read_exact(part)?;
        place.pass(part);
    }
    Ok(())
}

/// The offset behind the last `\n` between two offsets, looked for from the end.
fn read_last_end(file: &mut (impl Read + Seek), from: u64, to: u64) -> io::Result<Option<u64>> {
    let mut end = to;
    let mut chunk = Vec::with_capacity(CHUNK);
    while end > from {
        let start = end.saturating_sub(CHUNK as u64).max(from);
        file.seek(SeekFrom::Start(start))?;
        chunk.clear();
        file.by_ref().take(end - start).read_to_end(&mut chunk)?;
        if let Some(at) = chunk.iter().rposition(|&byte| byte == b'\n') {
            return Ok(Some(start + at as u64 + 1));
        }
        end = start;
    }
    Ok(None)
}

/// Whether what stands between two offsets is a line that lacks nothing but its `\n`.
fn read_is_whole(file: &mut (impl Read + Seek), from: u64, to: u64) -> io::Result<bool> {
    if to - from > MAX_LINE as u64 {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(from))?;
    let mut line = Vec::new();
    file.by_ref().take(to - from).read_to_end(&mut line)?;
    Ok(is_whole(&line))
}

/// The id of a file that was not read before, from the hash of the part of it that is about to be stored.
///
/// The same file gets the same id in any store, so that an import that is started again, with whatever store, gives
/// the same events. Two files may begin alike: the second one is counted on to an id that no other has.
pub fn new_source(sha256: &[u8; 32], taken: &HashSet<Uuid>) -> Uuid {
    let id =
        |ordinal: u64| Uuid::new_v5(&NAMESPACE, &[&sha256[..], &ordinal.to_be_bytes()].concat());
    // One of these is free: there is one more of them than there are ids taken.
    (0..taken.len() as u64)
        .map(id)
        .find(|id| !taken.contains(id))
        .unwrap_or_else(|| id(taken.len() as u64))
}

/// The id of the event whose line begins at `offset` of its source.
pub fn event_id(source: Uuid, offset: u64) -> Uuid {
    Uuid::new_v5(&source, offset.to_string().as_bytes())
}

/// The id of the event that the journal calls by this cursor, in whatever file it is read.
pub fn journal_id(cursor: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, cursor.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, io::Cursor};

    use sha2::{Digest, Sha256};
    use uuid::Uuid;

    use super::{Known, event_id, new_source, survey};

    fn known(number: u128, read: &str) -> Known {
        Known {
            source: Uuid::from_u128(number),
            read_to: read.len() as u64,
            sha256: Sha256::digest(read).into(),
        }
    }

    /// Which known file `content` is, from where to where it is to be read, and whether more is to come.
    fn surveyed(content: &str, known: &[Known]) -> (Option<u128>, u64, u64, bool) {
        let found = survey(&mut Cursor::new(content), known).unwrap();
        let hash: [u8; 32] = Sha256::digest(&content[..found.from.offset as usize]).into();
        assert_eq!(found.from.sha256(), hash);
        let number = found.known.map(|it| it.source.as_u128());
        (number, found.from.offset, found.to, found.unfinished)
    }

    #[test]
    fn a_file_is_the_known_one_of_which_most_was_read() {
        let all = [
            known(1, "a\n"),
            known(2, "a\nb\n"),
            known(3, "a\nc\n"),
            known(4, "a\nb\nc\nd\n"),
            known(5, ""),
        ];
        assert_eq!(surveyed("a\nb\nc\n", &all), (Some(2), 4, 6, false));
        assert_eq!(surveyed("a\nb\n", &all), (Some(2), 4, 4, false));
        assert_eq!(surveyed("a\nx\n", &all), (Some(1), 2, 4, false));
        assert_eq!(surveyed("b\n", &all), (None, 0, 2, false));
        assert_eq!(surveyed("", &all), (None, 0, 0, false));
    }

    #[test]
    fn the_last_line_counts_when_it_is_whole() {
        assert_eq!(surveyed("a\n{\"b\":1}", &[]), (None, 0, 9, false));
        assert_eq!(surveyed("a\n{\"b\":1", &[]), (None, 0, 2, true));
        assert_eq!(surveyed("text", &[]), (None, 0, 0, true));
        let read = [known(1, "{}")];
        assert_eq!(surveyed("{}", &read), (Some(1), 2, 2, false));
        assert_eq!(surveyed("{}\n", &read), (Some(1), 2, 3, false));
        assert_eq!(surveyed("{}x", &read), (Some(1), 2, 2, true));
        let long = format!("a\n{}", "b".repeat(200_000));
        assert_eq!(surveyed(&long, &[]), (None, 0, 2, true));
        assert_eq!(surveyed(&long, &[known(1, &long[..100_000])]).1, 100_000);
    }

    #[test]
    fn ids_are_determined_by_content_and_place_and_never_shared() {
        let hash = [7; 32];
        let first = new_source(&hash, &HashSet::new());
        assert_eq!(first, new_source(&hash, &HashSet::from([Uuid::nil()])));
        let second = new_source(&hash, &HashSet::from([first]));
        let third = new_source(&hash, &HashSet::from([second, first]));
        assert_eq!(HashSet::from([first, second, third]).len(), 3);
        assert_ne!(first, new_source(&[8; 32], &HashSet::new()));
        // RFC 9562's name-based id of "4096" under the URL namespace, from another implementation.
        assert_eq!(
            event_id(Uuid::NAMESPACE_URL, 4096).to_string(),
            "00abb67b-8838-574e-a1a3-fe417a472ea9"
        );
    }
}
