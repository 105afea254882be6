//! The tests that look at the program from outside, one file a subject.

mod support;
