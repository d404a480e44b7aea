use braincells_core::{AppError, Code};

/// Runs a call that waits for the disk or the CPU where it cannot hold up other tasks.
pub(crate) async fn blocking<T, E>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, AppError>
where
    T: Send + 'static,
    E: Into<AppError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Into::into),
        Err(error) => Err(lost(&error)),
    }
}

/// The error for a task that ended without a result.
pub(crate) fn lost(error: &tokio::task::JoinError) -> AppError {
    AppError::new(Code::Internal, format!("a background task ended early: {error}"))
        .with_hint("this is a defect; please report it with the command that led to it")
}
