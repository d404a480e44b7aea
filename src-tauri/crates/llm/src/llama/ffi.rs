//! The only place that calls llama.cpp: owned model, context and batch over the raw bindings.
//!
//! The safe crate hides its pointers and has no setter for `n_outputs_max` and the abort
//! callback, so model and context are created here; the safe crate still initialises the
//! backend and lists devices. Nothing outside this file and `logs` is `unsafe`, which is why it
//! is long: the reader of one safety comment has the others before them.
//!
//! Promises: no call with a token, sequence or position out of range reaches C (each is checked
//! here, because ggml answers a violation with `abort()`); a context never outlives its model.

use std::ffi::{CStr, CString, c_void};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::{Arc, OnceLock};

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_sys_2 as sys;

use super::logs;
use crate::LLMError;

/// A token of a model's vocabulary.
pub type Token = i32;

/// The sequence a token belongs to.
pub type Sequence = i32;

/// Initialises llama.cpp once per process and sends its log to `tracing`.
pub fn initialise() {
    static BACKEND: OnceLock<Option<LlamaBackend>> = OnceLock::new();
    BACKEND.get_or_init(|| {
        logs::install();
        LlamaBackend::init().ok()
    });
}

/// A loaded model: immutable weights and vocabulary, shared between threads.
pub struct Model {
    raw: NonNull<sys::llama_model>,
    vocabulary: NonNull<sys::llama_vocab>,
}

// SAFETY: llama.cpp never changes a model or its vocabulary after loading; tokenising and
// reading metadata are documented as safe from several threads.
unsafe impl Send for Model {}
// SAFETY: as above.
unsafe impl Sync for Model {}

/// Told how much is loaded, 0 to 1; answers whether to go on.
type ProgressCallback = Box<dyn FnMut(f32) -> bool>;

unsafe extern "C" fn report_progress(fraction: f32, data: *mut c_void) -> bool {
    // SAFETY: `data` is the `ProgressCallback` that `Model::load` keeps alive during the call.
    let callback = unsafe { &mut *data.cast::<ProgressCallback>() };
    callback(fraction)
}

impl Model {
    /// Loads a GGUF file. `gpu_layers` below 0 puts every layer on the GPU, if there is one.
    /// Stops with [`LLMError::Cancelled`] when `progress` answers `false`.
    pub fn load(
        path: &Path,
        gpu_layers: i32,
        mut progress: impl FnMut(f32) -> bool + 'static,
    ) -> Result<Self, LLMError> {
        initialise();
        let broken = |reason: String| LLMError::ModelBroken { path: path.to_owned(), reason };
        let text = path.to_str().ok_or_else(|| broken("its path is not UTF-8".to_owned()))?;
        let text = CString::new(text).map_err(|error| broken(error.to_string()))?;
        let cancelled = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let seen = Arc::clone(&cancelled);
        let mut callback: ProgressCallback = Box::new(move |fraction| {
            let go_on = progress(fraction);
            seen.store(!go_on, std::sync::atomic::Ordering::Relaxed);
            go_on
        });
        let _ = logs::take_last_error();
        // SAFETY: returns a plain struct of defaults.
        let mut params = unsafe { sys::llama_model_default_params() };
        params.n_gpu_layers = gpu_layers;
        params.progress_callback = Some(report_progress);
        params.progress_callback_user_data = (&raw mut callback).cast();
        // SAFETY: the path is a C string and `callback` outlives the call.
        let raw = unsafe { sys::llama_model_load_from_file(text.as_ptr(), params) };
        let Some(raw) = NonNull::new(raw) else {
            if cancelled.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(LLMError::Cancelled);
            }
            let reason = logs::take_last_error()
                .unwrap_or_else(|| "llama.cpp does not accept it as a GGUF model".to_owned());
            return Err(broken(reason));
        };
        // SAFETY: `raw` is a loaded model.
        let vocabulary = unsafe { sys::llama_model_get_vocab(raw.as_ptr()) };
        let Some(vocabulary) = NonNull::new(vocabulary.cast_mut()) else {
            // SAFETY: loaded above, freed once, not used again.
            unsafe { sys::llama_model_free(raw.as_ptr()) };
            return Err(broken("it has no vocabulary".to_owned()));
        };
        Ok(Self { raw, vocabulary })
    }

    fn vocab(&self) -> *const sys::llama_vocab {
        self.vocabulary.as_ptr()
    }

    /// The context length the model was trained with, in tokens.
    pub fn trained_context(&self) -> u32 {
        // SAFETY: the model is alive.
        unsafe { sys::llama_model_n_ctx_train(self.raw.as_ptr()) }.max(0) as u32
    }

    /// How many tokens the vocabulary has.
    pub fn vocabulary_size(&self) -> usize {
        // SAFETY: the vocabulary lives as long as the model.
        unsafe { sys::llama_vocab_n_tokens(self.vocab()) }.max(0) as usize
    }

    /// Whether part of a sequence can be copied or removed. Recurrent and hybrid models keep one
    /// state per sequence, sliding-window models forget the cells outside their window.
    pub fn keeps_every_position(&self) -> bool {
        // SAFETY: the model is alive.
        unsafe {
            !sys::llama_model_is_recurrent(self.raw.as_ptr())
                && !sys::llama_model_is_hybrid(self.raw.as_ptr())
                && sys::llama_model_n_swa(self.raw.as_ptr()) <= 0
        }
    }

    /// Whether the model answers text with text. Encoders and embedding models do not.
    pub fn generates_text(&self) -> bool {
        // SAFETY: the model is alive.
        unsafe {
            sys::llama_model_has_decoder(self.raw.as_ptr())
                && !sys::llama_model_has_encoder(self.raw.as_ptr())
                && !sys::llama_model_is_diffusion(self.raw.as_ptr())
        }
    }

    /// The chat template inside the file, if any.
    pub fn chat_template(&self) -> Option<String> {
        // SAFETY: a null name asks for the default template; the text lives with the model.
        let text = unsafe { sys::llama_model_chat_template(self.raw.as_ptr(), std::ptr::null()) };
        if text.is_null() {
            return None;
        }
        // SAFETY: a C string owned by the model.
        Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
    }

    /// Whether the tokenizer wants a beginning-of-sequence token in front.
    pub fn wants_bos(&self) -> bool {
        // SAFETY: the vocabulary lives as long as the model.
        unsafe { sys::llama_vocab_get_add_bos(self.vocab()) }
    }

    /// The beginning-of-sequence token, if the vocabulary has one.
    pub fn bos(&self) -> Option<Token> {
        // SAFETY: the vocabulary lives as long as the model.
        self.checked(unsafe { sys::llama_vocab_bos(self.vocab()) })
    }

    /// The end-of-sequence token, if the vocabulary has one.
    pub fn eos(&self) -> Option<Token> {
        // SAFETY: the vocabulary lives as long as the model.
        self.checked(unsafe { sys::llama_vocab_eos(self.vocab()) })
    }

    /// The token that ends a turn of a chat: what a complete answer is followed by.
    pub fn end_of_turn(&self) -> Option<Token> {
        // SAFETY: the vocabulary lives as long as the model.
        self.checked(unsafe { sys::llama_vocab_eot(self.vocab()) }).or_else(|| self.eos())
    }

    fn checked(&self, token: Token) -> Option<Token> {
        (token >= 0 && (token as usize) < self.vocabulary_size()).then_some(token)
    }

    /// Whether generating this token ends the answer.
    pub fn ends_generation(&self, token: Token) -> bool {
        // SAFETY: the vocabulary lives as long as the model; C answers false out of range.
        unsafe { sys::llama_vocab_is_eog(self.vocab(), token) }
    }

    /// Whether the token is a control token such as `<|im_end|>`.
    pub fn is_control(&self, token: Token) -> bool {
        // SAFETY: as above; control and unknown tokens are flags of the attribute.
        let attributes = unsafe { sys::llama_vocab_get_attr(self.vocab(), token) };
        attributes & (sys::LLAMA_TOKEN_ATTR_CONTROL | sys::LLAMA_TOKEN_ATTR_UNKNOWN) != 0
    }

    /// The token as it stands in the vocabulary, not as it reads in text.
    pub fn token_name(&self, token: Token) -> Option<String> {
        self.checked(token)?;
        // SAFETY: the token is in range; the text lives with the model.
        let text = unsafe { sys::llama_vocab_get_text(self.vocab(), token) };
        if text.is_null() {
            return None;
        }
        // SAFETY: a C string owned by the vocabulary.
        Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
    }

    /// The bytes that a token adds to a text. Control tokens add nothing.
    pub fn token_bytes(&self, token: Token) -> Vec<u8> {
        let mut buffer = vec![0_u8; 32];
        loop {
            // SAFETY: the buffer's length is passed; a negative answer is the length needed.
            let length = unsafe {
                sys::llama_token_to_piece(
                    self.vocab(),
                    token,
                    buffer.as_mut_ptr().cast(),
                    buffer.len() as i32,
                    0,
                    false,
                )
            };
            if length >= 0 {
                buffer.truncate(length as usize);
                return buffer;
            }
            buffer.resize(length.unsigned_abs() as usize, 0);
        }
    }

    /// Cuts a text into tokens. With `parse_special` the names of control tokens become those
    /// tokens: only for text that we wrote or that the model's own template wrote.
    pub fn tokenise(
        &self,
        text: &str,
        add_special: bool,
        parse_special: bool,
    ) -> Result<Vec<Token>, LLMError> {
        let Ok(length) = i32::try_from(text.len()) else {
            let reason = format!("a prompt of {} bytes cannot be cut into tokens", text.len());
            return Err(LLMError::InvalidRequest { reason });
        };
        // At most one token per byte, and room for the special ones.
        let mut tokens = vec![0 as Token; text.len() + 8];
        // SAFETY: text and token buffers are passed with their lengths.
        let count = unsafe {
            sys::llama_tokenize(
                self.vocab(),
                text.as_ptr().cast(),
                length,
                tokens.as_mut_ptr(),
                tokens.len() as i32,
                add_special,
                parse_special,
            )
        };
        if count < 0 {
            return Err(LLMError::InferenceFailed {
                reason: "the model's tokenizer failed".to_owned(),
            });
        }
        tokens.truncate(count as usize);
        Ok(tokens)
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: every context holds an `Arc` of its model, so none is left here.
        unsafe { sys::llama_model_free(self.raw.as_ptr()) };
    }
}

/// The sizes of a context.
#[derive(Clone, Copy, Debug)]
pub struct ContextSize {
    /// Cells of the key-value memory, shared by all sequences.
    pub cells: u32,
    /// Sequences, numbered from 0.
    pub sequences: u32,
    /// The most tokens in one call.
    pub batch_tokens: u32,
    /// Threads for both prompt and generation.
    pub threads: u32,
    /// Flash attention; off in exact mode, where results must not depend on the batch.
    pub flash_attention: bool,
}

/// Why a decode call did not finish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// No room in the memory; nothing was changed.
    NoRoom,
    /// The abort question was answered with yes.
    Aborted,
    /// Anything else, with llama.cpp's code.
    Failed(i32),
}

/// Asked often while a call computes: stop now?
pub type AbortQuestion = Box<dyn Fn() -> bool + Send + Sync>;

unsafe extern "C" fn ask_abort(data: *mut c_void) -> bool {
    // SAFETY: `data` is the boxed question that the context owns until after it is freed.
    let question = unsafe { &*data.cast::<AbortQuestion>() };
    question()
}

/// A model's working memory. Stays on the thread that made it.
pub struct Context {
    raw: NonNull<sys::llama_context>,
    size: ContextSize,
    vocabulary_size: usize,
    // Dropped after `raw` is freed in `Drop`, because fields are dropped after it runs.
    _question: Box<AbortQuestion>,
    _model: Arc<Model>,
}

impl Context {
    /// Makes a context. `should_abort` is asked from llama.cpp's compute threads.
    pub fn new(
        model: &Arc<Model>,
        size: ContextSize,
        should_abort: AbortQuestion,
    ) -> Result<Self, LLMError> {
        let question = Box::new(should_abort);
        // SAFETY: returns a plain struct of defaults.
        let mut params = unsafe { sys::llama_context_default_params() };
        params.n_ctx = size.cells;
        params.n_batch = size.batch_tokens;
        params.n_ubatch = size.batch_tokens;
        params.n_seq_max = size.sequences;
        // At least `n_seq_max`, or ggml aborts; no more, or the graph reserves a row of the
        // whole vocabulary for every token of the batch.
        params.n_outputs_max = size.sequences;
        params.n_threads = size.threads as i32;
        params.n_threads_batch = size.threads as i32;
        params.flash_attn_type = if size.flash_attention {
            sys::LLAMA_FLASH_ATTN_TYPE_ENABLED
        } else {
            sys::LLAMA_FLASH_ATTN_TYPE_DISABLED
        };
        params.swa_full = false;
        params.kv_unified = true;
        params.abort_callback = Some(ask_abort);
        params.abort_callback_data = std::ptr::from_ref(question.as_ref()).cast_mut().cast();
        let _ = logs::take_last_error();
        // SAFETY: the model is alive and kept so by the `Arc` below; only one context of a model
        // is made at a time, because each engine makes one on its own thread from its own model.
        let raw = unsafe { sys::llama_init_from_model(model.raw.as_ptr(), params) };
        let raw = NonNull::new(raw).ok_or_else(|| LLMError::InferenceFailed {
            reason: logs::take_last_error()
                .unwrap_or_else(|| format!("no memory for a context of {} tokens", size.cells)),
        })?;
        Ok(Self {
            raw,
            size,
            vocabulary_size: model.vocabulary_size(),
            _question: question,
            _model: Arc::clone(model),
        })
    }

    /// The size it was made with, cells as llama.cpp rounded them.
    pub fn size(&self) -> ContextSize {
        // SAFETY: the context is alive.
        ContextSize { cells: unsafe { sys::llama_n_ctx(self.raw.as_ptr()) }, ..self.size }
    }

    fn memory(&self) -> sys::llama_memory_t {
        // SAFETY: the context is alive; the memory lives with it.
        unsafe { sys::llama_get_memory(self.raw.as_ptr()) }
    }

    fn check(&self, sequence: Sequence) -> Sequence {
        assert!(
            (0..self.size.sequences as Sequence).contains(&sequence),
            "sequence {sequence} of {}",
            self.size.sequences
        );
        sequence
    }

    /// Makes `to` share the first `length` positions of `from`.
    pub fn share(&mut self, from: Sequence, to: Sequence, length: usize) {
        let (from, to) = (self.check(from), self.check(to));
        // SAFETY: both sequences exist; positions past the end are ignored.
        unsafe { sys::llama_memory_seq_cp(self.memory(), from, to, 0, length as i32) };
    }

    /// Makes `to` share all of `from`.
    pub fn share_all(&mut self, from: Sequence, to: Sequence) {
        let (from, to) = (self.check(from), self.check(to));
        // SAFETY: both sequences exist; -1 means to the end.
        unsafe { sys::llama_memory_seq_cp(self.memory(), from, to, -1, -1) };
    }

    /// Forgets a whole sequence. Always possible, for every kind of memory.
    pub fn forget(&mut self, sequence: Sequence) {
        let sequence = self.check(sequence);
        // SAFETY: the sequence exists; removing all of it cannot fail.
        unsafe { sys::llama_memory_seq_rm(self.memory(), sequence, -1, -1) };
    }

    /// Forgets everything.
    pub fn forget_all(&mut self) {
        // SAFETY: the context is alive; `false` leaves the buffers as they are.
        unsafe { sys::llama_memory_clear(self.memory(), false) };
    }

    /// Computes a batch. After it, [`Context::logits`] answers for its tokens.
    pub fn decode(&mut self, batch: &Batch) -> Result<(), DecodeError> {
        if batch.is_empty() {
            return Ok(());
        }
        assert!(batch.len() <= self.size.batch_tokens as usize, "a batch of {}", batch.len());
        for (&sequence, &token) in batch.sequences.iter().zip(&batch.tokens) {
            self.check(sequence);
            assert!((0..self.vocabulary_size as Token).contains(&token), "token {token}");
        }
        let mut raw = batch.raw();
        // SAFETY: every array of the batch has `n_tokens` entries; tokens, positions and
        // sequences were checked; the arrays outlive the call and are only read.
        let code = unsafe { sys::llama_decode(self.raw.as_ptr(), raw.view()) };
        match code {
            0 => Ok(()),
            1 => Err(DecodeError::NoRoom),
            2 => Err(DecodeError::Aborted),
            other => Err(DecodeError::Failed(other)),
        }
    }

    /// The logits after the `index`-th token of the last batch, which must have asked for them.
    pub fn logits(&self, index: usize) -> &[f32] {
        // SAFETY: the context is alive; a null answer is handled.
        let first = unsafe { sys::llama_get_logits_ith(self.raw.as_ptr(), index as i32) };
        assert!(!first.is_null(), "token {index} of the batch did not ask for logits");
        // SAFETY: llama.cpp keeps one row of the vocabulary's size until the next decode, which
        // needs `&mut self`.
        unsafe { std::slice::from_raw_parts(first, self.vocabulary_size) }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: freed once; the model and the abort question are dropped after this.
        unsafe { sys::llama_free(self.raw.as_ptr()) };
    }
}

/// Tokens for one call of [`Context::decode`], one sequence each.
#[derive(Debug, Default)]
pub struct Batch {
    tokens: Vec<Token>,
    positions: Vec<i32>,
    sequences: Vec<Sequence>,
    wants_logits: Vec<i8>,
}

struct RawBatch<'a> {
    batch: &'a Batch,
    counts: Vec<i32>,
    sequence_pointers: Vec<*mut Sequence>,
}

impl RawBatch<'_> {
    fn view(&mut self) -> sys::llama_batch {
        sys::llama_batch {
            n_tokens: self.batch.tokens.len() as i32,
            token: self.batch.tokens.as_ptr().cast_mut(),
            embd: std::ptr::null_mut(),
            pos: self.batch.positions.as_ptr().cast_mut(),
            n_seq_id: self.counts.as_mut_ptr(),
            seq_id: self.sequence_pointers.as_mut_ptr(),
            logits: self.batch.wants_logits.as_ptr().cast_mut(),
        }
    }
}

impl Batch {
    /// Empties it, keeping its room.
    pub fn clear(&mut self) {
        self.tokens.clear();
        self.positions.clear();
        self.sequences.clear();
        self.wants_logits.clear();
    }

    /// Adds a token and returns its index in the batch.
    pub fn push(
        &mut self,
        token: Token,
        position: usize,
        sequence: Sequence,
        wants_logits: bool,
    ) -> usize {
        self.tokens.push(token);
        self.positions.push(position as i32);
        self.sequences.push(sequence);
        self.wants_logits.push(i8::from(wants_logits));
        self.tokens.len() - 1
    }

    /// How many tokens it holds.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    fn raw(&self) -> RawBatch<'_> {
        RawBatch {
            batch: self,
            counts: vec![1; self.tokens.len()],
            sequence_pointers: self
                .sequences
                .iter()
                .map(|sequence| std::ptr::from_ref(sequence).cast_mut())
                .collect(),
        }
    }
}
