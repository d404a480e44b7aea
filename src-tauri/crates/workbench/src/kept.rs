//! A loaded engine that leaves memory when nobody has used it for a while. Told what time it is.

use std::sync::Arc;

/// An engine that is kept for the next run.
pub(crate) struct Kept<E: ?Sized> {
    engine: Arc<E>,
    /// When it was last seen in use, Unix milliseconds.
    used_at_ms: i64,
}

impl<E: ?Sized> Kept<E> {
    pub(crate) fn new(engine: Arc<E>, now_ms: i64) -> Self {
        Self { engine, used_at_ms: now_ms }
    }

    /// The engine, for somebody who is going to use it.
    pub(crate) fn take_up(&mut self, now_ms: i64) -> Arc<E> {
        self.used_at_ms = now_ms;
        Arc::clone(&self.engine)
    }

    /// The engine, for a question that counts as no use.
    pub(crate) fn engine(&self) -> &Arc<E> {
        &self.engine
    }

    /// Whether nobody has it now or had it for `after_ms`. Whoever has it when this is asked uses
    /// it until then, so that it has to be asked now and then.
    pub(crate) fn is_idle(&mut self, after_ms: i64, now_ms: i64) -> bool {
        if Arc::strong_count(&self.engine) > 1 {
            self.used_at_ms = now_ms;
        }
        // A clock that was set back must not keep it for long.
        self.used_at_ms = self.used_at_ms.min(now_ms);
        Arc::strong_count(&self.engine) == 1 && now_ms - self.used_at_ms >= after_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_idle_once_nobody_had_it_for_long_enough() {
        let mut kept = Kept::new(Arc::new("engine"), 1000);
        assert!(!kept.is_idle(60, 1059));
        assert!(kept.is_idle(60, 1060));
        let used = kept.take_up(2000);
        assert!(!kept.is_idle(60, 9000), "it is in use");
        drop(used);
        assert!(!kept.is_idle(60, 9059), "it was until a moment ago");
        assert!(kept.is_idle(60, 9060));
        assert!(!kept.is_idle(60, 5000), "the clock was set back");
        assert!(kept.is_idle(60, 5060));
    }
}
