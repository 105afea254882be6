//! A bound for all answers together that clients have not read yet.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::answer::Text;

/// Bytes of answers that are held at a time, for clients that are slow to read them.
const ROOM: usize = 256 << 20;

/// How much of answers is held until those who asked have read it.
#[derive(Debug)]
pub(super) struct AnswerBudget(Arc<Semaphore>);

impl Default for AnswerBudget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ROOM)))
    }
}

impl AnswerBudget {
    /// The answer, if there is room for it: for as long as anything of it is held.
    pub(super) fn take(&self, text: String) -> Option<Text> {
        let bytes = u32::try_from(text.len()).ok()?;
        let permit = Arc::clone(&self.0).try_acquire_many_owned(bytes).ok()?;
        Some(Text::held(text, permit))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::AnswerBudget;

    #[test]
    fn there_is_room_again_when_nothing_of_an_answer_is_held_any_more() {
        let answer_budget = AnswerBudget(Arc::new(Semaphore::new(10)));
        let first = answer_budget.take("1234567".to_owned()).unwrap();
        assert!(answer_budget.take("1234".to_owned()).is_none());
        assert!(answer_budget.take("123".to_owned()).is_some());
        let sending = [first.bytes().slice(..1), first.packed().unwrap()];
        drop(first);
        for part in sending {
            assert!(answer_budget.take("1234".to_owned()).is_none());
            drop(part);
        }
        assert!(answer_budget.take("1234567890".to_owned()).is_some());
    }
}
