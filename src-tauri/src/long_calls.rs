//! Calls that take long, and that the page can stop.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use braincells_core::{AppError, Code};
use futures::future::{AbortHandle, abortable};

/// The long calls that are under way, by the names that the page gave them.
///
/// Dropping a verb's future stops its work; this drops it when the page says so.
#[derive(Default)]
pub struct LongCalls {
    calls: Mutex<HashMap<String, AbortHandle>>,
}

impl LongCalls {
    /// Waits for `work`, unless [`LongCalls::stop`] comes first: then it fails with
    /// [`Code::Cancelled`]. A second call of the same name stops the first.
    pub async fn run<T>(
        &self,
        name: String,
        work: impl Future<Output = Result<T, AppError>>,
    ) -> Result<T, AppError> {
        let (work, handle) = abortable(work);
        if let Some(earlier) = self.lock().insert(name.clone(), handle.clone()) {
            earlier.abort();
        }
        let result = work.await;
        let mut calls = self.lock();
        // Not the entry of a later call of the same name, which has stopped this one.
        if !handle.is_aborted() {
            calls.remove(&name);
        }
        result.unwrap_or_else(|_aborted| Err(AppError::new(Code::Cancelled, "stopped")))
    }

    /// Stops a call; `false` if there is none of that name.
    pub fn stop(&self, name: &str) -> bool {
        let call = self.lock().remove(name);
        if let Some(call) = &call {
            call.abort();
        }
        call.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, AbortHandle>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn never() -> Result<u32, AppError> {
        std::future::pending().await
    }

    #[tokio::test]
    async fn a_call_is_stopped_by_its_name() {
        let calls = LongCalls::default();
        let (result, stopped) =
            tokio::join!(calls.run("import".to_owned(), never()), async { calls.stop("import") });
        assert!(stopped);
        assert_eq!(result.unwrap_err().code, Code::Cancelled);
        assert!(!calls.stop("import"), "it is gone");
    }

    #[tokio::test]
    async fn a_second_call_of_a_name_stops_the_first_and_can_be_stopped_itself() {
        let calls = LongCalls::default();
        let (first, second, stopped) = tokio::join!(
            calls.run("preview".to_owned(), never()),
            calls.run("preview".to_owned(), never()),
            async {
                tokio::task::yield_now().await;
                calls.stop("preview")
            }
        );
        assert!(stopped);
        assert_eq!(first.unwrap_err().code, Code::Cancelled);
        assert_eq!(second.unwrap_err().code, Code::Cancelled);
    }

    #[tokio::test]
    async fn a_call_that_ends_leaves_nothing_behind() {
        let calls = LongCalls::default();
        assert_eq!(calls.run("x".to_owned(), async { Ok(7) }).await, Ok(7));
        assert!(!calls.stop("x"));
    }
}
