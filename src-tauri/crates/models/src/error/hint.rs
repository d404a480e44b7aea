//! What to try, for each error, as people meet it.

use braincells_core::{AppError, Code};

use super::ModelsError;

impl From<ModelsError> for AppError {
    fn from(error: ModelsError) -> Self {
        let (code, hint) = match &error {
            ModelsError::Missing { .. } => (
                Code::ModelMissing,
                "see `braincells models` for what there is, or check the spelling",
            ),
            ModelsError::Unreadable { .. } => {
                (Code::Storage, "check the permissions of the file and of its folder")
            }
            ModelsError::NotGguf { found, .. } => (Code::ModelBroken, found.hint()),
            ModelsError::Malformed { defect, .. } => (Code::ModelBroken, defect.hint()),
            ModelsError::NotALanguageModel { .. } => (
                Code::ModelBroken,
                "take the model's main file; projectors, adapters and vocabularies answer nothing",
            ),
            ModelsError::BadCatalogue { .. } => {
                (Code::BadInput, "take the built-in catalogue, or one of this version")
            }
            ModelsError::BadReference { .. } => (
                Code::BadInput,
                "write `owner/name`, `owner/name:Q4_K_M`, or the address of the model's page",
            ),
            ModelsError::BadEndpoint { .. } => {
                (Code::BadInput, "set HF_ENDPOINT to `https://` and a host, or not at all")
            }
            ModelsError::HubUnreachable { .. } => (
                Code::Unreachable,
                "check the connection and the proxy, then try again; what is on this machine works \
                 without the hub",
            ),
            ModelsError::HubRefused { had_token: true, .. } => (
                Code::KeyRefused,
                "make a token that may read at https://huggingface.co/settings/tokens, then \
                 `braincells keys set huggingface`",
            ),
            ModelsError::HubRefused { .. } => {
                (Code::KeyRefused, "the hub asks for a token: `braincells keys set huggingface`")
            }
            ModelsError::Gated { page, needs_login, .. } => {
                return gated(&error, page, *needs_login);
            }
            ModelsError::NoSuchRepository { had_token: true, .. } => {
                (Code::NotFound, "check the spelling, and whether the token may read it")
            }
            ModelsError::NoSuchRepository { .. } => (
                Code::NotFound,
                "check the spelling; for a private one give your token: \
                 `braincells keys set huggingface`",
            ),
            ModelsError::NoSuchRevision { .. } => {
                (Code::NotFound, "leave the revision away for the newest")
            }
            ModelsError::NoSuchFile { .. } => {
                (Code::NotFound, "look at what the repository has: it may have changed")
            }
            ModelsError::Disabled { .. } => {
                (Code::Refused, "look for the model in another repository")
            }
            ModelsError::HubBusy { .. } => {
                (Code::RateLimited, "try again later; a token has higher limits than none")
            }
            ModelsError::HubFailed { .. } => (
                Code::Unreachable,
                "try again later; if HF_ENDPOINT is set, check that a hub is at that address",
            ),
            ModelsError::UnsafeRedirect { .. } => (
                Code::Unreachable,
                "a proxy or a mirror may be the reason: check HF_ENDPOINT, or get the file with a \
                 browser and add it",
            ),
        };
        AppError::new(code, error.to_string()).with_hint(hint)
    }
}

/// The terms are agreed to on the repository's page and nowhere else, so the hint names it.
fn gated(error: &ModelsError, page: &str, needs_login: bool) -> AppError {
    let (code, hint) = if needs_login {
        let login = "then give your token: `braincells keys set huggingface`";
        (Code::KeyRefused, format!("agree to them at {page}, {login}"))
    } else {
        let wait = "where the owner decides, that takes some days";
        (Code::Refused, format!("agree to them at {page}; {wait}"))
    };
    AppError::new(code, error.to_string()).with_hint(hint)
}
