//! The only place that calls llama.cpp: owned model, context and batch over the raw bindings.
//!
//! The safe crate hides its pointers and has no setter for `n_outputs_max` and the abort
//! callback, so model and context are created here; the safe crate still initialises the
//! backend and lists devices. Nothing outside this file and `logs` is `unsafe`, which is why it
//! is long: the reader of one safety comment has the others before them.
//!
//! Promises: no call with a token, sequence or position out of range reaches C (each is checked
//! here, because ggml answers a violation with `abort()`); a context never outlives its model.

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::{Arc, OnceLock};

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_sys_2 as sys;

use super::{logs, modules};
use crate::LLMError;

pub use crate::decoding::{Sequence, Token};

/// Initialises llama.cpp once per process and sends its log to `tracing`.
pub fn initialise() {
    static BACKEND: OnceLock<Option<LlamaBackend>> = OnceLock::new();
    BACKEND.get_or_init(|| {
        logs::install();
        modules::load();
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

    /// How many weights it has.
    pub fn parameter_count(&self) -> u64 {
        // SAFETY: the model is alive.
        unsafe { sys::llama_model_n_params(self.raw.as_ptr()) }
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

    /// Whether each sequence has one state of fixed size instead of a cell for every token.
    pub fn keeps_one_state(&self) -> bool {
        // SAFETY: the model is alive.
        unsafe {
            sys::llama_model_is_recurrent(self.raw.as_ptr())
                || sys::llama_model_is_hybrid(self.raw.as_ptr())
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

    /// Whether the tokenizer joins pieces until nothing can be joined, so that a text has one
    /// way to be cut that the model was trained on: byte pairs, and SentencePiece.
    pub fn joins_pieces(&self) -> bool {
        // SAFETY: the vocabulary lives as long as the model.
        let kind = unsafe { sys::llama_vocab_type(self.vocab()) };
        matches!(kind, sys::LLAMA_VOCAB_TYPE_BPE | sys::LLAMA_VOCAB_TYPE_SPM)
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
        self.tokenise_bytes(text.as_bytes(), add_special, parse_special)
    }

    /// Cuts bytes into tokens. Bytes that are not UTF-8 may come back as others.
    pub fn tokenise_bytes(
        &self,
        text: &[u8],
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

/// A quantisation that a copy can have.
pub type FileType = sys::llama_ftype;

/// The quantisations that [`quantise`] writes, by llama.cpp's names.
pub const FILE_TYPES: [(&str, FileType); 6] = [
    ("Q8_0", sys::LLAMA_FTYPE_MOSTLY_Q8_0),
    ("Q5_0", sys::LLAMA_FTYPE_MOSTLY_Q5_0),
    ("Q4_K_M", sys::LLAMA_FTYPE_MOSTLY_Q4_K_M),
    ("Q4_K_S", sys::LLAMA_FTYPE_MOSTLY_Q4_K_S),
    ("IQ4_NL", sys::LLAMA_FTYPE_MOSTLY_IQ4_NL),
    ("Q4_0", sys::LLAMA_FTYPE_MOSTLY_Q4_0),
];

/// llama.cpp's name for the quantisation that a header names by number, for those in use.
pub fn file_type_name(file_type: u32) -> Option<&'static str> {
    Some(match file_type {
        sys::LLAMA_FTYPE_ALL_F32 => "F32",
        sys::LLAMA_FTYPE_MOSTLY_F16 => "F16",
        sys::LLAMA_FTYPE_MOSTLY_BF16 => "BF16",
        sys::LLAMA_FTYPE_MOSTLY_Q4_1 => "Q4_1",
        sys::LLAMA_FTYPE_MOSTLY_Q5_1 => "Q5_1",
        sys::LLAMA_FTYPE_MOSTLY_Q2_K => "Q2_K",
        sys::LLAMA_FTYPE_MOSTLY_Q3_K_S => "Q3_K_S",
        sys::LLAMA_FTYPE_MOSTLY_Q3_K_M => "Q3_K_M",
        sys::LLAMA_FTYPE_MOSTLY_Q3_K_L => "Q3_K_L",
        sys::LLAMA_FTYPE_MOSTLY_Q5_K_S => "Q5_K_S",
        sys::LLAMA_FTYPE_MOSTLY_Q5_K_M => "Q5_K_M",
        sys::LLAMA_FTYPE_MOSTLY_Q6_K => "Q6_K",
        sys::LLAMA_FTYPE_MOSTLY_IQ4_XS => "IQ4_XS",
        other => FILE_TYPES.iter().find(|(_, file_type)| *file_type == other)?.0,
    })
}

/// The most bytes of a note's name and of its text.
pub const NOTE_BYTES: usize = 127;

/// Writes `source` to `target` in another quantisation, with `notes` (names and texts) added to
/// its metadata. Blocks for as long as that takes and cannot be stopped; what a failure leaves at
/// `target` is incomplete.
pub fn quantise(
    source: &Path,
    target: &Path,
    file_type: FileType,
    threads: u32,
    notes: &[(&str, &str)],
) -> Result<(), LLMError> {
    initialise();
    let refused = |reason: String| LLMError::InvalidRequest { reason };
    if !FILE_TYPES.iter().any(|(_, known)| *known == file_type) {
        return Err(refused(format!("{file_type} is not a quantisation that is written here")));
    }
    let as_text = |path: &Path| {
        let text = path.to_str().and_then(|text| CString::new(text).ok());
        text.ok_or_else(|| refused(format!("the path `{}` is not UTF-8", path.display())))
    };
    let (from, to) = (as_text(source)?, as_text(target)?);
    let chars = |text: &str| -> Result<[c_char; NOTE_BYTES + 1], LLMError> {
        if text.len() > NOTE_BYTES || text.contains('\0') {
            return Err(refused(format!("a note in a model file cannot be `{text}`")));
        }
        let mut chars = [0; NOTE_BYTES + 1];
        for (char, byte) in chars.iter_mut().zip(text.bytes()) {
            *char = byte as c_char;
        }
        Ok(chars)
    };
    let mut overrides = Vec::with_capacity(notes.len() + 1);
    for (name, text) in notes {
        overrides.push(sys::llama_model_kv_override {
            tag: sys::LLAMA_KV_OVERRIDE_TYPE_STR,
            key: chars(name)?,
            __bindgen_anon_1: sys::llama_model_kv_override__bindgen_ty_1 { val_str: chars(text)? },
        });
    }
    // An empty name ends the list.
    overrides.push(sys::llama_model_kv_override {
        tag: sys::LLAMA_KV_OVERRIDE_TYPE_INT,
        key: [0; NOTE_BYTES + 1],
        __bindgen_anon_1: sys::llama_model_kv_override__bindgen_ty_1 { val_i64: 0 },
    });
    let _ = logs::take_last_error();
    // SAFETY: returns a plain struct of defaults.
    let mut params = unsafe { sys::llama_model_quantize_default_params() };
    params.ftype = file_type;
    params.nthread = threads.clamp(1, MOST_THREADS) as i32;
    params.allow_requantize = true;
    params.kv_overrides = overrides.as_ptr();
    // SAFETY: both paths are C strings, the list of overrides is ended and outlives the call, and
    // the file type is one that needs no importance matrix. C++ exceptions become the answer 1.
    let code = unsafe { sys::llama_model_quantize(from.as_ptr(), to.as_ptr(), &raw const params) };
    if code == 0 {
        return Ok(());
    }
    let reason = logs::take_last_error().unwrap_or_else(|| format!("llama.cpp answered {code}"));
    Err(LLMError::ModelBroken { path: source.to_owned(), reason })
}

/// The header of a GGUF file: names and values, without the weights.
pub struct Header {
    raw: NonNull<sys::gguf_context>,
}

impl Header {
    /// Reads it; `None` if the file is not a whole GGUF file.
    pub fn read(path: &Path) -> Option<Self> {
        initialise();
        let text = CString::new(path.to_str()?).ok()?;
        let params = sys::gguf_init_params { no_alloc: true, ctx: std::ptr::null_mut() };
        // SAFETY: the path is a C string; no tensors are asked for.
        let raw = unsafe { sys::gguf_init_from_file(text.as_ptr(), params) };
        NonNull::new(raw).map(|raw| Self { raw })
    }

    /// The key's place and the type of its value.
    fn find(&self, key: &str) -> Option<(i64, sys::gguf_type)> {
        let key = CString::new(key).ok()?;
        // SAFETY: the header is alive, the key is a C string.
        let place = unsafe { sys::gguf_find_key(self.raw.as_ptr(), key.as_ptr()) };
        // SAFETY: a place that is not negative exists.
        (place >= 0).then(|| (place, unsafe { sys::gguf_get_kv_type(self.raw.as_ptr(), place) }))
    }

    /// A text.
    pub fn text(&self, key: &str) -> Option<String> {
        let (place, kind) = self.find(key)?;
        if kind != sys::GGUF_TYPE_STRING {
            return None;
        }
        // SAFETY: the value is a text, which lives with the header.
        let text = unsafe { sys::gguf_get_val_str(self.raw.as_ptr(), place) };
        if text.is_null() {
            return None;
        }
        // SAFETY: a C string owned by the header.
        Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
    }

    /// A whole number, or a list of them. Negative ones are read as 0.
    pub fn numbers(&self, key: &str) -> Option<Vec<u64>> {
        let (place, kind) = self.find(key)?;
        let raw = self.raw.as_ptr();
        if kind != sys::GGUF_TYPE_ARRAY {
            let number = match kind {
                // SAFETY: the value has the type of each getter.
                sys::GGUF_TYPE_UINT32 => u64::from(unsafe { sys::gguf_get_val_u32(raw, place) }),
                // SAFETY: as above.
                sys::GGUF_TYPE_UINT64 => unsafe { sys::gguf_get_val_u64(raw, place) },
                sys::GGUF_TYPE_INT32 => {
                    // SAFETY: as above.
                    u64::try_from(unsafe { sys::gguf_get_val_i32(raw, place) }).unwrap_or(0)
                }
                _ => return None,
            };
            return Some(vec![number]);
        }
        // SAFETY: the value is a list.
        let (of, length) =
            unsafe { (sys::gguf_get_arr_type(raw, place), sys::gguf_get_arr_n(raw, place)) };
        if of != sys::GGUF_TYPE_UINT32 && of != sys::GGUF_TYPE_INT32 {
            return None;
        }
        // SAFETY: a list of numbers has its data in one piece.
        let data = unsafe { sys::gguf_get_arr_data(raw, place) }.cast::<i32>();
        if data.is_null() {
            return None;
        }
        // SAFETY: `length` numbers of four bytes, which live with the header. Read one by one,
        // because nothing promises where in memory they begin.
        let number = |index| unsafe { data.add(index).read_unaligned() };
        Some((0..length).map(|index| u64::try_from(number(index)).unwrap_or(0)).collect())
    }

    /// Every tensor of the file.
    pub fn tensors(&self) -> Vec<Tensor> {
        // SAFETY: the header is alive.
        let count = unsafe { sys::gguf_get_n_tensors(self.raw.as_ptr()) };
        (0..count).map(|place| self.tensor_at(place)).collect()
    }

    /// The tensor of that name.
    pub fn tensor(&self, name: &str) -> Option<Tensor> {
        let name = CString::new(name).ok()?;
        // SAFETY: the header is alive, the name is a C string.
        let place = unsafe { sys::gguf_find_tensor(self.raw.as_ptr(), name.as_ptr()) };
        (place >= 0).then(|| self.tensor_at(place))
    }

    /// `place` is one that the header has.
    fn tensor_at(&self, place: i64) -> Tensor {
        let raw = self.raw.as_ptr();
        // SAFETY: the header is alive and has this place; the name is a C string that it owns.
        unsafe {
            let name = CStr::from_ptr(sys::gguf_get_tensor_name(raw, place));
            let start = sys::gguf_get_data_offset(raw) + sys::gguf_get_tensor_offset(raw, place);
            Tensor {
                name: name.to_string_lossy().into_owned(),
                kind: sys::gguf_get_tensor_type(raw, place),
                start: start as u64,
                bytes: sys::gguf_get_tensor_size(raw, place),
            }
        }
    }
}

/// Where a tensor lies in a model file.
pub struct Tensor {
    pub name: String,
    kind: sys::ggml_type,
    /// From the beginning of the file, in bytes.
    pub start: u64,
    pub bytes: usize,
}

impl Tensor {
    /// Whether its weights have eight bits and no shift.
    pub fn is_q8_0(&self) -> bool {
        self.kind == sys::GGML_TYPE_Q8_0
    }

    /// Its kind, if 32 weights share a scale and lie in even steps.
    pub fn even_blocks(&self) -> Option<EvenBlocks> {
        const KINDS: [sys::ggml_type; 6] = [
            sys::GGML_TYPE_Q4_0,
            sys::GGML_TYPE_Q4_1,
            sys::GGML_TYPE_Q5_0,
            sys::GGML_TYPE_Q5_1,
            sys::GGML_TYPE_Q4_K,
            sys::GGML_TYPE_Q5_K,
        ];
        KINDS.contains(&self.kind).then_some(EvenBlocks(self.kind))
    }
}

/// A kind of weights of which 32 share a scale and lie in even steps.
#[derive(Clone, Copy)]
pub struct EvenBlocks(sys::ggml_type);

impl EvenBlocks {
    /// Weights and bytes of the smallest piece.
    fn block(self) -> (usize, usize) {
        // SAFETY: the kind is one of ggml's.
        unsafe { (sys::ggml_blck_size(self.0) as usize, sys::ggml_type_size(self.0)) }
    }

    /// The bytes that so many weights take; `None` if they do not fill their blocks.
    pub fn bytes(self, weights: usize) -> Option<usize> {
        let (block, bytes) = self.block();
        weights.is_multiple_of(block).then(|| weights / block * bytes)
    }

    /// The weights of whole blocks; `None` if `bytes` are not whole blocks.
    pub fn weights(self, bytes: &[u8]) -> Option<Vec<f32>> {
        let (block, size) = self.block();
        if !bytes.len().is_multiple_of(size) {
            return None;
        }
        let mut weights = vec![0.0; bytes.len() / size * block];
        // SAFETY: ggml has traits of each of its kinds.
        let read = unsafe { (*sys::ggml_get_type_traits(self.0)).to_float }?;
        // SAFETY: reads whole blocks and writes as many weights as they have. Blocks hold bytes
        // and numbers of 16 bits, and a list of bytes comes from the allocator at an even address.
        unsafe { read(bytes.as_ptr().cast(), weights.as_mut_ptr(), weights.len() as i64) };
        Some(weights)
    }
}

/// A number in 16 bits, and what it is then.
pub fn half(number: f32) -> (u16, f32) {
    // SAFETY: a conversion of numbers.
    let half = unsafe { sys::ggml_fp32_to_fp16(number) };
    (half, from_half(half))
}

/// The number that 16 bits stand for.
pub fn from_half(half: u16) -> f32 {
    // SAFETY: a conversion of numbers.
    unsafe { sys::ggml_fp16_to_fp32(half) }
}

impl Drop for Header {
    fn drop(&mut self) {
        // SAFETY: freed once.
        unsafe { sys::gguf_free(self.raw.as_ptr()) };
    }
}

/// The most threads that a context is given.
pub const MOST_THREADS: u32 = 512;

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
    /// Flash attention; off in exact mode, where results must not depend on the batch. Without
    /// it a sliding window has as many cells as all other layers, so that no cell is ever used
    /// again, which would change the order of sums.
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
    let stops = question();
    if stops {
        // llama.cpp's first compute thread is the calling one, which then reports the abort.
        logs::expect_abort(true);
    }
    stops
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
        // whole vocabulary for every token of the batch. No batch asks for more: see `decode`.
        params.n_outputs_max = size.sequences;
        params.n_threads = size.threads as i32;
        params.n_threads_batch = size.threads as i32;
        params.flash_attn_type = if size.flash_attention {
            sys::LLAMA_FLASH_ATTN_TYPE_ENABLED
        } else {
            sys::LLAMA_FLASH_ATTN_TYPE_DISABLED
        };
        params.swa_full = !size.flash_attention;
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

    /// The last position that a sequence holds.
    pub fn last_position(&self, sequence: Sequence) -> Option<usize> {
        let sequence = self.check(sequence);
        // SAFETY: the sequence exists; -1 means that it is empty.
        let last = unsafe { sys::llama_memory_seq_pos_max(self.memory(), sequence) };
        usize::try_from(last).ok()
    }

    /// Sets how many threads compute from now on.
    pub fn set_threads(&mut self, threads: u32) {
        let threads = threads.clamp(1, MOST_THREADS) as i32;
        // SAFETY: the context is alive, the numbers are in range.
        unsafe { sys::llama_set_n_threads(self.raw.as_ptr(), threads, threads) };
    }

    /// What a sequence holds, as bytes that only this build and this kind of context understand.
    pub fn state(&mut self, sequence: Sequence) -> Option<Vec<u8>> {
        let sequence = self.check(sequence);
        // SAFETY: the context is alive and the sequence exists.
        let size = unsafe { sys::llama_state_seq_get_size(self.raw.as_ptr(), sequence) };
        let mut bytes = vec![0_u8; size];
        // SAFETY: the buffer's length is passed; no more is written.
        let written = unsafe {
            sys::llama_state_seq_get_data(
                self.raw.as_ptr(),
                bytes.as_mut_ptr(),
                bytes.len(),
                sequence,
            )
        };
        (size > 0 && written == size).then_some(bytes)
    }

    /// Gives an empty sequence what [`Context::state`] answered for `length` tokens. The bytes
    /// must be unchanged: they are not checked here beyond their length. Answers whether it
    /// worked; if not, the sequence is empty.
    pub fn set_state(&mut self, sequence: Sequence, bytes: &[u8], length: usize) -> bool {
        let sequence = self.check(sequence);
        // SAFETY: the buffer's length is passed; no more is read.
        let read = unsafe {
            sys::llama_state_seq_set_data(self.raw.as_ptr(), bytes.as_ptr(), bytes.len(), sequence)
        };
        let is_whole = read == bytes.len()
            && self.last_position(sequence).is_some_and(|last| last + 1 == length);
        if !is_whole {
            self.forget(sequence);
        }
        is_whole
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
        let outputs = batch.wants_logits.iter().filter(|&&wants| wants != 0).count();
        assert!(outputs <= self.size.sequences as usize, "{outputs} tokens ask for logits");
        let mut raw = batch.raw();
        // SAFETY: every array of the batch has `n_tokens` entries; tokens, positions and
        // sequences were checked; the arrays outlive the call and are only read.
        let code = unsafe { sys::llama_decode(self.raw.as_ptr(), raw.view()) };
        logs::expect_abort(false);
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
