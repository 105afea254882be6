//! The same page for many who ask at once: it is read once, after all of them have asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::OnceCell;

use super::answer::Text;
use crate::store::StoreError;

/// What a page is, or why there is none.
type Answer = Result<Text, NoPage>;

/// Why there is no page.
#[derive(Clone, Debug)]
pub(super) enum NoPage {
    /// The store gave no answer.
    Store(Arc<StoreError>),
    /// Those who asked before have not read theirs.
    Unread,
}

impl From<StoreError> for NoPage {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

/// Pages that are being asked for, by what is asked.
#[derive(Debug, Default)]
pub(super) struct SharedPages(Mutex<HashMap<String, Asked>>);

#[derive(Clone, Debug, Default)]
struct Asked {
    /// Whose turn it is to read: one at a time, so that others gather meanwhile.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The answer of those who have gathered, for which reading has not begun.
    next: Arc<OnceCell<Answer>>,
}

impl SharedPages {
    /// What `read` gives to one of those who ask for `page` at the same time. It begins after this was called. If who
    /// reads goes away, the next one reads.
    pub(super) async fn get(&self, page: &str, read: impl Future<Output = Answer>) -> Answer {
        let asking = Asking {
            asked: self.asked().entry(page.to_owned()).or_default().clone(),
            shared_pages: self,
            page,
        };
        let asked = &asking.asked;
        let begin = async {
            let _turn = asked.turn.lock().await;
            self.close(page, asked);
            read.await
        };
        asked.next.get_or_init(|| begin).await.clone()
    }

    /// Whoever asks from now on gets a later answer.
    fn close(&self, page: &str, asked: &Asked) {
        if let Some(current) = self.asked().get_mut(page)
            && Arc::ptr_eq(&current.next, &asked.next)
        {
            current.next = Arc::default();
        }
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<String, Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who asks. The last one takes away what was kept for them.
struct Asking<'a> {
    asked: Asked,
    shared_pages: &'a SharedPages,
    page: &'a str,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut asked = self.shared_pages.asked();
        // While nobody else can look: of two who leave at once, one is the last.
        drop(std::mem::take(&mut self.asked));
        let is_last = |asked: &Asked| Arc::strong_count(&asked.turn) == 1;
        if asked.get(self.page).is_some_and(is_last) {
            asked.remove(self.page);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    };

    use tokio::{sync::Semaphore, task::yield_now};

    use super::{Answer, NoPage, SharedPages};
    use crate::{server::answer::Text, store::StoreError};

    /// A read that waits until it is let through, and gives its number.
    async fn read(begun: &AtomicUsize, gate: &Semaphore) -> Answer {
        let number = begun.fetch_add(1, SeqCst);
        gate.acquire().await.unwrap().forget();
        Ok(Text::from(number.to_string()))
    }

    fn shown(answer: &Answer) -> String {
        String::from_utf8(answer.as_ref().unwrap().bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn who_asks_while_a_page_is_read_gets_one_that_is_read_later() {
        let shared_pages = Arc::new(SharedPages::default());
        let (begun, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let ask = |page: &'static str| {
            let (shared_pages, begun, gate) = (shared_pages.clone(), begun.clone(), gate.clone());
            tokio::spawn(async move { shared_pages.get(page, read(&begun, &gate)).await })
        };
        let first = ask("a");
        while begun.load(SeqCst) == 0 {
            yield_now().await;
        }
        let others: Vec<_> = (0..5).map(|_| ask("a")).collect();
        for _ in 0..20 {
            yield_now().await;
        }
        // They wait for each other, and nobody else waits for them.
        assert_eq!(begun.load(SeqCst), 1);
        gate.add_permits(1);
        assert_eq!(shown(&first.await.unwrap()), "0");
        gate.add_permits(1);
        for other in others {
            assert_eq!(shown(&other.await.unwrap()), "1");
        }
        assert_eq!(begun.load(SeqCst), 2);
        assert!(shared_pages.asked().is_empty());
    }

    #[tokio::test]
    async fn different_pages_are_read_side_by_side() {
        let shared_pages = SharedPages::default();
        let (begun, gate) = (AtomicUsize::new(0), Semaphore::new(0));
        let let_through = async {
            while begun.load(SeqCst) < 2 {
                yield_now().await;
            }
            gate.add_permits(2);
        };
        let (one, other, ()) = tokio::join!(
            shared_pages.get("a", read(&begun, &gate)),
            shared_pages.get("b", read(&begun, &gate)),
            let_through
        );
        assert_ne!(shown(&one), shown(&other));
    }

    #[tokio::test]
    async fn the_next_one_reads_where_the_reader_goes_away() {
        let shared_pages = Arc::new(SharedPages::default());
        let (begun, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let ask = || {
            let (shared_pages, begun, gate) = (shared_pages.clone(), begun.clone(), gate.clone());
            tokio::spawn(async move { shared_pages.get("a", read(&begun, &gate)).await })
        };
        let (reader, waiting) = (ask(), ask());
        while begun.load(SeqCst) == 0 {
            yield_now().await;
        }
        reader.abort();
        gate.add_permits(1);
        assert_eq!(shown(&waiting.await.unwrap()), "1");
        assert!(shared_pages.asked().is_empty());
    }

    #[tokio::test]
    async fn all_are_told_why_there_is_no_page() {
        let shared_pages = SharedPages::default();
        let (begun, gate) = (AtomicUsize::new(0), Semaphore::new(0));
        let failed = async || Err(StoreError::BrokenOff.into());
        let let_through = async { gate.add_permits(1) };
        let (_, one, other, ()) = tokio::join!(
            biased;
            shared_pages.get("a", read(&begun, &gate)),
            shared_pages.get("a", failed()),
            shared_pages.get("a", failed()),
            let_through
        );
        let (Err(NoPage::Store(one)), Err(NoPage::Store(other))) = (one, other) else {
            panic!("both read nothing");
        };
        assert!(Arc::ptr_eq(&one, &other));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn nothing_is_kept_for_those_who_have_gone() {
        let shared_pages = Arc::new(SharedPages::default());
        for _ in 0..500 {
            let ask = || {
                let shared_pages = shared_pages.clone();
                tokio::spawn(async move {
                    let read = async { Ok(Text::from(String::new())) };
                    shared_pages.get("a", read).await.is_ok()
                })
            };
            for asked in [ask(), ask(), ask(), ask()] {
                assert!(asked.await.unwrap());
            }
            assert!(shared_pages.asked().is_empty());
        }
    }
}
