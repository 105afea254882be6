//! What is wrong with a configuration, and where.

use std::{
    cell::RefCell,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A place in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: Arc<PathBuf>,
    pub(super) line: u64,
}

/// One thing that is wrong. No value of the file is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: Place,
    text: String,
}

impl Problem {
    pub(super) fn new(place: &Place, text: impl Into<String>) -> Self {
        Self {
            place: place.clone(),
            text: text.into(),
        }
    }

    pub(super) fn of_file(path: &Path, text: impl Into<String>) -> Self {
        let place = Place {
            file: Arc::new(path.to_owned()),
            line: 0,
        };
        Self::new(&place, text)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, text } = self;
        match place.line {
            0 => write!(f, "{}: {text}", place.file.display()),
            line => write!(f, "{}:{line}: {text}", place.file.display()),
        }
    }
}

/// Why a configuration is not taken: every problem, in the order of the keys; at least one.
#[derive(Debug, thiserror::Error)]
#[error("{}", shown(.0))]
pub struct AppConfigError(pub Vec<Problem>);

fn shown(problems: &[Problem]) -> String {
    match problems {
        [one] => one.to_string(),
        many => format!("the configuration has {} problems", many.len()),
    }
}

/// Most problems that are told of; a hostile or mistaken file may have any number.
const MOST: usize = 100;

/// Problems and warnings as they are found.
#[derive(Debug, Default)]
pub(super) struct Problems {
    errors: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
}

impl Problems {
    pub(super) fn error(&self, problem: Problem) {
        push(&self.errors, problem);
    }

    pub(super) fn warning(&self, problem: Problem) {
        push(&self.warnings, problem);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.errors.borrow().is_empty()
    }

    pub(super) fn into_parts(self) -> (Vec<Problem>, Vec<Problem>) {
        (self.errors.into_inner(), self.warnings.into_inner())
    }
}

fn push(list: &RefCell<Vec<Problem>>, problem: Problem) {
    let mut list = list.borrow_mut();
    // An alias can lead to one mistake many times.
    if list.len() < MOST && !list.contains(&problem) {
        list.push(problem);
    }
}
