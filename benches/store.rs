//! Times questions to a store, each many times in one process: `cargo bench --bench store -- STORE REPEATS`.
//!
//! Standard input has a question on each line, a name, a tab, and the parameters of a request. Prints for each its
//! name, the median in microseconds and the total, with tabs between.

use std::{
    error::Error,
    io::{self, BufRead, Write},
    time::Instant,
};

use auditlog::{query::Request, store::Store};

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds `--bench`.
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let (Some(path), Some(repeats)) = (args.next(), args.next()) else {
        return Err("which store, and how many times?".into());
    };
    let repeats: usize = repeats.parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    // What opens a database waits for it in the runtime.
    let _entered = runtime.enter();
    let store = Store::open_existing(&path)?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (name, params) = line.split_once('\t').ok_or("a line without a tab")?;
        let pairs = url::form_urlencoded::parse(params.as_bytes());
        let asked = Request::from_pairs(pairs, chrono::Utc::now().into())?;
        let mut times = Vec::with_capacity(repeats);
        let mut total = 0;
        for _ in 0..repeats {
            let begun = Instant::now();
            let page = store.page(&asked.query, asked.limit, asked.offset);
            total = runtime.block_on(page)?.total;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let median = times.get(repeats / 2).ok_or("no repeats")?.as_micros();
        writeln!(io::stdout(), "{name}\t{median}\t{total}")?;
    }
    Ok(())
}
