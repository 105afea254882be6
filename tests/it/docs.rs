//! The README keeps its word: the commands that it shows work as they stand there.
