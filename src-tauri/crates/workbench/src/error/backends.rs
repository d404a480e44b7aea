use super::{WorkbenchError, listed};

impl WorkbenchError {
    /// What to do about a failure that has to do with backends.
    pub(super) fn backend_hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoSuchBackend { known, .. } => {
                format!(
                    "the backends are {}; add another with `braincells backends add`",
                    listed(known)
                )
            }
            Self::TooManyEndpoints { .. } => "remove one first".to_owned(),
            Self::TooManyModels { .. } => {
                "name those that the server does not list; the others need no name".to_owned()
            }
            Self::EndpointTwice { .. } => "give one of them another name".to_owned(),
            Self::NoModelName { .. } => "write `backend:model`, without spaces".to_owned(),
            Self::NoKey { .. } => "`braincells keys` lists where keys come from".to_owned(),
            Self::KeyOfEnvironment { variable, .. } => {
                format!("unset `{variable}`, what else was kept is removed")
            }
            Self::KeyringFailed { .. } => {
                "unlock it, or enter the key for this session only".to_owned()
            }
            Self::LocalOnly { .. } => {
                "take a model on this machine, or take the lock off".to_owned()
            }
            Self::LockedMeanwhile => "take the lock off, then resume; nothing is lost".to_owned(),
            Self::PriceUnknown { .. } => "limit its tokens instead".to_owned(),
            Self::LimitReached { .. } => {
                "resume it with a higher limit; nothing is lost".to_owned()
            }
            Self::BatchTooLarge { .. } => {
                "write it to a file, then it goes on in the next; or take fewer rows".to_owned()
            }
            Self::FileInTheWay { .. } => {
                "move it away, or have it replaced with `--force`".to_owned()
            }
            Self::NotForBatch { .. } => {
                "fill it with a run: each answer is shown to the model for the next".to_owned()
            }
            _ => return None,
        };
        Some(hint)
    }
}
